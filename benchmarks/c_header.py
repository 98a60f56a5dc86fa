"""C headers of trained networks: accuracy on the test set before and after, and size on a chip.

python benchmarks/c_header.py RUN ...

The pretrained `tiny` and `mlp` are measured, and each run that is given, such as those that
`python benchmarks/accuracy.py tiny` keeps in `runs/accuracy/`. Needs gcc-arm-none-eabi. Writes
`benchmarks/results/c-header.json` and updates the tables of the docs.
"""

import argparse
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import tendigits
from tables import RESULTS, update_pages
from tendigits.data import load_dataset
from tendigits.export.c_header import integer_network
from tendigits.export.trained import load_trained
from tendigits.files import write_json

PRETRAINED = ("tiny", "mlp")
EXAMPLE = Path(__file__).parent.parent / "docs" / "export.md"
COMPILER = "arm-none-eabi-gcc"
PROCESSORS = ("cortex-m0plus", "cortex-m4")
OPTIONS = ("-std=c99", "-mthumb", "-Os", "-ffreestanding", "-nostdlib", "-Wl,--entry=main")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+", metavar="RUN")
    version = subprocess.run([COMPILER, "--version"], capture_output=True, text=True, check=True)
    result = {
        "compiler": version.stdout.splitlines()[0],
        "options": list(OPTIONS),
        "models": [accuracy(name) | size(name) for name in PRETRAINED],
        "runs": [accuracy(run) for run in parser.parse_args().runs],
    }
    write_json(RESULTS / "c-header.json", result)
    update_pages()


def accuracy(model: str) -> dict[str, Any]:
    """Return the accuracy of a network and of its header on the test set."""
    trained = load_trained(model)
    test = load_dataset(trained.info.data).test
    digits, _ = integer_network(trained).predict(test.images)
    figures = {
        "name": trained.info.name,
        "seed": trained.info.recipe["seed"],
        "validation_fraction": trained.info.recipe["validation_fraction"],
        "network": trained.info.test.accuracy,
        "header": float((digits == test.labels).mean()),
    }
    print(figures, flush=True)
    return figures


def size(model: str) -> dict[str, Any]:
    """Return the bytes of a header's constants and buffers, and of the docs' example with it."""
    with tempfile.TemporaryDirectory() as folder:
        header = tendigits.export_c_header(model, Path(folder) / "digits.h")
        return {
            "weight_bytes": header.weight_bytes,
            "buffer_bytes": header.buffer_bytes,
            "example": {cpu: size_of_example(cpu, Path(folder)) for cpu in PROCESSORS},
        }


def size_of_example(cpu: str, folder: Path) -> dict[str, int]:
    """Return the bytes of flash and RAM of the example of docs/export.md, for a processor."""
    (code,) = re.findall(r"```c\n(.*?)```", EXAMPLE.read_text(encoding="utf-8"), re.DOTALL)
    source, program = folder / "main.c", folder / "main.elf"
    source.write_text(code)
    words = [COMPILER, f"-mcpu={cpu}", *OPTIONS, str(source), "-o", str(program), "-lgcc"]
    subprocess.run(words, check=True)
    sizes = subprocess.run(
        ["arm-none-eabi-size", program], capture_output=True, text=True, check=True
    ).stdout.split()
    text, data, bss = (int(each) for each in sizes[6:9])
    return {"flash": text + data, "ram": data + bss}


if __name__ == "__main__":
    main()

"""Compiling C in tests."""

import shutil
import subprocess
from pathlib import Path

from conftest import missing

STRICT = ("-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror")
PACKAGES = {"gcc": "gcc", "clang": "clang", "arm-none-eabi-gcc": "gcc-arm-none-eabi"}


def compile_c(compiler: str, source: Path, out: Path, *options: str) -> Path:
    """Compile a C file into a program, with all warnings as errors; return the program."""
    if shutil.which(compiler) is None:
        missing(compiler, PACKAGES[compiler])
    result = subprocess.run(
        [compiler, *STRICT, f"-I{out.parent}", source, "-o", out, *options],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")
    return out

"""The readers that `pictures.py` compares: each reads files, one at a time, in one thread."""

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
from PIL import Image

from tendigits import Reader, __version__
from tendigits.classifiers import load_model_file
from tendigits.errors import PictureError

# What Tesseract takes a picture for: a line, a word, a character, a block of text.
TESSERACT_MODES = (7, 8, 10, 6)
# What it prints when it begins a page, or ends at a file that it cannot open.
PAGE = re.compile(r"Page \d+ : |Image file .* cannot be read!")


class NotInstalledError(Exception):
    """A reader is not installed; the message is one sentence that says how to install it."""


@dataclass(frozen=True)
class Answers:
    """What was read in each file, and the seconds that it took."""

    texts: list[str]
    seconds: list[float]


@dataclass(frozen=True)
class PictureReader:
    """A reader of picture files.

    Attributes:
        name: the title of its column.
        software: what it is, with versions.
        modes: its ways of reading, by name.
    """

    name: str
    software: str
    modes: Mapping[str, Callable[[Sequence[Path]], Answers]]


def find_readers() -> tuple[list[PictureReader], list[str]]:
    """Return the readers that are installed, and a sentence for each that is not."""
    cv2.setNumThreads(1)
    readers, sentences = [tendigits_reader()], []
    for find in (rapidocr_readers, tesseract_reader):
        try:
            readers += find()
        except NotInstalledError as error:
            sentences.append(str(error))
    return readers, sentences


def tendigits_reader() -> PictureReader:
    reader = Reader(load_model_file("reader", threads=1))

    def text_of(file: Path) -> str:
        try:
            return reader.read(file).text
        except PictureError:
            return ""

    return PictureReader("tendigits", f"tendigits {__version__}", {"": one_by_one(text_of)})


def rapidocr_readers() -> list[PictureReader]:
    """Return RapidOCR without text detection (the picture is one line of text) and with it.

    The models are those in its wheel, and all settings but the threads are its own defaults.
    """
    try:
        from rapidocr import RapidOCR
        from rapidocr.utils.load_image import LoadImageError
    except ModuleNotFoundError as error:
        raise NotInstalledError(
            "RapidOCR is left out; install it with: pip install -c constraints.txt '.[bench]'"
        ) from error
    threads = "EngineConfig.onnxruntime.{}_op_num_threads"
    settings = {threads.format("intra"): 1, threads.format("inter"): 1}
    engine: Any = RapidOCR(params={**settings, "Global.log_level": "critical"})
    network = engine.cfg.Rec
    software = (
        f"RapidOCR {version('rapidocr')} with {network.ocr_version.value} "
        f"{network.model_type.value} in ONNX Runtime {version('onnxruntime')}"
    )

    def text_of(file: Path, *, whole: bool) -> str:
        try:
            found = engine(str(file), use_det=whole, use_cls=whole, use_rec=True)
        except (OSError, LoadImageError):  # not a picture
            return ""
        return "\n".join(found.txts or ())

    return [
        PictureReader(
            "RapidOCR, recognition only",
            software,
            {"": one_by_one(lambda file: text_of(file, whole=False))},
        ),
        PictureReader(
            "RapidOCR, detection and recognition",
            software,
            {"": one_by_one(lambda file: text_of(file, whole=True))},
        ),
    ]


def one_by_one(text_of: Callable[[Path], str]) -> Callable[[Sequence[Path]], Answers]:
    """Return a way of reading files by a function that reads one."""

    def read(files: Sequence[Path]) -> Answers:
        text_of(files[0])  # the first call includes initialisation
        texts, seconds = [], []
        for file in files:
            started = time.perf_counter()
            texts.append(text_of(file))
            seconds.append(time.perf_counter() - started)
        return Answers(texts, seconds)

    return read


def tesseract_reader() -> list[PictureReader]:
    """Return Tesseract, limited to digits, with its page segmentation modes."""
    if shutil.which("tesseract") is None:
        raise NotInstalledError(
            "Tesseract is left out; install it, on Debian with: apt-get install tesseract-ocr"
        )
    printed = subprocess.run(["tesseract", "--version"], capture_output=True, text=True, check=True)
    return [
        PictureReader(
            "Tesseract, digits only",
            f"{printed.stdout.splitlines()[0].capitalize()} (its start, {start_of_tesseract():.2f} "
            "s per process, is not counted)",
            {f"--psm {mode}": tesseract_mode(mode) for mode in TESSERACT_MODES},
        )
    ]


def start_of_tesseract() -> float:
    """Return the seconds that a process needs before it opens its first picture."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "blank.png"
        Image.new("L", (100, 100), 255).save(file)
        return min(run_tesseract([file], TESSERACT_MODES[0])[1] for _ in range(3))


def tesseract_mode(mode: int) -> Callable[[Sequence[Path]], Answers]:
    def read(files: Sequence[Path]) -> Answers:
        texts: list[str] = []
        seconds: list[float] = []
        while len(texts) < len(files):  # a process ends at the first file that it cannot open
            answers, _ = run_tesseract(files[len(texts) :], mode)
            texts += answers.texts
            seconds += answers.seconds
        return Answers(texts, seconds)

    return read


def run_tesseract(files: Sequence[Path], mode: int) -> tuple[Answers, float]:
    """Read a list of files in one process, up to the first that cannot be opened.

    Returns:
        The text and the seconds of each file that was started, and the seconds before the first.

    Raises:
        NotInstalledError: Tesseract does not start.
    """
    with tempfile.TemporaryDirectory() as folder:
        names, output = Path(folder) / "files.txt", Path(folder) / "texts.txt"
        names.write_text("".join(f"{file}\n" for file in files), encoding="utf-8")
        words = ["tesseract", str(names), str(output.with_suffix("")), "--psm", str(mode)]
        times = page_times([*words, "-c", "tessedit_char_whitelist=0123456789"])
        texts = output.read_text(encoding="utf-8").split("\f") if output.exists() else []
    start, *seconds = (after - before for before, after in pairwise(times))
    if not seconds:
        raise NotInstalledError(
            "Tesseract is left out, as it does not start; install it again with the data for "
            "English, on Debian with: apt-get install tesseract-ocr"
        )
    return Answers([*texts, *[""] * len(seconds)][: len(seconds)], seconds), start


def page_times(words: Sequence[str]) -> list[float]:
    """Run Tesseract; return when it was started, when it began each page, and when it ended.

    It opens a file just before the page begins, so that this time is counted with the page before.
    """
    times = [time.perf_counter()]
    with subprocess.Popen(
        words,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env={**os.environ, "OMP_THREAD_LIMIT": "1"},
    ) as process:
        assert process.stderr is not None
        times.extend(time.perf_counter() for line in process.stderr if PAGE.match(line))
    return [*times, time.perf_counter()]

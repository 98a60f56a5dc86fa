"""The speed of reading: of a new process, of the network alone, and of all steps.

Prints the time in which a new process reads one picture, images per second of each network in
ONNX Runtime and torch (and, for `mlp`, in Keras), and pictures per second from file to text with
the fraction of each step, for drawings of 280x280 pixels and for 12-megapixel photos. Both are
made from MNIST's test digits. Writes `benchmarks/results/reading.json` and updates the tables of
the docs.
"""

import io
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from tables import RESULTS, update_pages
from tendigits import Reader, load_dataset, load_recipe
from tendigits.classifiers import Classifier, pretrained_models
from tendigits.classifiers.model_file import INPUT, LOGITS, open_session, read_model, to_inputs
from tendigits.files import write_json
from tendigits.images import Finder, Found, decode, ink_in, make_frame
from tendigits.networks import build_classifier
from tendigits.reading.reader import WEAKEST
from tendigits.training import describe_environment

RESULT = RESULTS / "reading.json"
BATCHES = (1, 32, 1024)
MODELS = ("mlp", "tiny", "reader")
ONNX_BATCH = 250  # as in tendigits.classifiers.model_file
ROUNDS = 5

A = TypeVar("A")
R = TypeVar("R")


def main() -> None:
    images = load_dataset("mnist").test.images
    with tempfile.TemporaryDirectory() as folder:
        first = seconds_of_a_process(images[0], Path(folder))
    print(f"new process that reads one picture: {first:.2f} s", flush=True)
    network = [row for model in MODELS for row in network_rates(model, images)]
    steps = [
        pipeline("280x280 PNG", drawings(images)),
        pipeline("12-megapixel JPEG", photos(images)),
    ]
    write_json(
        RESULT,
        {
            "environment": asdict(describe_environment()),
            "process_seconds": first,
            "network": network,
            "pipeline": steps,
        },
    )
    update_pages()


def seconds_of_a_process(image: NDArray[np.uint8], folder: Path) -> float:
    """Return the median duration of a process `tendigits read one.png`."""
    path = folder / "one.png"
    path.write_bytes(drawings(image[None])[0])
    words = [sys.executable, "-m", "tendigits", "read", str(path)]

    def read() -> None:
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)

    read()  # the first one also fills the file cache
    return seconds(read)


def network_rates(name: str, images: NDArray[np.uint8]) -> list[dict[str, float | str | int]]:
    """Return images per second of one network, for each runtime and each batch size."""
    runtimes: dict[str, Callable[[NDArray[np.float32]], object]] = {
        "ONNX Runtime": onnx_network(name),
        "torch": torch_network(name),
    }
    if name == "mlp":
        runtimes["Keras predict"] = keras_predict()
    rows: list[dict[str, float | str | int]] = []
    for batch in BATCHES:
        inputs = to_inputs(images[:batch])
        for runtime, network in runtimes.items():
            rate = batch / seconds(partial(network, inputs))
            rows.append(
                {"model": name, "runtime": runtime, "batch": batch, "images_per_second": rate}
            )
            print(f"{name} in {runtime}, batches of {batch}: {rate:,.0f} images/s", flush=True)
    return rows


def onnx_network(name: str) -> Callable[[NDArray[np.float32]], object]:
    """Return the network of a pretrained model in ONNX Runtime."""
    session = open_session(read_model(pretrained_models()[name]), name)
    return lambda inputs: [
        session.run([LOGITS], {INPUT: inputs[start : start + ONNX_BATCH]})
        for start in range(0, len(inputs), ONNX_BATCH)
    ]


def torch_network(name: str) -> Callable[[NDArray[np.float32]], object]:
    """Return the same network in torch, with random weights: they do not change the speed."""
    network = build_classifier(load_recipe(name)).eval()

    def predict(inputs: NDArray[np.float32]) -> object:
        with torch.inference_mode():
            return network(torch.from_numpy(inputs))

    return predict


def keras_predict() -> Callable[[NDArray[np.float32]], object]:
    """Return `predict` of the network in `benchmarks/notebook_keras.py`, in Keras."""
    import keras

    layers = [keras.layers.Input((1, 28, 28)), keras.layers.Flatten()]
    layers += [keras.layers.Dense(350, activation="relu") for _ in range(2)]
    model = keras.Sequential([*layers, keras.layers.Dense(10, activation="softmax")])
    return lambda inputs: model.predict(inputs, batch_size=1024, verbose=0)


def pipeline(kind: str, files: list[bytes]) -> dict[str, object]:
    """Return pictures per second from file to text, and the fraction of time of each step."""
    reader = Reader()
    for file in files[:3]:
        reader.read(file)
    started = time.perf_counter()
    for file in files:
        reader.read(file)
    rate = len(files) / (time.perf_counter() - started)
    steps = dict.fromkeys(("decode", "find", "frame", "network"), 0.0)

    def timed(step: str, function: Callable[[A], R], argument: A) -> R:
        began = time.perf_counter()
        result = function(argument)
        steps[step] += time.perf_counter() - began
        return result

    finder = Finder()
    for file in files:
        picture = timed("decode", decode, file)
        found = timed("find", finder.find, picture.grey)
        frames = timed("frame", partial(make_frames, picture.grey), found)
        timed("network", predict_probabilities(reader.classifier), frames)
    fractions = {step: spent / sum(steps.values()) for step, spent in steps.items()}
    text = ", ".join(f"{step} {100 * fraction:.0f} %" for step, fraction in fractions.items())
    print(f"{kind}: {rate:.1f} pictures/s ({text})", flush=True)
    return {"kind": kind, "pictures_per_second": rate, "fractions": fractions}


def make_frames(grey: NDArray[np.uint8], found: list[Found]) -> NDArray[np.uint8]:
    """Return the frames of the digits, or one empty frame."""
    frames = [make_frame(ink_in(grey, each.box).levels) for each in found if each.score >= WEAKEST]
    return np.array(frames or [np.zeros((28, 28), np.uint8)])


def predict_probabilities(
    classifier: Classifier,
) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    return lambda frames: classifier.predict(frames).probabilities


def drawings(images: NDArray[np.uint8]) -> list[bytes]:
    """Return PNGs of 280x280 pixels with a digit each, dark on light."""
    size = (280, 280)
    return [encoded(Image.fromarray(255 - each).resize(size), "PNG") for each in images[:500]]


def photos(images: NDArray[np.uint8]) -> list[bytes]:
    """Return 12 photos of 4,000 x 3,000 pixels, with 6 digits each, under uneven light."""
    random = np.random.default_rng(0)
    light = np.linspace(0.95, 0.6, 4000)[None, :, None] * np.array([1.0, 0.97, 0.9])
    files = []
    for page in range(12):
        ink = np.zeros((3000, 4000), np.float32)
        for place, image in enumerate(images[6 * page : 6 * page + 6]):
            large = Image.fromarray(image).resize((560, 560), Image.Resampling.BICUBIC)
            left = 200 + 600 * place
            ink[1200:1760, left : left + 560] = np.asarray(large, np.float32) / 255
        colour = light * (1 - 0.8 * ink[..., None]) + 0.01 * random.standard_normal((3000, 4000, 1))
        pixels = (colour.clip(0, 1) * 255).astype(np.uint8)
        files.append(encoded(Image.fromarray(pixels), "JPEG"))
    return files


def encoded(image: Image.Image, form: str) -> bytes:
    file = io.BytesIO()
    image.save(file, form)
    return file.getvalue()


def seconds(call: Callable[[], object]) -> float:
    """Return the median time of a call over 5 rounds of at least 0.2 seconds each."""
    call()
    times = []
    for _ in range(ROUNDS):
        calls, started = 0, time.perf_counter()
        while time.perf_counter() - started < 0.2:
            call()
            calls += 1
        times.append((time.perf_counter() - started) / calls)
    return statistics.median(times)


if __name__ == "__main__":
    main()

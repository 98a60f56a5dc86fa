"""How fast pictures are read: the first answer, the bare network, the whole way.

Prints the time to the first answer of a fresh process, images a second of the bare network by
ONNX Runtime beside the same network in torch (and, for `mlp`, in Keras), and pictures a second of
the whole way with the share of each step, for 28x28 PNGs and for 12-megapixel photos. The photos
are made here, of MNIST's test digits. Writes `benchmarks/results/reading.json` and brings the
tables of the docs up to date.
"""

import io
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from tables import RESULTS, update_pages
from tendigits import Reader, load_classifier, load_dataset, load_recipe
from tendigits.classifiers.model_file import to_inputs
from tendigits.files import write_json
from tendigits.images import decode, find_ink, find_shapes, make_frame
from tendigits.networks import build_classifier
from tendigits.training import describe_environment

RESULT = RESULTS / "reading.json"
BATCHES = (1, 32, 1024)
MODELS = ("mlp", "tiny", "reader")
ROUNDS = 5


def main() -> None:
    images = load_dataset("mnist").test.images
    with tempfile.TemporaryDirectory() as folder:
        first = seconds_to_first_answer(images[0], Path(folder))
    print(f"first answer of a fresh process: {first:.2f} s", flush=True)
    network = [row for model in MODELS for row in network_rates(model, images)]
    way = [whole_way("28x28 PNG", pngs(images)), whole_way("12-megapixel JPEG", photos(images))]
    write_json(
        RESULT,
        {
            "environment": asdict(describe_environment()),
            "first_answer_seconds": first,
            "network": network,
            "whole_way": way,
        },
    )
    update_pages()


def seconds_to_first_answer(image: NDArray[np.uint8], folder: Path) -> float:
    """Return the median time of `tendigits read one.png`, from start to end of the process."""
    path = folder / "one.png"
    Image.fromarray(image).save(path)
    words = [sys.executable, "-m", "tendigits", "read", str(path)]

    def read() -> None:
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)

    read()  # the first one also fills the disk's cache
    return seconds(read)


def network_rates(name: str, images: NDArray[np.uint8]) -> list[dict[str, float | str | int]]:
    """Return images a second of one model, for each way to run it and each batch size."""
    model = load_classifier(name)
    recipe = load_recipe(name)
    network = build_classifier(recipe).eval()  # as fast with whatever weights

    def in_torch(inputs: NDArray[np.float32]) -> object:
        with torch.inference_mode():
            return network(torch.from_numpy(inputs))

    ways: dict[str, Callable[[NDArray[np.float32]], object]] = {
        "ONNX Runtime": model.logits,
        "torch": in_torch,
    }
    if name == "mlp":
        ways["Keras predict"] = keras_predict()
    rows: list[dict[str, float | str | int]] = []
    for batch in BATCHES:
        inputs = to_inputs(images[:batch])
        for way, answer in ways.items():
            rate = batch / seconds(lambda answer=answer, inputs=inputs: answer(inputs))  # type: ignore[misc]
            rows.append({"model": name, "way": way, "batch": batch, "images_per_second": rate})
            print(f"{name} by {way}, batches of {batch}: {rate:,.0f} images/s", flush=True)
    return rows


def keras_predict() -> Callable[[NDArray[np.float32]], object]:
    """Return Keras's `predict` of the notebook's network."""
    import keras

    layers = [keras.layers.Input((1, 28, 28)), keras.layers.Flatten()]
    layers += [keras.layers.Dense(350, activation="relu") for _ in range(2)]
    model = keras.Sequential([*layers, keras.layers.Dense(10, activation="softmax")])
    return lambda inputs: model.predict(inputs, batch_size=1024, verbose=0)


def whole_way(kind: str, files: list[bytes]) -> dict[str, object]:
    """Return pictures a second from file to text, and each step's share of the time."""
    reader = Reader()
    for file in files[:3]:
        reader.read(file)
    started = time.perf_counter()
    for file in files:
        reader.read(file)
    rate = len(files) / (time.perf_counter() - started)
    steps = dict.fromkeys(("decode", "ink", "segment", "frame", "network"), 0.0)

    def timed(step: str, call: Callable[[], object]) -> object:
        began = time.perf_counter()
        result = call()
        steps[step] += time.perf_counter() - began
        return result

    for file in files:
        picture = timed("decode", lambda file=file: decode(file))  # type: ignore[misc]
        ink = timed("ink", lambda picture=picture: find_ink(picture))  # type: ignore[misc]
        shapes = timed("segment", lambda ink=ink: find_shapes(ink))  # type: ignore[misc]
        frames = timed(
            "frame",
            lambda shapes=shapes: np.array([make_frame(shape.ink) for shape in shapes]),  # type: ignore[misc]
        )
        timed("network", lambda frames=frames: reader.model.probabilities(to_inputs(frames)))  # type: ignore[misc]
    shares = {step: spent / sum(steps.values()) for step, spent in steps.items()}
    told = ", ".join(f"{step} {100 * share:.0f} %" for step, share in shares.items())
    print(f"{kind}: {rate:.1f} pictures/s ({told})", flush=True)
    return {"kind": kind, "pictures_per_second": rate, "shares": shares}


def pngs(images: NDArray[np.uint8]) -> list[bytes]:
    return [encoded(Image.fromarray(image), "PNG") for image in images[:500]]


def photos(images: NDArray[np.uint8]) -> list[bytes]:
    """Return twelve pages of 4,000 x 3,000 pixels, six digits on each, under uneven light."""
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
    """Return the median time of a call, each taken over at least a fifth of a second."""
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

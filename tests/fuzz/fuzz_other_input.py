"""Mutated model files, data sets, recipes and request bodies: rejected in one sentence."""

import asyncio
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fuzzing import OTHER_SECONDS, check_for, mutations
from guarded import Guarded, check_sentence
from hypothesis import strategies as st
from starlette.requests import Request

from conftest import write_idx_folder
from server_process import base64_of, correction, png
from tendigits import TendigitsError
from tendigits.classifiers import pretrained_models
from tendigits.classifiers.model_file import with_checksum
from tendigits.data import Dataset, LabelledImages, load_dataset
from tendigits.recipes import load_recipe
from tendigits.recipes.recipe import shipped_recipes
from tendigits.server.problems import Problem
from tendigits.server.request_bodies import ReadRequest, parse_json, read_pictures
from tendigits.server.routes_corrections import CorrectionRequest
from tendigits.server.tasks import ReadOptions

WALL_SECONDS = 60.0

# Starlette leaves temporary files of a broken multipart body to the garbage collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Generating overly large repr", "ignore:Unclosed file:ResourceWarning"
)


def check_error(work: Callable[[], object]) -> None:
    """Check that work raises nothing but an error of one sentence."""
    try:
        work()
    except (TendigitsError, Problem) as error:
        check_sentence(error)


def test_mutated_model_files_are_rejected() -> None:
    seed = pretrained_models()["tiny"].read_bytes()
    process = Guarded("model", Path(".cache/fuzz"))
    examples = st.one_of(mutations([seed]), mutations([seed]).map(with_checksum))

    def check(content: bytes) -> None:
        outcome = process.handle(content, WALL_SECONDS)
        assert not outcome.error, f"{outcome}: see {process.keep(content)}"

    check_for(OTHER_SECONDS, 1, examples, check)
    process.stop()


def test_mutated_idx_files_are_rejected(mnist: Dataset, tmp_path: Path) -> None:
    few = LabelledImages(mnist.train.images[:20], mnist.train.labels[:20])
    write_idx_folder(tmp_path, few, few)
    path = tmp_path / "train-images-idx3-ubyte"
    seed = path.read_bytes()

    def check(content: bytes) -> None:
        path.write_bytes(content)
        check_error(lambda: load_dataset(tmp_path))

    check_for(OTHER_SECONDS, 1, mutations([seed, seed[:100]]), check)


def test_mutated_npz_files_are_rejected(mnist: Dataset, tmp_path: Path) -> None:
    images, labels = mnist.train.images[:20], mnist.train.labels[:20]
    arrays = {"x_train": images, "y_train": labels, "x_test": images, "y_test": labels}
    seeds = []
    for save in (np.savez, np.savez_compressed):
        file = io.BytesIO()
        save(file, **arrays)  # type: ignore[arg-type]
        seeds.append(file.getvalue())
    path = tmp_path / "data.npz"

    def check(content: bytes) -> None:
        path.write_bytes(content)
        check_error(lambda: load_dataset(path))

    check_for(OTHER_SECONDS, 1, mutations(seeds), check)
    # Within the archive, so that its checksums are right.
    members = dict(np.load(io.BytesIO(seeds[0])))
    plain = io.BytesIO()
    np.save(plain, members["x_train"])

    def check_member(content: bytes) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            for name in arrays:
                archive.writestr(f"{name}.npy", content)
        check_error(lambda: load_dataset(path))

    check_for(OTHER_SECONDS / 2, 1, mutations([plain.getvalue()]), check_member)


def test_mutated_recipes_are_rejected(tmp_path: Path) -> None:
    seeds = [path.read_bytes() for path in shipped_recipes().values()]
    path = tmp_path / "recipe.toml"

    def check(content: bytes) -> None:
        path.write_bytes(content)
        check_error(lambda: load_recipe(path))

    check_for(OTHER_SECONDS, 1, mutations(seeds), check)


def test_mutated_json_is_rejected(mnist: Dataset) -> None:
    encoded = base64_of(png(mnist.test.images[0]))
    seeds = [
        json.dumps(each).encode()
        for each in (
            {"picture": encoded},
            {"pictures": [encoded, mnist.test.images[0].tolist()]},
            correction("a"),
        )
    ]

    def check(content: bytes) -> None:
        check_error(lambda: parse_json(ReadRequest, content))
        check_error(lambda: parse_json(CorrectionRequest, content))

    check_for(OTHER_SECONDS, 1, mutations(seeds), check)
    anything = st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["picture", "key"]), inner),
    ).map(lambda value: json.dumps(value).encode())
    check_for(OTHER_SECONDS / 2, 1, anything, check)


def test_mutated_multipart_bodies_are_rejected(mnist: Dataset) -> None:
    part = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n'
        b"Content-Type: image/png\r\n\r\n%b\r\n"
    ) % png(mnist.test.images[0])
    seeds = [part + b"--x--\r\n", part * 3 + b"--x--\r\n"]

    def check(content: bytes) -> None:
        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": content, "more_body": False}

        headers = [(b"content-type", b"multipart/form-data; boundary=x")]
        scope = {"type": "http", "method": "POST", "headers": headers}
        request = Request(scope, receive)
        check_error(lambda: asyncio.run(read_pictures(request, 10**7, ReadOptions())))

    check_for(OTHER_SECONDS, 1, mutations(seeds), check)

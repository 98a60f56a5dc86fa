import gzip
import io
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from error_sentences import assert_one_sentence, raises_data_error
from hypothesis import given, settings
from hypothesis import strategies as st
from mirror_server import entry_for, running_mirror
from numpy.typing import NDArray

import tendigits.data
from conftest import missing
from tendigits.data import CATALOGUE, Dataset, load, load_dataset, npz_file
from tendigits.data.catalogue import IDX_FILES
from tendigits.data.dataset import split_by_content
from tendigits.data.idx import idx_bytes
from tendigits.data.npz_file import KERAS_ARRAYS
from tendigits.errors import DataError

BUNDLED = Path(tendigits.data.__file__).parent / "mnist"
DEBIAN_FASHION_MNIST = Path("/usr/share/datasets/fashion-mnist")
Save = Callable[..., None]


@pytest.fixture
def copy_of_bundled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "package" / "mnist"
    shutil.copytree(BUNDLED, folder)
    monkeypatch.setattr(load, "_BUNDLED", folder.parent)
    return folder


@pytest.fixture(scope="module")
def keras_arrays(small_mnist: Dataset) -> dict[str, NDArray[np.generic]]:
    return {
        "x_train": small_mnist.train.images,
        "y_train": small_mnist.train.labels.astype(np.uint8),
        "x_test": small_mnist.test.images,
        "y_test": small_mnist.test.labels.astype(np.uint8),
    }


@pytest.fixture
def npz(tmp_path: Path) -> Path:
    return tmp_path / "mine.npz"


@pytest.fixture(
    scope="module",
    params=[zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA],
    ids=["stored", "deflated", "bzip2", "lzma"],
)
def npz_bytes(request: pytest.FixtureRequest) -> bytes:
    noise = np.random.default_rng(0).integers(0, 256, (2, 28, 28), np.uint8)
    images, labels = npy_bytes(noise), npy_bytes(np.array([3, 4]))
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", request.param) as archive:
        for part in ("train", "test"):
            archive.writestr(f"x_{part}.npy", images)
            archive.writestr(f"y_{part}.npy", labels)
    return content.getvalue()


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("npz") / "scratch.npz"


@pytest.fixture
def debian_fashion_mnist() -> Path:
    if not DEBIAN_FASHION_MNIST.is_dir():
        missing("Fashion-MNIST", "dataset-fashion-mnist")
    return DEBIAN_FASHION_MNIST


def assert_same_images(one: Dataset, other: Dataset) -> None:
    assert one.checksums == other.checksums
    assert np.array_equal(one.train.images, other.train.images)
    assert np.array_equal(one.test.labels, other.test.labels)


def npy_bytes(array: NDArray[np.generic]) -> bytes:
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()


def write_zip(path: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def test_mnist_has_its_published_checksums(mnist: Dataset) -> None:
    assert mnist.checksums == CATALOGUE["mnist"].sha256


def test_mnist_is_labelled_28_by_28_grey_images(mnist: Dataset) -> None:
    assert (mnist.train.images.shape, mnist.test.images.shape) == (
        (60_000, 28, 28),
        (10_000, 28, 28),
    )
    assert (mnist.train.labels.shape, mnist.test.labels.shape) == ((60_000,), (10_000,))
    assert {part.images.dtype for part in (mnist.train, mnist.test)} == {np.dtype(np.uint8)}
    assert {part.labels.dtype for part in (mnist.train, mnist.test)} == {np.dtype(np.int64)}
    assert (int(mnist.train.images.min()), int(mnist.train.images.max())) == (0, 255)


def test_mnist_has_its_known_labels(mnist: Dataset) -> None:
    assert mnist.train.class_counts == (
        *(5923, 6742, 5958, 6131, 5842),
        *(5421, 5918, 6265, 5851, 5949),
    )
    assert mnist.test.class_counts == (980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009)
    assert mnist.train.labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert mnist.test.labels[:5].tolist() == [7, 2, 1, 0, 4]


def test_mnist_is_the_default(mnist: Dataset) -> None:
    unnamed = load_dataset()
    assert (unnamed.name, unnamed.source) == ("mnist", "mnist")
    assert unnamed.checksums == mnist.checksums


@pytest.mark.parametrize("name", IDX_FILES)
def test_a_changed_bit_in_a_bundled_file_is_detected(copy_of_bundled: Path, name: str) -> None:
    file = copy_of_bundled / f"{name}.gz"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with raises_data_error(file):
        load_dataset("mnist")


def test_a_changed_label_in_a_bundled_file_is_detected(copy_of_bundled: Path) -> None:
    file = copy_of_bundled / "t10k-labels-idx1-ubyte.gz"
    labels = bytearray(gzip.decompress(file.read_bytes()))
    labels[-1] ^= 1
    file.write_bytes(gzip.compress(labels))
    with raises_data_error(
        file.with_suffix(""), "differs from the published file", "reinstall the package"
    ):
        load_dataset("mnist")


@pytest.mark.parametrize("dotted", [False, True], ids=["as published", "dotted"])
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzipped"])
def test_a_folder_is_loaded_with_each_of_the_usual_file_names(
    tmp_path: Path, small_mnist_folder: Path, small_mnist: Dataset, *, dotted: bool, packed: bool
) -> None:
    for file in IDX_FILES:
        name = file.replace("-idx", ".idx") if dotted else file
        content = (small_mnist_folder / file).read_bytes()
        (tmp_path / (name + ".gz" * packed)).write_bytes(
            gzip.compress(content, 1) if packed else content
        )
    assert_same_images(load_dataset(tmp_path), small_mnist)


def test_images_of_a_folder_keep_their_order(mnist: Dataset, small_mnist: Dataset) -> None:
    assert np.array_equal(small_mnist.train.images, mnist.train.images[:2000])
    assert np.array_equal(small_mnist.train.labels, mnist.train.labels[:2000])
    assert np.array_equal(small_mnist.test.images, mnist.test.images[:500])
    assert np.array_equal(small_mnist.test.labels, mnist.test.labels[:500])


def test_the_source_of_a_folder_is_its_absolute_path(
    monkeypatch: pytest.MonkeyPatch, small_mnist_folder: Path
) -> None:
    monkeypatch.chdir(small_mnist_folder.parent)
    dataset = load_dataset(small_mnist_folder.name)
    assert (dataset.name, dataset.source) == (small_mnist_folder.name, str(small_mnist_folder))
    assert dataset.class_names == tuple("0123456789")


@pytest.mark.parametrize("missing", IDX_FILES)
def test_a_folder_with_a_missing_file_is_rejected(
    tmp_path: Path, small_mnist_folder: Path, missing: str
) -> None:
    for file in IDX_FILES:
        if file != missing:
            shutil.copy(small_mnist_folder / file, tmp_path)
    with raises_data_error(f"{tmp_path} has neither {missing} nor {missing}.gz"):
        load_dataset(tmp_path)


@pytest.mark.parametrize(
    ("file", "array", "complaint"),
    [
        ("train-images-idx3-ubyte", np.zeros((2000, 27, 28), np.uint8), "shape (2000, 27, 28)"),
        ("t10k-labels-idx1-ubyte", np.full(500, 10, np.uint8), "has the label 10"),
        ("t10k-labels-idx1-ubyte", np.zeros(499, np.uint8), "500 images and 499 labels"),
        ("train-labels-idx1-ubyte", np.zeros((2, 28, 28), np.uint8), "1-dimensional"),
        ("non-digit-images-idx3-ubyte", np.zeros((2, 32, 32), np.uint8), "no images (n, 28, 28)"),
    ],
    ids=["narrow images", "a label too high", "a label too few", "images for labels", "large"],
)
def test_a_folder_with_an_invalid_file_is_rejected(
    tmp_path: Path,
    small_mnist_folder: Path,
    file: str,
    array: NDArray[np.uint8],
    complaint: str,
) -> None:
    folder = tmp_path / "folder"
    shutil.copytree(small_mnist_folder, folder)
    (folder / file).write_bytes(idx_bytes(array))
    with raises_data_error(folder, complaint):
        load_dataset(folder)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_an_npz_in_keras_format_is_loaded(
    npz: Path, keras_arrays: dict[str, NDArray[np.generic]], small_mnist: Dataset, save: Save
) -> None:
    save(npz, **keras_arrays)
    dataset = load_dataset(npz)
    assert_same_images(dataset, small_mnist)
    assert (dataset.name, dataset.source) == ("mine", str(npz))


def test_an_npz_may_have_a_channel_axis_and_labels_of_another_type(
    npz: Path, keras_arrays: dict[str, NDArray[np.generic]], small_mnist: Dataset
) -> None:
    arrays = keras_arrays | {
        "x_train": keras_arrays["x_train"][..., np.newaxis],
        "y_train": keras_arrays["y_train"].astype(np.int32),
    }
    np.savez(npz, allow_pickle=False, **arrays)
    assert_same_images(load_dataset(npz), small_mnist)


@pytest.mark.parametrize("missing", ["x_train", "y_train", "x_test", "y_test"])
def test_an_npz_with_a_missing_array_is_rejected(
    npz: Path, keras_arrays: dict[str, NDArray[np.generic]], missing: str
) -> None:
    kept = {name: array for name, array in keras_arrays.items() if name != missing}
    np.savez(npz, allow_pickle=False, **kept)
    with raises_data_error(f"{npz} has no array {missing};", "x_train, y_train, x_test, y_test"):
        load_dataset(npz)


def test_an_npz_without_images_is_rejected(npz: Path) -> None:
    np.savez(npz, weights=np.zeros(3))
    with raises_data_error(f"{npz} has no images; save X and y in it"):
        load_dataset(npz)


@pytest.mark.parametrize("names", [("X", "y"), ("x_train", "y_train"), ("images", "labels")])
def test_an_npz_without_a_test_part_is_split_by_content_and_says_so(
    npz: Path, small_mnist: Dataset, names: tuple[str, str]
) -> None:
    images, labels = small_mnist.train.images[:300], small_mnist.train.labels[:300]
    arrays = dict(zip(names, (images / 255, labels), strict=True))
    np.savez(npz, allow_pickle=False, **arrays)
    dataset = load_dataset(npz)
    assert not dataset.has_own_test
    trained_on, held_out = split_by_content(images)
    assert np.array_equal(dataset.train.images, images[trained_on])
    assert np.array_equal(dataset.test.labels, labels[held_out])
    scaled, split = dataset.all_notes
    assert scaled.endswith("grey levels from 0 to 1 were multiplied by 255.")
    assert split == (
        f"mine has no test part: {held_out.sum()} of its 300 images, chosen by their content, are "
        "held out."
    )


@pytest.mark.parametrize(
    ("name", "array", "complaint"),
    [
        ("x_train", np.full((2000, 28, 28), -1.0), "(training part) has grey levels from -1 to -1"),
        ("x_train", np.full((2000, 28, 28), np.nan), "(training part) has grey levels from nan"),
        ("x_test", np.zeros((500, 100), np.uint8), "(test part) are uint8 of shape (500, 100)"),
        ("y_train", np.full(2000, 10), "(training part) has the label 10"),
        ("y_test", np.full(500, -1), "(test part) has the label -1"),
        ("y_test", np.zeros(499, np.uint8), "500 images and 499 labels"),
        ("y_test", np.array(["a"] * 500), "The labels of"),
        ("y_test", np.array([b"\xff"] * 500), "The labels of"),
        ("x_train", np.zeros((0, 28, 28), np.uint8), "0 images and 2,000 labels"),
    ],
    ids=["negative", "NaN", "narrow", "10", "-1", "a label too few", "strings", "bytes", "empty"],
)
def test_an_npz_with_an_invalid_array_is_rejected(
    npz: Path,
    keras_arrays: dict[str, NDArray[np.generic]],
    name: str,
    array: NDArray[np.generic],
    complaint: str,
) -> None:
    np.savez(npz, allow_pickle=False, **(keras_arrays | {name: array}))
    with raises_data_error(npz, complaint):
        load_dataset(npz)


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        ((b"\x93NUMPY", b"\x93NUMPI"), "x_train is not an array"),
        ((b"{'descr'", b"s'descr'"), "is not a valid .npz file"),
    ],
    ids=["signature", "header"],
)
def test_an_npz_with_a_damaged_member_is_rejected(
    npz: Path, small_mnist: Dataset, damage: tuple[bytes, bytes], complaint: str
) -> None:
    member = io.BytesIO()
    np.save(member, small_mnist.train.images[:20])
    write_zip(npz, dict.fromkeys(KERAS_ARRAYS, member.getvalue().replace(*damage)))
    with raises_data_error(npz, complaint):
        load_dataset(npz)


def test_an_npz_with_python_objects_is_rejected_and_not_unpickled(
    npz: Path, tmp_path: Path, keras_arrays: dict[str, NDArray[np.generic]]
) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
            return os.mkdir, (str(tmp_path / "unpickled"),)

    objects = np.array([Trap()] * 500, dtype=object)
    np.savez(npz, allow_pickle=True, **(keras_arrays | {"y_test": objects}))
    with raises_data_error(f"{npz} has an array that cannot be loaded", "Object arrays"):
        load_dataset(npz)
    assert not (tmp_path / "unpickled").exists()


def test_an_npz_that_declares_an_array_larger_than_memory_is_rejected(
    npz: Path, keras_arrays: dict[str, NDArray[np.generic]]
) -> None:
    members = {f"{name}.npy": npy_bytes(array) for name, array in keras_arrays.items()}
    members["x_test.npy"] = members["x_test.npy"].replace(
        b"(500, 28, 28), } ", b"(9999999999999,)}"
    )
    write_zip(npz, members)
    with raises_data_error(f"{npz} has an array that cannot be loaded (Unable to allocate"):
        load_dataset(npz)


def test_an_npz_that_declares_more_elements_than_can_be_counted_is_rejected(
    npz: Path, keras_arrays: dict[str, NDArray[np.generic]]
) -> None:
    members = {f"{name}.npy": npy_bytes(array) for name, array in keras_arrays.items()}
    members["x_test.npy"] = members["x_test.npy"].replace(
        b"(500, 28, 28), }" + b" " * 20, b"(99999999999999999999999999999999,)}"
    )
    write_zip(npz, members)
    with raises_data_error(f"{npz} has an array that cannot be loaded (Python int too large"):
        load_dataset(npz)


def test_an_npz_with_an_array_over_the_limit_is_rejected(
    monkeypatch: pytest.MonkeyPatch, npz: Path, keras_arrays: dict[str, NDArray[np.generic]]
) -> None:
    monkeypatch.setattr(npz_file, "MAX_ELEMENTS", 100_000)
    np.savez(npz, allow_pickle=False, **keras_arrays)
    with raises_data_error(f"{npz} has an array of 1,568,128 bytes", "at most 100,000"):
        load_dataset(npz)


def test_an_npz_whose_members_are_not_arrays_is_rejected(npz: Path) -> None:
    write_zip(npz, dict.fromkeys(("x_train", "y_train", "x_test", "y_test"), b"5041"))
    with raises_data_error(npz, "x_train is not an array"):
        load_dataset(npz)


@pytest.mark.parametrize(
    "content", [b"", b"label,pixel0\n5,0\n", npy_bytes(np.zeros(3))], ids=["empty", "csv", "npy"]
)
def test_a_file_that_is_not_an_npz_is_rejected(npz: Path, content: bytes) -> None:
    npz.write_bytes(content)
    with raises_data_error(f"{npz} is not a valid .npz file"):
        load_dataset(npz)


@pytest.mark.parametrize("name", ["digits.txt", "digits.npy", "digits"])
def test_a_file_of_another_kind_is_rejected_with_what_is_taken(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(npy_bytes(np.zeros(3)))
    with raises_data_error(tmp_path / name, "neither a CSV nor an .npz file", "folder of pictures"):
        load_dataset(tmp_path / name)


def test_an_empty_folder_is_rejected_with_what_is_taken(tmp_path: Path) -> None:
    with raises_data_error(tmp_path, "is not a data set", "one folder of pictures per class"):
        load_dataset(tmp_path)


@given(data=st.data())
@settings(deadline=None)
def test_a_truncated_npz_is_rejected(scratch: Path, npz_bytes: bytes, data: st.DataObject) -> None:
    scratch.write_bytes(npz_bytes[: data.draw(st.integers(0, len(npz_bytes) - 1))])
    with raises_data_error(f"{scratch} is not a valid .npz file"):
        load_dataset(scratch)


@given(
    damage=st.lists(st.tuples(st.integers(0, 2**32), st.integers(0, 255)), min_size=1, max_size=4)
)
@settings(deadline=None)
def test_a_damaged_npz_gives_a_data_set_or_a_one_sentence_error(
    scratch: Path, npz_bytes: bytes, damage: list[tuple[int, int]]
) -> None:
    content = bytearray(npz_bytes)
    for place, value in damage:
        content[place % len(content)] = value
    scratch.write_bytes(content)
    try:
        dataset = load_dataset(scratch)
    except DataError as error:
        assert_one_sentence(str(error), scratch)
    else:
        assert len(dataset.train) == len(dataset.test) == 2


def test_an_npz_whose_first_array_starts_beyond_its_end_is_rejected(
    npz: Path, npz_bytes: bytes
) -> None:
    content = bytearray(npz_bytes)
    content[28:30] = b"\xff\xff"
    npz.write_bytes(content)
    with raises_data_error(npz):
        load_dataset(npz)


def test_an_npz_with_an_unknown_compression_method_is_rejected(npz: Path, npz_bytes: bytes) -> None:
    content = bytearray(npz_bytes)
    in_directory = npz_bytes.index(b"PK\x01\x02")
    content[8], content[in_directory + 10] = 99, 99
    npz.write_bytes(content)
    with raises_data_error(npz):
        load_dataset(npz)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("mnits", "did you mean mnist?"),
        ("MNIST", "did you mean mnist?"),
        ("Fashion_MNIST", "did you mean fashion-mnist?"),
        ("kminst", "did you mean kmnist?"),
        ("cifar-10", "known names: mnist, fashion-mnist, kmnist."),
        ("no-such/folder", "known names: mnist, fashion-mnist, kmnist."),
        ("a name\0with a zero", "known names"),
    ],
)
def test_the_error_for_an_unknown_name_suggests_the_closest_one(name: str, hint: str) -> None:
    with raises_data_error(f"{name} is not a folder, a file or the name of a data set; {hint}"):
        load_dataset(name)


def test_a_data_set_of_the_catalogue_is_downloaded_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, small_mnist_folder: Path, small_mnist: Dataset
) -> None:
    files = {
        f"{name}.gz": gzip.compress((small_mnist_folder / name).read_bytes(), 1)
        for name in IDX_FILES
    }
    monkeypatch.setenv("TENDIGITS_CACHE", str(tmp_path))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    steps: list[tuple[str, int, int]] = []
    with running_mirror(files) as mirror:
        monkeypatch.setitem(CATALOGUE, "tiny", entry_for(files, mirror.url))
        fetched = load_dataset("tiny", lambda *step: steps.append(step))
    assert_same_images(fetched, small_mnist)
    assert (fetched.name, fetched.source) == ("tiny", "tiny")
    assert list(dict.fromkeys(name for name, _, _ in steps)) == list(files)
    assert_same_images(load_dataset("tiny"), small_mnist)


def test_the_folder_of_the_debian_package_is_fashion_mnist(debian_fashion_mnist: Path) -> None:
    dataset = load_dataset(debian_fashion_mnist)
    assert dataset.train.class_counts == (6000,) * 10
    assert dataset.test.class_counts == (1000,) * 10
    assert dataset.checksums["t10k-images-idx3-ubyte"] == (
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"
    )

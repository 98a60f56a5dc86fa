import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import ray
from PIL import Image
from ray._private.node import Node
from ray.cluster_utils import Cluster

from conftest import CommandLine
from paper import on_paper, row
from tendigits.data import Dataset
from tendigits.errors import PictureError, TendigitsError
from tendigits.reading.pages import ReadSettings
from tendigits.reading.reader import Reader
from tendigits.scale.ray_reading import read_on_ray

pytestmark = pytest.mark.filterwarnings("ignore")  # Ray's own
SETTINGS = ReadSettings("reader", json=True)
PICTURES = 120


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A cluster of two machines with a core each; both are processes of this one."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    # Its default lets other programs go first.
    os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112 - Ray's spelling
    head = {"num_cpus": 1, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    cluster.add_node(num_cpus=1)
    yield cluster
    cluster.shutdown()  # type: ignore[no-untyped-call]


@pytest.fixture(scope="module")
def connected(cluster: Cluster) -> Iterator[Cluster]:
    """The cluster, to which these tests stay connected, so that Ray's own processes stay, too."""
    ray.init(address=cluster.address, log_to_driver=False)
    yield cluster
    ray.shutdown()


@pytest.fixture(scope="module")
def folder(mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures with three digits each, and two that cannot be read."""
    folder = tmp_path_factory.mktemp("pictures")
    for number in range(PICTURES):
        picture = on_paper(row(mnist.test.images[3 * number : 3 * number + 3]))
        Image.fromarray(picture).save(folder / f"{number:04d}.png")
    (folder / "damaged.png").write_bytes(b"not a picture")
    (folder / "linked.png").symlink_to(folder / "missing.png")
    return folder


@pytest.fixture
def read(connected: Cluster, tmp_path: Path) -> Callable[..., pa.Table]:
    def read(source: Path | str, step: Callable[..., None] = lambda *_: None) -> pa.Table:
        out = tmp_path / "results.parquet"
        read_on_ray(str(source), SETTINGS, out, connected.address, step)
        return pq.read_table(out).sort_by("file")

    return read


def test_folder_is_read_as_in_one_process(
    tendigits: CommandLine, cluster: Cluster, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "results.parquet"
    result = tendigits("read", folder, "--ray", cluster.address, "-o", out)
    assert (result.returncode, result.stderr) == (2, "")  # two pictures cannot be read
    assert result.stdout == f"{PICTURES + 2} pages, 2 of them with an error: {out}\n"
    table = pq.read_table(out).sort_by("file")
    names = [Path(each).name for each in table["file"].to_pylist()]
    assert names == sorted(each.name for each in folder.iterdir())
    reader = Reader("reader")
    for at in range(0, PICTURES, 40):
        reading = reader.read(folder / names[at])
        assert table["text"][at].as_py() == reading.text
        assert table["confidence"][at].as_py() == pytest.approx(reading.confidence, abs=1e-4)
        assert [each["text"] for each in table["numbers"][at].as_py()] == [
            number.text for number in reading.numbers
        ]
    errors = {Path(each["file"]).name: each["error"] for each in table.to_pylist() if each["error"]}
    assert errors.keys() == {"damaged.png", "linked.png"}
    assert "cannot be read (No such file or directory)." in errors["linked.png"]


def test_pictures_in_parquet_are_read(
    read: Callable[..., pa.Table], folder: Path, tmp_path: Path
) -> None:
    file = tmp_path / "in.parquet"
    pictures = [*((folder / f"{at:04d}.png").read_bytes() for at in range(3)), None]
    pq.write_table(pa.table({"picture": pictures, "id": ["a", "b", "c", "d"]}), file)
    table = read(f"file://{file}")
    assert table["file"].to_pylist() == ["a", "b", "c", "d"]
    assert table["status"].to_pylist() == ["read", "read", "read", "error"]
    assert "the row has no picture" in table["error"][3].as_py()


def test_pictures_are_read_from_another_file_system_by_url(
    read: Callable[..., pa.Table], folder: Path, tmp_path: Path
) -> None:
    for at in range(3):
        (tmp_path / f"{at:04d}.png").symlink_to(folder / f"{at:04d}.png")
    with http_server(tmp_path) as url:
        table = read(url)
    assert table["file"].to_pylist() == [f"{url}/{at:04d}.png" for at in range(3)]
    assert table["status"].to_pylist() == ["read"] * 3


def test_killed_actors_lose_and_double_nothing(read: Callable[..., pa.Table], folder: Path) -> None:
    killed: list[int] = []

    def kill(_title: str, done: int, _total: int) -> None:
        if done >= PICTURES // 3 and not killed:
            killed.extend(actors())
            for process in killed:
                os.kill(process, signal.SIGKILL)

    table = read(folder, kill)
    assert killed
    names = [Path(each).name for each in table["file"].to_pylist()]
    assert names == sorted(each.name for each in folder.iterdir())
    assert sum(each is not None for each in table["error"].to_pylist()) == 2


def test_killed_machine_loses_and_doubles_nothing_of_a_parquet_file(
    connected: Cluster, read: Callable[..., pa.Table], folder: Path, tmp_path: Path
) -> None:
    killed: list[Node] = []

    def kill(_title: str, done: int, _total: int) -> None:
        if done >= PICTURES // 3 and not killed:
            killed.extend(connected.worker_nodes)
            connected.remove_node(killed[0], allow_graceful=False)

    names = [f"{at:04d}" for at in range(PICTURES)]
    structs = [{"bytes": (folder / f"{name}.png").read_bytes(), "path": None} for name in names]
    pq.write_table(pa.table({"image": structs, "id": names}), tmp_path / "in.parquet")
    table = read(tmp_path / "in.parquet", kill)
    assert killed
    assert table["file"].to_pylist() == names
    assert set(table["status"].to_pylist()) == {"read"}


def test_unreachable_cluster_is_one_sentence(
    tendigits: CommandLine, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "results.parquet"
    result = tendigits("read", folder, "--ray", "127.0.0.1:1", "-o", out)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("tendigits: There is no Ray cluster at 127.0.0.1:1; ")
    assert result.stderr.count("\n") == 1
    with pytest.raises(TendigitsError, match=r"through Ray Client .* with --ray auto\."):
        read_on_ray(str(folder), SETTINGS, out, "ray://127.0.0.1:1", lambda *_: None)
    assert not out.exists()


def test_parquet_without_pictures_and_empty_folder_are_reported(tmp_path: Path) -> None:
    file = tmp_path / "numbers.parquet"
    pq.write_table(pa.table({"id": ["a"], "number": [1]}), file)
    (tmp_path / "empty").mkdir()
    sentences = {
        file: r"needs a column of pictures \(binary\) and .*; it has id, number\.",
        tmp_path / "empty": r"contains no pictures; give a folder or a Parquet file\.",
        tmp_path / "none": r"cannot be read \(No such file or directory",
        Path("nonsense://x"): r"cannot be read \(",
    }
    for source, sentence in sentences.items():
        with pytest.raises(PictureError, match=sentence):
            read_on_ray(str(source), SETTINGS, tmp_path / "out", "local", lambda *_: None)
    assert issubclass(PictureError, TendigitsError)


def actors() -> list[int]:
    """Return the processes of Ray's actors that read pictures."""
    titles = {
        int(path.parent.name): path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline")
    }
    return [process for process, title in titles.items() if b"ray::" in title and b"Map" in title]


@contextmanager
def http_server(folder: Path) -> Iterator[str]:
    """Serve a folder, in a process of its own, until the block ends."""
    words = ["-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", str(folder)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([sys.executable, *words], text=True, **pipes) as process:  # type: ignore[call-overload]
        try:
            yield str(process.stdout.readline()).partition("(")[2].partition("/)")[0]
        finally:
            process.terminate()

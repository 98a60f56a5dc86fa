import socket
import subprocess
from pathlib import Path

import pytest

from conftest import CommandLine, command
from server_process import serving


def test_it_says_what_it_reads_with_and_where_corrections_are_kept(tmp_path: Path) -> None:
    words = command("serve", "--port", "0", "--model", "tiny", "--readers", "1")
    env = {"XDG_DATA_HOME": str(tmp_path), "PATH": "/usr/bin"}
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=env
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        process.terminate()
    assert lines[0].startswith("Reading with tiny ")
    assert lines[1] == f"Corrections: sqlite:///{tmp_path}/tendigits/corrections.sqlite\n"
    assert lines[2].startswith("Listening on http://127.0.0.1:")


def test_it_listens_by_ipv6(tmp_path: Path) -> None:
    with serving(tmp_path, "--host", "::1", "--model", "tiny") as server:
        assert server.url.startswith("http://[::1]:")
        assert server.get("/v1/model").json()["name"] == "tiny"


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--model", "nobody.onnx"], "nobody.onnx cannot be read"),
        (["--database", "mysql://localhost/x"], "sqlite:///FILE"),
        (["--database", "sqlite:///:memory:"], "sqlite:///FILE"),
        (["--database", "nonsense"], "sqlite:///FILE"),
        (["--database", "sqlite:////dev/null/x.sqlite"], "/dev/null"),
        (["--host", "0.0.0.0"], "--open"),
        (["--host", "no.such.name.invalid", "--open"], "cannot be listened on"),
        (["--port", "-1"], "port"),
    ],
)
def test_what_will_not_do_is_rejected_in_one_line(
    tendigits: CommandLine, words: list[str], named: str
) -> None:
    result = tendigits("serve", *words)
    assert (result.returncode, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1, result.stderr
    assert named in result.stderr


def test_a_port_that_is_taken_is_told(tendigits: CommandLine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = tendigits("serve", "--port", str(port))
    assert result.returncode == 2
    assert f"127.0.0.1:{port} cannot be listened on: address already in use" in result.stderr


def test_the_server_needs_no_torch() -> None:
    script = (
        "import sys, tendigits.server.serve, tendigits.server.reader_process;"
        "assert not {'torch', 'matplotlib', 'safetensors'} & set(sys.modules)"
    )
    subprocess.run([command()[0], "-c", script], check=True, timeout=60)


def test_a_reader_imports_nothing_of_the_web() -> None:
    script = (
        "import sys, tendigits.server.reader_process;"
        "assert not {'fastapi', 'sqlalchemy', 'uvicorn', 'torch'} & set(sys.modules)"
    )
    subprocess.run([command()[0], "-c", script], check=True, timeout=60)

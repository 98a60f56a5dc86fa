import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import CommandLine, command
from server_process import serving


def test_it_prints_its_model_its_database_and_its_address(tmp_path: Path) -> None:
    words = command("serve", "--port", "0", "--model", "tiny", "--workers", "1")
    env = os.environ | {"XDG_DATA_HOME": str(tmp_path)}
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=env
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        process.terminate()
    assert lines[0].startswith("Model: tiny ")
    assert lines[1] == f"Corrections: sqlite:///{tmp_path}/tendigits/corrections.sqlite\n"
    assert lines[2].startswith("Listening on http://127.0.0.1:")


def test_it_listens_on_an_ipv6_address(tmp_path: Path) -> None:
    with serving(tmp_path, "--host", "::1", "--model", "tiny") as server:
        assert server.url.startswith("http://[::1]:")
        assert server.get("/v1/model").json()["name"] == "tiny"


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["--model", "nobody.onnx"], "There is no model file nobody.onnx"),
        (["--database", "mysql://localhost/x"], "sqlite:///FILE"),
        (["--database", "sqlite:///:memory:"], "sqlite:///FILE"),
        (["--database", "nonsense"], "sqlite:///FILE"),
        (["--database", "sqlite:////dev/null/x.sqlite"], "/dev/null"),
        (["--host", "0.0.0.0"], "--open"),
        (["--host", "no.such.name.invalid", "--open"], "Cannot listen on"),
        (["--port", "-1"], "port"),
        (["--api-key", ""], "a key is empty"),
    ],
)
def test_an_invalid_option_is_rejected_in_one_line(
    tendigits: CommandLine, words: list[str], part: str
) -> None:
    result = tendigits("serve", *words)
    assert (result.returncode, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1, result.stderr
    assert part in result.stderr


def test_a_port_in_use_is_reported(tendigits: CommandLine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = tendigits("serve", "--port", str(port))
    assert result.returncode == 2
    assert f"Cannot listen on 127.0.0.1:{port}: address already in use" in result.stderr


def test_the_server_does_not_import_torch() -> None:
    script = (
        "import sys, tendigits.server.run;"
        "loaded = {'torch', 'matplotlib', 'safetensors'} & set(sys.modules);"
        "assert not loaded, loaded"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)

"""Requests made up by schemathesis from the server's own OpenAPI, with all its checks."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from server_process import serving

SECONDS = 90
EXAMPLES = 25


@pytest.mark.parametrize("key", [None, "a key"], ids=["open", "with a key"])
def test_every_answer_is_as_documented(tmp_path: Path, key: str | None) -> None:
    words = ["--api-key", key] if key else []
    with serving(tmp_path, *words) as server:
        header = ["-H", f"Authorization: Bearer {key}"] if key else []
        run = [sys.executable, "-m", "schemathesis.cli", "run", f"{server.url}/openapi.json"]
        options = ["--checks", "all", "--max-examples", str(EXAMPLES), "--seed", "0", "--no-color"]
        result = subprocess.run(
            [*run, *options, *header],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            cwd=Path(__file__).parent,
            env={**os.environ, "SCHEMATHESIS_HOOKS": "pictures_for_schemathesis"},
        )
        assert result.returncode == 0, result.stdout + result.stderr
        assert "Traceback" not in server.log.read_text()

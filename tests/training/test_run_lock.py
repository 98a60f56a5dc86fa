import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import CommandLine
from tendigits import RunError, train
from tendigits.data import Dataset
from tendigits.training import Run, run_lock
from tendigits.training.run_lock import LOCK_FILE

HOLD = (
    "import sys, time; from pathlib import Path; from tendigits.training import run_lock\n"
    "with run_lock(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
)


@pytest.fixture
def unfinished(small_mnist: Dataset, tmp_path: Path) -> Run:
    run = train("mlp", {"epochs": 1}, data=small_mnist, out=tmp_path / "run", quiet=True)
    run.metrics_file.unlink()
    return run


def test_run_in_use_is_rejected_in_one_sentence_and_nothing_is_written(
    unfinished: Run, tendigits: CommandLine
) -> None:
    before = {path: path.stat().st_mtime_ns for path in unfinished.folder.rglob("*")}
    with run_lock(unfinished.folder):
        result = tendigits("train", "--resume", unfinished.folder)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == (
        f"tendigits: The run {unfinished.folder} is in use by another process; "
        "wait until it has ended, or stop it.\n"
    )
    assert {path: path.stat().st_mtime_ns for path in unfinished.folder.rglob("*")} == before


def test_lock_dies_with_the_process_that_holds_it(tmp_path: Path) -> None:
    words = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(RunError, match="in use"), run_lock(tmp_path):
            pass
        os.kill(holder.pid, signal.SIGKILL)
    with run_lock(tmp_path):
        pass


def test_folder_whose_lock_cannot_be_written_is_rejected(tmp_path: Path) -> None:
    (tmp_path / LOCK_FILE).mkdir()
    with pytest.raises(RunError, match=r"cannot be written: .*\."), run_lock(tmp_path):
        pass

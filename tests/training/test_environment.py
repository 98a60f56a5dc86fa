import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pytest
import torch

import tendigits
from tendigits.training import describe_environment

TOLD_BY_A_COPY = """
import subprocess, tendigits
from tendigits.training import describe_environment

def revision():
    print(describe_environment(None).git_revision)

def git(*words):
    who = ("-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *words], check=True, capture_output=True)

revision()
git("init")
revision()
git("add", "tendigits/training")
git("commit", "-m", "all")
git("status")
open(".git/info/exclude", "a").write("*")
revision()
git("rm", "--cached", "tendigits/training/log.py")
revision()
git("rev-parse", "HEAD")
print(open(".git/refs/heads/" + open(".git/HEAD").read().strip().rpartition("/")[2]).read())
"""


def test_the_time_is_now_and_in_utc() -> None:
    started = datetime.fromisoformat(describe_environment(None).started)
    assert started.utcoffset() == UTC.utcoffset(None)
    assert abs((datetime.now(UTC) - started).total_seconds()) < 60


@pytest.mark.parametrize("threads", [1, 3])
def test_the_threads_are_those_that_were_asked_for(threads: int) -> None:
    assert describe_environment(threads).threads == threads


def test_without_a_wish_the_threads_are_torchs_own() -> None:
    assert describe_environment(None).threads == torch.get_num_threads()


def test_versions_and_machine_are_named() -> None:
    environment = describe_environment(None)
    assert environment.versions["tendigits"] == version("tendigits")
    assert environment.versions["torch"] == version("torch")
    assert environment.versions["numpy"] == version("numpy")
    assert environment.python == sys.version.split()[0]
    assert 1 <= environment.cores <= (os.cpu_count() or 1)
    assert environment.cpu
    assert environment.system.startswith(os.uname().sysname)


def test_the_revision_is_that_of_the_packages_own_checkout(tmp_path: Path) -> None:
    package = Path(tendigits.__file__).parent
    shutil.copytree(package, tmp_path / "tendigits", ignore=shutil.ignore_patterns("mnist"))
    told = subprocess.run(
        [sys.executable, "-c", TOLD_BY_A_COPY],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    outside, untracked, committed, changed, head = told
    assert (outside, untracked) == ("None", "None")
    assert (committed, changed) == (head, f"{head}+changes")
    assert len(head) == 40

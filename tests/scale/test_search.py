import multiprocessing
import os
import shutil
import time
from collections.abc import Callable
from multiprocessing.context import SpawnContext, SpawnProcess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conftest import CommandLine
from tendigits.errors import RecipeError, RunError
from tendigits.recipes import load_recipe
from tendigits.scale import search as search_module
from tendigits.scale.search import Search, run_search, write_search_report
from tendigits.scale.search_space import Choices, Range, read_space

if TYPE_CHECKING:
    from postgresql import PostgreSQL

SMALL = {"network.widths": [8], "epochs": 2}
SPACE = {
    "optimizer.learning_rate": Range(low=1e-4, high=1e-2, log=True),
    "batch_size": Range(low=50, high=200),
}


def search(data: Path, study: str, trials: int = 2, **changes: object) -> Search:
    recipe = load_recipe("mlp", {**SMALL, **changes})
    return Search(recipe, SPACE, str(data), study, trials, threads=1)


def test_search_finds_settings_by_validation_and_can_be_continued(
    tendigits: CommandLine, small_mnist_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "space.toml").write_text(
        '"optimizer.learning_rate" = { low = 0.00001, high = 0.01, log = true }\n'
        "batch_size = { choices = [50, 100] }\n",
        encoding="utf-8",
    )
    words: tuple[str, ...] = (
        "sweep",
        "mlp",
        "--search",
        "space.toml",
        "--set",
        "network.widths=[8]",
        "--set",
    )
    words = (*words, "epochs=2", "--data", str(small_mnist_folder), "-o", "found", "--trials")
    result = tendigits(*words, "3", "--jobs", "2", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    names = {path.name for path in (tmp_path / "found").iterdir()}
    assert names >= {"report.md", "history.png", "importances.png", "best.toml", "study.journal"}
    first = trials_printed(result.stdout)
    assert len(first) in (3, 4)  # a process may have begun one more when the third ended
    best = load_recipe(tmp_path / "found" / "best.toml")
    assert f"| `batch_size` | {best.batch_size} |" in result.stdout
    training = f"tendigits train found/best.toml --data {small_mnist_folder}\n"
    assert result.stdout.endswith(f"Train the best settings: {training}")
    space = read_space(tmp_path / "space.toml")
    journal = str(tmp_path / "found" / "study.journal")
    recipe = load_recipe("mlp", SMALL)
    again = Search(recipe, space, str(small_mnist_folder), journal, trials=5, threads=1)
    assert len(run_search(again, jobs=1).trials) == 5
    assert not list(tmp_path.rglob("metrics.json"))  # the test set is not used


def test_study_in_postgresql_is_shared_and_belongs_to_one_recipe(
    small_mnist_folder: Path, postgres: "PostgreSQL"
) -> None:
    url = postgres.url
    run_search(search(small_mnist_folder, url, trials=1), jobs=1)
    study = run_search(search(small_mnist_folder, url, trials=2), jobs=1)
    assert len(study.trials) == 2
    with pytest.raises(RunError, match=r"^The study postgresql\+psycopg://\.\.\. searches another"):
        run_search(search(small_mnist_folder, url, epochs=3), jobs=1)


@pytest.mark.parametrize(
    "study",
    ["postgresql+psycopg://user:secret@127.0.0.1:1/name", "nonsense://x", "/no/such/folder/study"],
)
def test_study_that_cannot_be_opened_is_reported_without_its_password(
    study: str, small_mnist_folder: Path
) -> None:
    with pytest.raises(RunError, match="cannot be opened") as error:
        run_search(search(small_mnist_folder, study), jobs=1)
    assert "secret" not in str(error.value)
    assert "\n" not in str(error.value)


def test_study_of_other_images_is_rejected(
    small_mnist_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = shutil.copytree(small_mnist_folder, tmp_path / "data")
    monkeypatch.setattr(search_module, "_started", lambda context, _: started(context, bool))
    wanted = search(data, str(tmp_path / "study"))
    for _ in range(2):
        run_search(wanted, jobs=1)
    images = data / "train-images-idx3-ubyte"
    images.write_bytes(images.read_bytes()[:-1] + b"\xff")
    with pytest.raises(RunError, match="or other images of it; choose another --study"):
        run_search(wanted, jobs=1)


def test_processes_are_ended_when_others_keep_dying(
    small_mnist_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = iter([(time.sleep, 300), *[(os._exit, 1)] * 5])
    monkeypatch.setattr(search_module, "_started", lambda context, _: started(context, *next(work)))
    with pytest.raises(RunError, match="keep dying"):
        run_search(search(small_mnist_folder, str(tmp_path / "study")), jobs=2)
    assert not multiprocessing.active_children()


def test_search_without_validation_images_is_rejected(tmp_path: Path) -> None:
    wanted = search(tmp_path, str(tmp_path / "study"), validation_fraction=0.0)
    with pytest.raises(RecipeError, match="holds out no validation images, by which a search"):
        run_search(wanted, jobs=1)


@pytest.mark.parametrize("settings", [{"members": 2}, {"distillation.teacher": "runs/best"}])
def test_search_of_what_is_not_a_single_network_is_rejected(
    tmp_path: Path, settings: dict[str, Any]
) -> None:
    wanted = search(tmp_path, str(tmp_path / "study"), **settings)
    with pytest.raises(RecipeError, match="a search trains single networks without a teacher"):
        run_search(wanted, jobs=1)


def test_unknown_setting_in_a_space_is_reported(tmp_path: Path) -> None:
    space = {"learning_rate": Choices(choices=[0.1])}
    wanted = Search(load_recipe("mlp"), space, "mnist", str(tmp_path / "study"), 1, threads=1)
    with pytest.raises(RecipeError, match=r"did you mean optimizer\.learning_rate\?"):
        run_search(wanted, jobs=1)


def test_search_ends_if_every_trial_fails(small_mnist_folder: Path, tmp_path: Path) -> None:
    space = {"optimizer.learning_rate": Choices(choices=[1e30])}  # the loss becomes infinite
    study = str(tmp_path / "study.journal")
    recipe = load_recipe("mlp", SMALL)
    failing = Search(recipe, space, str(small_mnist_folder), study, trials=2, threads=1)
    found = run_search(failing, jobs=1)
    assert [trial.state.name for trial in found.trials] == ["FAIL", "FAIL"]
    with pytest.raises(RunError, match=r"No trial of the study .* is complete"):
        write_search_report(failing, found, tmp_path)


def started(context: SpawnContext, work: Callable[..., object], *values: object) -> SpawnProcess:
    process = context.Process(target=work, args=values)
    process.start()
    return process


def trials_printed(output: str) -> set[int]:
    lines = [line for line in output.splitlines() if line.startswith("Trial ")]
    return {int(line.split()[1].rstrip(":")) for line in lines}

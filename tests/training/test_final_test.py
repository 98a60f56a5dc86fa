import json
import math
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from tendigits import evaluate, load_run, train
from tendigits.data import Dataset
from tendigits.errors import RunError
from tendigits.evaluation import Metrics
from tendigits.files import write_json
from tendigits.training import Run, load_network
from tendigits.training.final_test import compare_with_record, run_test


@pytest.fixture(scope="module")
def run(small_mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("runs") / "run"
    return train("mlp", {"epochs": 2}, data=small_mnist, out=folder, threads=1, quiet=True)


@pytest.fixture(scope="module")
def metrics(run: Run) -> Metrics:
    return evaluate(run)


@pytest.fixture
def copy(run: Run, tmp_path: Path) -> Run:
    return load_run(shutil.copytree(run.folder, tmp_path / "copy"))


def test_the_figures_are_exactly_those_that_were_recorded(run: Run, metrics: Metrics) -> None:
    recorded = json.loads(run.metrics.read_text(encoding="utf-8"))
    assert json.loads(json.dumps(asdict(metrics))) == recorded
    assert metrics.examples == 500


def test_a_run_can_be_named_by_its_path(run: Run, metrics: Metrics) -> None:
    assert evaluate(run.folder) == evaluate(str(run.folder)) == metrics


def test_evaluation_writes_nothing(run: Run) -> None:
    before = contents(run.folder)
    compare_with_record(run, evaluate(run))
    assert contents(run.folder) == before


def test_the_test_writes_figures_pictures_and_card(
    copy: Run, run: Run, small_mnist: Dataset
) -> None:
    copy.metrics.unlink()
    copy.model_card.unlink()
    shutil.rmtree(copy.figures)
    tested = run_test(copy, load_network(copy), small_mnist)
    assert tested == evaluate(run)
    assert contents(copy.folder).keys() == contents(run.folder).keys()
    assert copy.metrics.read_bytes() == run.metrics.read_bytes()


def test_the_same_figures_are_called_the_same(run: Run, metrics: Metrics) -> None:
    assert compare_with_record(run, metrics).startswith("The same as recorded")


def test_other_figures_are_called_other(run: Run, metrics: Metrics) -> None:
    other = replace(metrics, confusion=metrics.confusion[::-1])
    told = compare_with_record(run, other)
    assert told.startswith("Not the same")
    assert f"{100 * metrics.accuracy:.2f}%" in told


def test_a_missing_record_is_told(copy: Run, metrics: Metrics) -> None:
    copy.metrics.unlink()
    assert "metrics.json is not there" in compare_with_record(copy, metrics)


@pytest.mark.parametrize("record", ["", "{", "{}", "[]", '{"confusion": 1}', "\x00"])
def test_a_damaged_record_is_rejected_in_one_line(copy: Run, metrics: Metrics, record: str) -> None:
    copy.metrics.write_text(record, encoding="utf-8")
    with pytest.raises(RunError, match=r"metrics\.json") as rejection:
        compare_with_record(copy, metrics)
    assert "\n" not in str(rejection.value)


def test_a_recorded_loss_that_is_no_number_is_no_damage(copy: Run, metrics: Metrics) -> None:
    write_json(copy.metrics, asdict(replace(metrics, loss=math.nan)))
    assert compare_with_record(copy, metrics).startswith("The same as recorded")


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}

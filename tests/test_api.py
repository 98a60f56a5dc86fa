import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tendigits
from conftest import CommandLine, command
from tendigits import load_run, resume, train
from tendigits.api import REPORT_REFERENCES
from tendigits.classifiers import pretrained_models
from tendigits.data import Dataset, LabelledImages
from tendigits.errors import DataError, ModelError, RecipeError, ReportError, RunError
from tendigits.recipes import load_recipe
from tendigits.training import Run, read_history

EPOCHS = 12
TIMES = ("seconds", "milliseconds_per_step", "images_per_second", "data_milliseconds_per_step")
SECONDS_PER_EPOCH = 0.06  # so that a kill may come at any point of an epoch


@dataclass(frozen=True)
class Kill:
    """SIGKILL at most `within` seconds after a line that begins with `line`."""

    line: str
    within: float = SECONDS_PER_EPOCH


# One run: started, killed, resumed, killed again and so on, and finally left alone.
KILLS = [
    Kill("Run folder", within=0),  # before the first checkpoint
    Kill("Epoch 1/"),
    Kill("Epoch 5/"),
    Kill("Resuming", within=0.5),
    Kill(f"Epoch {EPOCHS}/", within=0.4),  # in the test
]

TRAIN_TWICE = """
import sys
import torch
from tendigits import train

if sys.argv[1] == "used":
    torch.randn(2000, 2000).mm(torch.randn(2000, 2000)).exp().sum()
    torch.nn.Linear(784, 350)(torch.randn(500, 784)).sum().backward()
for folder in sys.argv[3:]:
    settings = {"epochs": 1}
    train("mlp", settings, data=sys.argv[2], out=folder, threads=2, quiet=True)
"""


@pytest.fixture(scope="module")
def uninterrupted(
    tendigits: CommandLine, small_mnist_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    """A run that was never interrupted, made by a process of its own."""
    folder = tmp_path_factory.mktemp("runs") / "uninterrupted"
    assert tendigits(*training_words(small_mnist_folder, folder)).returncode == 0
    return load_run(folder)


def test_killed_and_resumed_run_ends_with_the_same_bits(
    uninterrupted: Run, tendigits: CommandLine, small_mnist_folder: Path, tmp_path: Path
) -> None:
    folder, delays = tmp_path / "run", np.random.default_rng(0)
    words = training_words(small_mnist_folder, folder)
    for kill in KILLS:
        delay = float(delays.uniform(0, kill.within))
        print(f"killed {delay:.4f} s after the line {kill.line}")
        stop_after(kill.line, delay, signal.SIGKILL, words)
        words = ["train", "--resume", folder]
    if not (folder / "metrics.json").exists():  # the last kill may have come too late
        assert tendigits(*words).returncode == 0
    assert_same_end(load_run(folder), uninterrupted)


@pytest.mark.parametrize(
    ("line", "delay"),
    [("Run folder", 0.1), (f"Epoch {EPOCHS}/", 0.1)],
    ids=["before the first step", "in the test"],
)
def test_ctrl_c_outside_of_an_epoch_prints_the_command_to_resume(
    line: str, delay: float, small_mnist_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    process = stop_after(line, delay, signal.SIGINT, training_words(small_mnist_folder, folder))
    assert printed_command(process) == ["tendigits", "train", "--resume", str(folder)]


def test_command_printed_after_ctrl_c_ends_with_the_same_bits(
    uninterrupted: Run, small_mnist_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "a run's folder"  # which a shell would split into words
    words = training_words(small_mnist_folder, folder)
    resuming = printed_command(stop_after("Epoch 3/", 0, signal.SIGINT, words))
    assert list((folder / "checkpoints").iterdir())
    subprocess.run(command(*resuming[1:]), capture_output=True, check=True)
    assert_same_end(load_run(folder), uninterrupted)


def test_seed_fixes_every_bit_whatever_the_process_did_before(
    small_mnist_folder: Path, tmp_path: Path
) -> None:
    folders = [tmp_path / name for name in ("first", "again", "fresh")]
    run_script(TRAIN_TWICE, "used", small_mnist_folder, *folders[:2])
    run_script(TRAIN_TWICE, "fresh", small_mnist_folder, *folders[2:])
    first, again, fresh = (load_run(folder) for folder in folders)
    assert_same_end(again, first)
    assert_same_end(fresh, first)


def test_another_seed_gives_another_split_and_other_weights(
    small_mnist: Dataset, tmp_path: Path
) -> None:
    one, other = (small_run(small_mnist, tmp_path / str(seed), seed=seed) for seed in (0, 1))
    assert one.weights.read_bytes() != other.weights.read_bytes()
    assert not np.array_equal(one.split.validation, other.split.validation)


def test_test_images_do_not_influence_the_training(small_mnist: Dataset, tmp_path: Path) -> None:
    test = small_mnist.test
    other_test = LabelledImages(255 - test.images[::-1][:300], (test.labels[:300] + 1) % 10)
    one = small_run(small_mnist, tmp_path / "one")
    other = small_run(replace(small_mnist, test=other_test), tmp_path / "other")
    assert one.metrics_file.read_bytes() != other.metrics_file.read_bytes()
    assert one.weights.read_bytes() == other.weights.read_bytes()
    assert figures(one) == figures(other)
    assert names_in(one.checkpoints) == names_in(other.checkpoints)


def test_complete_run_is_not_resumed(uninterrupted: Run) -> None:
    with pytest.raises(RunError, match="complete"):
        resume(uninterrupted, quiet=True)


def test_resume_of_a_trained_run_only_tests_it_and_is_quiet_if_asked(
    uninterrupted: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = load_run(shutil.copytree(uninterrupted.folder, tmp_path / "run"))
    run.metrics_file.unlink()
    (run.folder / ".weights.safetensors.k1ll3d.safetensors").write_bytes(b"half")
    (run.checkpoints / ".epoch-002-0123456789abcdef.safetensors.x.safetensors").write_bytes(b"")
    resume(run, quiet=True)
    assert_same_end(run, uninterrupted)
    assert names_in(run.folder) == names_in(uninterrupted.folder)
    assert names_in(run.checkpoints) == names_in(uninterrupted.checkpoints)
    assert capfd.readouterr() == ("", "")


def test_train_takes_a_recipe_object_and_changes_its_settings(
    small_mnist: Dataset, tmp_path: Path
) -> None:
    recipe = load_recipe("mlp", {"network.widths": [20]})
    run = train(
        recipe, {"epochs": 1}, data=small_mnist, out=tmp_path / "run", threads=1, quiet=True
    )
    assert run.recipe == recipe.changed({"epochs": 1})


def test_invalid_setting_leaves_no_folder(small_mnist: Dataset, tmp_path: Path) -> None:
    with pytest.raises(RecipeError):
        train("mlp", {"epochs": 0}, data=small_mnist, out=tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("threads", [0, -1])
def test_invalid_number_of_threads_is_rejected(
    small_mnist: Dataset, tmp_path: Path, threads: int
) -> None:
    with pytest.raises(RunError, match="threads"):
        train(data=small_mnist, out=tmp_path / "run", threads=threads, quiet=True)
    assert list(tmp_path.iterdir()) == []


def training_words(data: Path, out: Path) -> list[str | Path]:
    return ["train", "--data", data, "--out", out, "--epochs", str(EPOCHS), "--threads", "1"]


def small_run(dataset: Dataset, folder: Path, seed: int = 0) -> Run:
    settings = {"epochs": 1, "seed": seed}
    return train("mlp", settings, data=dataset, out=folder, threads=1, quiet=True)


def stop_after(
    line: str, delay: float, number: signal.Signals, words: list[str | Path]
) -> subprocess.CompletedProcess[str]:
    """Start `tendigits` and send it a signal `delay` seconds after it has printed `line`."""
    pipe = subprocess.PIPE
    with subprocess.Popen(command(*words), stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert any(printed.startswith(line) for printed in process.stdout), process.stderr.read()
        time.sleep(delay)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def printed_command(process: subprocess.CompletedProcess[str]) -> list[str]:
    """Return the command that is printed when Ctrl-C has interrupted a run."""
    # A shell calls both 130; CPython ends by the signal itself where it came within an exec().
    assert process.returncode in (130, -signal.SIGINT)
    assert "Traceback" not in process.stderr
    assert len(process.stderr.splitlines()) == 1, process.stderr
    return shlex.split(process.stderr.partition("Resume with: ")[2])


def run_script(script: str, *words: str | Path) -> None:
    subprocess.run([sys.executable, "-c", script, *(os.fspath(word) for word in words)], check=True)


def assert_same_end(run: Run, other: Run) -> None:
    assert run.weights.read_bytes() == other.weights.read_bytes()
    assert run.metrics_file.read_bytes() == other.metrics_file.read_bytes()
    assert figures(run) == figures(other)


def figures(run: Run) -> list[dict[str, float]]:
    """Return the history without the times."""
    times: dict[str, Any] = dict.fromkeys(TIMES, 0.0)
    return [asdict(replace(result, **times)) for result in read_history(run.history_file)]


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_evaluate_takes_a_run_its_folder_a_classifier_and_a_name(uninterrupted: Run) -> None:
    recorded = json.loads(uninterrupted.metrics_file.read_text(encoding="utf-8"))["accuracy"]
    for source in (uninterrupted, uninterrupted.folder, tendigits.load_classifier(uninterrupted)):
        assert tendigits.evaluate(source).accuracy == recorded
    assert tendigits.evaluate("tiny").accuracy == pytest.approx(0.9965, abs=3e-4)


def test_evaluate_reports_a_data_set_that_has_changed(
    small_mnist_folder: Path, tmp_path: Path
) -> None:
    data = shutil.copytree(small_mnist_folder, tmp_path / "data")
    settings = {"epochs": 1, "network.widths": [4]}
    run = train("mlp", settings, data=data, out=tmp_path / "run", threads=1, quiet=True)
    labels = data / "t10k-labels-idx1-ubyte"
    labels.write_bytes(labels.read_bytes()[:-1] + bytes([(labels.read_bytes()[-1] + 1) % 10]))
    with pytest.raises(DataError, match="holds other images now"):
        tendigits.evaluate(run)


def test_predict_takes_one_image_or_several(mnist: Dataset) -> None:
    images, labels = mnist.test.images[:20], mnist.test.labels[:20]
    predictions = tendigits.predict("reader", images)
    assert (predictions.predicted == labels).all()
    assert predictions.probabilities.shape == (20, 10)
    single = tendigits.predict("reader", images[0])
    np.testing.assert_allclose(single.probabilities[0], predictions.probabilities[0], atol=1e-6)
    from_list = tendigits.predict("reader", images[:2].tolist())
    assert from_list.predicted.tolist() == labels[:2].tolist()
    for wrong in (images.astype(np.float32), [[300] * 28] * 28, [[1], [2, 3]]):
        with pytest.raises(DataError, match=r"\(n, 28, 28\)"):
            tendigits.predict("reader", wrong)


def test_report_and_comparison_reject_other_classes_than_digits(
    small_mnist: Dataset, tmp_path: Path
) -> None:
    clothes = replace(small_mnist, name="clothes", class_names=tuple("abcdefghij"))
    settings = {"epochs": 1, "network.widths": [4]}
    run = train("mlp", settings, data=clothes, out=tmp_path / "run", threads=1, quiet=True)
    with pytest.raises(ModelError, match=r"a, b, c.*ten digits"):
        tendigits.write_report(run, tmp_path / "report", quiet=True)
    assert not (tmp_path / "report").exists()
    with pytest.raises(ModelError, match=r"a, b, c.*ten digits"):
        tendigits.compare(["mlp", run])


def test_report_rejects_two_ood_sets_of_one_name(small_mnist_folder: Path, tmp_path: Path) -> None:
    folders = [small_mnist_folder, shutil.copytree(small_mnist_folder, tmp_path / "small-mnist")]
    with pytest.raises(ReportError, match="Two OOD sets are called small-mnist"):
        tendigits.write_report("tiny", tmp_path / "report", ood=folders, quiet=True)
    assert not (tmp_path / "report").exists()


def test_references_of_reports_are_the_baseline_and_the_most_accurate() -> None:
    accuracy = {
        name: tendigits.load_classifier(name).info.test.accuracy for name in pretrained_models()
    }
    assert ("mlp", max(accuracy, key=accuracy.__getitem__)) == REPORT_REFERENCES


def test_model_of_a_data_set_that_is_not_in_the_catalogue_is_reported(
    small_mnist: Dataset, tmp_path: Path
) -> None:
    private = replace(small_mnist, name="private")
    settings = {"epochs": 1, "network.widths": [4]}
    run = train("mlp", settings, data=private, out=tmp_path / "run", threads=1, quiet=True)
    exported = tendigits.export_model(run, tmp_path / "model.onnx").path
    with pytest.raises(ModelError, match="was trained on private, which is not the name"):
        tendigits.evaluate(exported)

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import tendigits as package
from conftest import CommandLine, command
from tendigits import load_run, resume, train
from tendigits.data import Dataset
from tendigits.recipes import MLPSettings, load_recipe

VERBS: list[list[str]] = [
    *([], ["train"], ["evaluate"], ["compare"], ["data"], ["serve"], ["corrections"])
]
HEAVY = ["torch", "scipy", "rich.progress", "matplotlib", "safetensors", "requests", "pandas"]
HEAVY_MODULES_AFTER = f"""
import json, sys
from tendigits.cli import main
sys.argv[0] = "tendigits"
try:
    main()
finally:
    print(json.dumps([name for name in {HEAVY} if name in sys.modules]), file=sys.stderr)
"""
WITHOUT = """
import sys
from tendigits.cli import main
sys.modules[sys.argv.pop(1)] = None
main()
"""

# The words, and what the one line must name.
REJECTED = [
    (["train", "nope"], ["nope", "mlp"]),
    (["train", "--set", "epochz=3"], ["epochz", "epochs"]),
    (["train", "--set", "optimizer.learning_rat=1"], ["optimizer.learning_rate"]),
    (["train", "--set", "learning_rate=1"], ["optimizer.learning_rate"]),
    (["train", "--set", "epochs"], ["epochs"]),
    (["train", "--set", "epochs=many"], ["epochs", "many"]),
    (["train", "--set", "optimizer.betas=[1.5, 0.9]"], ["optimizer.betas"]),
    (["train", "--epochs", "0"], ["epochs", "0"]),
    (["train", "--learning-rate", "-1"], ["optimizer.learning_rate", "-1"]),
    (["train", "--learning-rate", "inf"], ["optimizer.learning_rate", "inf"]),
    (["train", "--data", "nope"], ["nope", "mnist"]),
    (["train", "--resume", "nope"], ["nope"]),
    (["train", "--out", "taken"], ["taken", "--out"]),
    (["evaluate", "nope"], ["nope"]),
    (["evaluate", "mlp", "--full"], ["--full", "-o"]),
    (["evaluate", "mlp", "-o", "report"], ["--full", "-o"]),
    (["evaluate", "mlp", "--full", "-o", "taken"], ["taken", "exists already"]),
    (["evaluate", "taken/file", "--full", "-o", "report"], ["taken/file", "no ONNX file"]),
    (["evaluate", "nope", "--full", "-o", "report"], ["nope"]),
    (["evaluate", "taken", "--full", "-o", "report"], ["taken", "no run folder"]),
    (["compare", "mlp"], ["two"]),
    (["compare", "mlp", "nope"], ["nope"]),
    (["compare", "mlp", "nope.json"], ["nope.json"]),
    (["compare"], ["models"]),
    (["data", "minst"], ["minst", "mnist"]),
    (["data", "mnist", "--show", "nope/samples.png"], ["nope/samples.png"]),
    # What the words themselves are wrong in.
    (["train", "--threads", "0"], ["--threads"]),
    (["train", "--epochs", "many"], ["--epochs"]),
    (["train", "--epoch", "3"], ["--epoch"]),
    (["train", "mlp", "mlp"], ["mlp"]),
    (["export", "nope", "-o", "model.onnx"], ["nope", "no run folder"]),
    (["export", "nope"], ["--output"]),
    (["evaluate", "taken/file"], ["taken/file", "no ONNX file"]),
    (["evaluate"], ["model"]),
    (["train", "--from", "mlp"], ["--add-corrections"]),
    (["train", "--add-corrections", "sqlite:///x.sqlite"], ["--from"]),
    (["train", "fast", "--from", "mlp", "--add-corrections", "x"], ["without a recipe"]),
    (["corrections"], ["command"]),
    (["corrections", "export"], ["out"]),
    (["tarin"], ["tarin"]),
]


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_help_imports_nothing_heavy(verb: list[str]) -> None:
    result = run_script(HEAVY_MODULES_AFTER, *verb, "--help")
    assert result.returncode == 0
    assert json.loads(result.stderr) == []


@pytest.mark.parametrize(
    ("verb", "named"),
    [
        ([], ["train", "evaluate", "compare", "data", "--version"]),
        (["train"], ["--data", "--epochs", "--set", "--out", "--resume", "--threads", "--seed"]),
        (["evaluate"], ["run", "--full", "--output"]),
        (["compare"], ["reports"]),
        (["data"], ["--show"]),
        (["serve"], ["--host", "--port", "--model", "--database", "--api-key", "--open"]),
        (["corrections", "export"], ["--database"]),
    ],
)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_names_every_option(
    tendigits: CommandLine, verb: list[str], named: list[str], option: str
) -> None:
    result = tendigits(*verb, option)
    assert (result.returncode, result.stderr) == (0, "")
    assert [name for name in named if name not in result.stdout.lower()] == []


def test_without_a_verb_the_help_is_shown(tendigits: CommandLine) -> None:
    assert "evaluate" in tendigits().stdout


def test_the_version_is_the_packages(tendigits: CommandLine) -> None:
    assert tendigits("--version").stdout == f"tendigits {package.__version__}\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs") / "run"


@pytest.fixture(scope="module")
def trained(
    tendigits: CommandLine, small_mnist_folder: Path, folder: Path
) -> subprocess.CompletedProcess[str]:
    """A short training through the command line."""
    return tendigits(
        *("train", "mlp", "--data", small_mnist_folder, "--out", folder, "--threads", "1"),
        *("--epochs", "2", "--batch-size", "50", "--seed", "7", "--learning-rate", "0.002"),
        *("--set", "network.widths=[40]", "--set", "description = an example"),
    )


def test_training_prints_its_lines_in_order(
    trained: subprocess.CompletedProcess[str], folder: Path
) -> None:
    assert (trained.returncode, trained.stderr) == (0, "")
    starts = [
        f"Run folder: {folder}",
        "layer",
        "Input",
        "Epoch 1/2 - ",
        "Epoch 2/2 - ",
        "Test loss: ",
        f"Figures: {folder}/metrics.json",
        f"Pictures: {folder}/figures",
        f"Model card: {folder}/MODEL_CARD.md",
    ]
    lines = trained.stdout.splitlines()
    places = [next(n for n, line in enumerate(lines) if line.startswith(s)) for s in starts]
    assert places == sorted(places)


def test_what_is_piped_holds_no_control_character(
    trained: subprocess.CompletedProcess[str],
) -> None:
    assert re.search(r"[^\n -~]", trained.stdout) is None
    assert all(line == line.rstrip() for line in trained.stdout.splitlines())


def test_an_epochs_line_holds_what_kerass_holds(
    trained: subprocess.CompletedProcess[str],
) -> None:
    number = r"\d+\.\d{4}"
    assert re.search(
        rf"^Epoch 2/2 - \d+\.\ds - \d+\.\dms/step - accuracy: {number} - loss: {number}"
        rf" - val_accuracy: {number} - val_loss: {number}$",
        trained.stdout,
        re.MULTILINE,
    )


def test_the_options_are_the_recipes_settings(
    trained: subprocess.CompletedProcess[str], folder: Path
) -> None:
    assert trained.returncode == 0
    recipe = load_run(folder).recipe
    assert (recipe.epochs, recipe.batch_size, recipe.seed) == (2, 50, 7)
    assert recipe.optimizer.learning_rate == 0.002
    assert recipe.network == MLPSettings(kind="mlp", widths=[40])
    assert recipe.description == "an example"


def test_evaluate_repeats_the_test(
    trained: subprocess.CompletedProcess[str], folder: Path, tendigits: CommandLine
) -> None:
    result = tendigits("evaluate", folder)
    assert (result.returncode, result.stderr) == (0, "")
    *repeated, verdict = result.stdout.splitlines()
    assert len(repeated) == 3
    assert [line for line in repeated if line not in trained.stdout.splitlines()] == []
    assert verdict.startswith("The same as recorded")


def test_a_run_is_exported(
    trained: subprocess.CompletedProcess[str],
    folder: Path,
    tendigits: CommandLine,
    tmp_path: Path,
) -> None:
    assert trained.returncode == 0
    result = tendigits("export", folder, "-o", tmp_path / "model.onnx")
    assert (result.returncode, result.stderr) == (0, "")
    assert "largest difference of a probability" in result.stdout
    assert f"Model file: {tmp_path / 'model.onnx'}" in result.stdout
    rejected = tendigits("evaluate", tmp_path / "model.onnx")
    assert rejected.returncode == 2
    assert "small-mnist, which is no data set known by name" in rejected.stderr


def test_models_and_reports_are_compared(tendigits: CommandLine, full_report: Path) -> None:
    result = tendigits("compare", full_report, "tiny")
    assert (result.returncode, result.stderr) == (0, "")
    assert "97.89%" in result.stdout
    assert "mlp / tiny" in result.stdout
    assert result.stdout.count("more than chance") == 1


def test_a_run_is_resumed_by_its_own_settings_alone(
    trained: subprocess.CompletedProcess[str], folder: Path, tendigits: CommandLine
) -> None:
    assert trained.returncode == 0
    result = tendigits("train", "--resume", folder, "--epochs", "9")
    assert (result.returncode, len(result.stderr.splitlines())) == (2, 1)
    assert "--resume" in result.stderr


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["data"], ["mnist", "fashion-mnist", "kmnist"]),
        (["data", "mnist"], ["60,000", "10,000", "SHA-256", "6,742", "1,135"]),
    ],
)
def test_data_sets_are_listed_and_described(
    tendigits: CommandLine, words: list[str], named: list[str]
) -> None:
    result = tendigits(*words)
    assert (result.returncode, result.stderr) == (0, "")
    assert [text for text in named if text not in result.stdout] == []


def test_samples_are_drawn(tendigits: CommandLine, tmp_path: Path) -> None:
    result = tendigits("data", "mnist", "--show", "samples.png", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert f"Samples: {tmp_path / 'samples.png'}" in result.stdout
    with Image.open(tmp_path / "samples.png") as picture:
        assert picture.width > picture.height > 280


@pytest.mark.parametrize(("words", "named"), REJECTED, ids=[" ".join(case[0]) for case in REJECTED])
def test_what_will_not_do_is_rejected_in_one_line(
    tendigits: CommandLine, tmp_path: Path, words: list[str], named: list[str]
) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").touch()
    result = tendigits(*words, cwd=tmp_path)
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1, result.stderr
    assert [name for name in named if name not in result.stderr] == []
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


@pytest.mark.parametrize(
    ("extra", "missing", "words"),
    [
        ("train", "torch", ["train"]),
        ("train", "torch", ["evaluate", "run"]),
        ("train", "torch", ["evaluate", "tiny"]),
        ("train", "torch", ["compare", "mlp", "tiny"]),
        ("train", "jinja2", ["evaluate", "tiny", "--full", "-o", "report"]),
        ("train", "torch", ["export", "run", "-o", "model.onnx"]),
        ("train", "matplotlib", ["train"]),
        ("serve", "fastapi", ["serve"]),
        ("serve", "sqlalchemy", ["serve"]),
        ("serve", "uvicorn", ["serve"]),
        ("serve", "pydantic_settings", ["serve"]),
        ("serve", "sqlalchemy", ["corrections", "export", "x"]),
        ("serve", "psycopg", ["serve", "--database", "postgresql+psycopg://localhost/x"]),
    ],
)
def test_a_missing_library_is_named_with_its_remedy(
    extra: str, missing: str, words: list[str], tmp_path: Path
) -> None:
    result = run_script(WITHOUT, missing, *words, cwd=tmp_path)
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1, result.stderr
    assert missing in result.stderr
    assert f"pip install 'tendigits[{extra}]'" in result.stderr


@pytest.mark.parametrize("words", [["data"], ["data", "mnist"], ["--help"]])
def test_data_sets_are_read_without_torch(words: list[str]) -> None:
    assert run_script(WITHOUT, "torch", *words).returncode == 0


def test_a_reader_that_has_gone_is_no_error(small_mnist_folder: Path, tmp_path: Path) -> None:
    words = ("train", "--data", small_mnist_folder, "--out", tmp_path / "run", "--threads", "1")
    with subprocess.Popen(
        command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith("Run folder")
        process.stdout.close()
        assert process.stderr.read() == ""


def test_ctrl_c_where_nothing_is_trained_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text(load_recipe("mlp").to_toml(), encoding="utf-8")
    os.mkfifo(tmp_path / "data.json")
    words = command("evaluate", tmp_path)
    with (
        subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process,
        (tmp_path / "data.json").open("wb"),  # opens when the process has begun to read
    ):
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert len(told.splitlines()) == 1, told
    assert "Traceback" not in told


# 512 bytes hold no split, 2 MB no checkpoint; 1 MB holds no weights.
@pytest.mark.parametrize(("blocks", "kept"), [(1, False), (4000, True)])
def test_a_full_disk_is_told_in_one_line_and_leaves_nothing_half_written(
    small_mnist_folder: Path, tmp_path: Path, blocks: int, kept: bool
) -> None:
    folder = tmp_path / "run"
    words = ("train", "--data", small_mnist_folder, "--out", folder, "--epochs", "1")
    told_of_a_full_disk(blocks, command(*words, "--threads", "1"))
    assert folder.exists() is kept
    assert list(tmp_path.rglob("*.safetensors")) == []
    assert list(tmp_path.rglob(".*")) == []
    if kept:
        assert load_run(folder).recipe.epochs == 1


def test_a_run_goes_on_when_the_disk_has_room_again(small_mnist: Dataset, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    run = train("mlp", {"epochs": 1}, data=small_mnist, out=folder, threads=1, quiet=True)
    weights = run.weights.read_bytes()
    run.weights.unlink()
    run.metrics.unlink()
    told_of_a_full_disk(2000, command("train", "--resume", folder))
    assert not run.weights.exists()
    assert list(folder.glob(".*")) == []
    resume(folder, quiet=True)
    assert run.weights.read_bytes() == weights


def told_of_a_full_disk(blocks: int, words: list[str]) -> None:
    """Run a command that can write no file longer than `blocks` of 512 bytes."""
    limited = ["sh", "-c", f'ulimit -f {blocks} && exec "$@"', "sh", *words]
    result = subprocess.run(limited, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1, result.stderr


def run_script(
    script: str, *words: str, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script, *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
    )

import csv
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

COMMANDS: list[list[str]] = [
    *([], ["train"], ["evaluate"], ["compare"], ["data"], ["read"], ["serve"], ["corrections"])
]
HEAVY = [
    *("torch", "scipy", "cv2", "rich.progress", "matplotlib", "safetensors", "requests", "pandas")
]
HEAVY_MODULES_AFTER = f"""
import json, sys
from tendigits.cli import main
sys.argv[0] = "tendigits"
try:
    main()
finally:
    print(json.dumps([name for name in {HEAVY} if name in sys.modules]), file=sys.stderr)
"""
# What reading one picture does not need; all of it together took as long as the reading.
UNNEEDED_FOR_READING = [
    *("torch", "scipy", "matplotlib", "pydantic", "typer", "rich", "requests", "sqlalchemy"),
    *("fastapi", "multiprocessing", "importlib.metadata", "tendigits.api"),
    *("tendigits.data.load", "tendigits.data.download", "tendigits.data.describe"),
    *("tendigits.reading.schemas", "tendigits.reading.table", "tendigits.reading.explain"),
    *("tendigits.server", "tendigits.training", "tendigits.recipes", "tendigits.feedback"),
]
UNNEEDED_AFTER_READING = f"""
import sys
from tendigits.cli import main
main()
print([name for name in {UNNEEDED_FOR_READING} if name in sys.modules])
"""
WITHOUT = """
import sys
from tendigits.cli import main

class NotInstalled:
    missing = sys.argv.pop(1)

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name == cls.missing:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, NotInstalled)
main()
"""

# Arguments, and what the one line on stderr must contain.
INVALID = [
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
    (["evaluate", "taken/file", "--full", "-o", "report"], ["taken/file", "not an ONNX file"]),
    (["evaluate", "nope", "--full", "-o", "report"], ["nope"]),
    (["evaluate", "taken", "--full", "-o", "report"], ["taken", "not a run folder"]),
    (["compare", "mlp"], ["two"]),
    (["compare", "mlp", "nope"], ["nope"]),
    (["compare", "mlp", "nope.json"], ["nope.json"]),
    (["compare"], ["models"]),
    (["data", "minst"], ["minst", "mnist"]),
    (["data", "mnist", "--show", "nope/samples.png"], ["nope/samples.png"]),
    # Invalid command lines.
    (["train", "--threads", "0"], ["--threads"]),
    (["train", "--epochs", "many"], ["--epochs"]),
    (["train", "--epoch", "3"], ["--epoch"]),
    (["train", "mlp", "mlp"], ["mlp"]),
    (["export", "nope", "-o", "model.onnx"], ["nope", "not a run folder"]),
    (["export", "nope"], ["--out"]),
    (["export", "mlp", "-o", "digits.txt"], ["digits.txt", "NAME.onnx", "NAME.h"]),
    (["export", "mlp", "-o", "digits.h", "--int8"], ["digits.h", "--int8"]),
    (["export", "nope", "-o", "digits.h"], ["nope", "not a run folder"]),
    (["export", "taken/file", "-o", "digits.h"], ["taken/file"]),
    (["export", "mlp", "-o", "taken/file/digits.h"], ["digits.h", "choose another --out"]),
    (["evaluate", "taken/file"], ["taken/file", "not an ONNX file"]),
    (["evaluate"], ["model"]),
    (["train", "--from", "mlp"], ["--add-corrections"]),
    (["train", "--add-corrections", "sqlite:///x.sqlite"], ["--from"]),
    (["train", "fast", "--from", "mlp", "--add-corrections", "x"], ["without a recipe"]),
    (["train", "mlp", "--from", "mlp", "--add-corrections", "x"], ["without a recipe"]),
    (["train", "mlp", "--resume", "taken"], ["--resume", "no other options"]),
    (["train", "--data", "mnist", "--resume", "taken"], ["--resume", "no other options"]),
    (["evaluate", "mlp", "--ood", "kmnist"], ["--full"]),
    (["corrections"], ["command"]),
    (["corrections", "export"], ["out"]),
    (["read", "x.png", "--json", "--csv"], ["--json", "--csv"]),
    (["compare", "mlp", "tiny", "--json", "--csv"], ["--json", "--csv"]),
    (["evaluate", "mlp", "--full", "-o", "report", "--json"], ["--json"]),
    (["tarin"], ["tarin"]),
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_imports_no_heavy_library(words: list[str]) -> None:
    result = run_script(HEAVY_MODULES_AFTER, *words, "--help")
    assert result.returncode == 0
    assert json.loads(result.stderr) == []


def test_reading_a_picture_imports_nothing_that_it_does_not_need(
    mnist: Dataset, tmp_path: Path
) -> None:
    Image.fromarray(255 - mnist.test.images[0]).save(tmp_path / "seven.png")
    result = run_script(UNNEEDED_AFTER_READING, "read", "seven.png", cwd=tmp_path)
    read, unneeded = result.stdout.splitlines()
    assert read.split() == ["7", read.split()[1], "seven.png"]
    assert unneeded == "[]"


def test_reading_without_options_prints_what_it_prints_with_them(
    tendigits: CommandLine, mnist: Dataset, tmp_path: Path
) -> None:
    Image.fromarray(255 - mnist.test.images[0]).save(tmp_path / "seven.png")
    words = ("read", "seven.png", "nope.png")
    plain = tendigits(*words, cwd=tmp_path)
    assert plain.returncode == 2
    assert plain.stderr == "tendigits: nope.png cannot be read: No such file or directory.\n"
    with_option = tendigits(*words, "--model", "reader", cwd=tmp_path)
    assert (with_option.stdout, with_option.stderr) == (plain.stdout, plain.stderr)


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["read", "--nope"], "tendigits read --help"),
        (["corrections", "export"], "tendigits corrections export --help"),
        (["--nope"], "tendigits --help"),
    ],
)
def test_invalid_words_name_the_help_of_their_command(
    tendigits: CommandLine, words: list[str], command: str
) -> None:
    assert tendigits(*words).stderr.endswith(f" See: {command}\n")


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ([], ["train", "evaluate", "compare", "data", "--version"]),
        (["train"], ["--data", "--epochs", "--set", "--out", "--resume", "--threads", "--seed"]),
        (["evaluate"], ["run", "--full", "--out"]),
        (["compare"], ["reports"]),
        (["export"], ["name.onnx", "name.onnx --int8", "name.h", "--out"]),
        (["data"], ["--show"]),
        (
            ["read"],
            ["--json", "--length", "--pattern", "--table", "--explain", "--jobs", "exit code"],
        ),
        (["serve"], ["--host", "--port", "--model", "--database", "--api-key", "--open"]),
        (["corrections", "export"], ["--database"]),
    ],
)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_names_every_option(
    tendigits: CommandLine, words: list[str], named: list[str], option: str
) -> None:
    result = tendigits(*words, option)
    assert (result.returncode, result.stderr) == (0, "")
    assert [name for name in named if name not in result.stdout.lower()] == []


def test_no_command_prints_the_help(tendigits: CommandLine) -> None:
    assert "evaluate" in tendigits().stdout


def test_version_option_prints_the_version_of_the_package(tendigits: CommandLine) -> None:
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


def test_train_prints_its_lines_in_order(
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
        f"Metrics: {folder}/metrics.json",
        f"Plots: {folder}/plots",
        f"Model card: {folder}/MODEL_CARD.md",
    ]
    lines = trained.stdout.splitlines()
    places = [next(n for n, line in enumerate(lines) if line.startswith(s)) for s in starts]
    assert places == sorted(places)


def test_piped_output_has_no_control_characters(
    trained: subprocess.CompletedProcess[str],
) -> None:
    assert re.search(r"[^\n -~]", trained.stdout) is None
    assert all(line == line.rstrip() for line in trained.stdout.splitlines())


def test_epoch_line_has_the_figures_that_keras_prints(
    trained: subprocess.CompletedProcess[str],
) -> None:
    number = r"\d+\.\d{4}"
    assert re.search(
        rf"^Epoch 2/2 - \d+\.\ds - \d+\.\dms/step - accuracy: {number} - loss: {number}"
        rf" - val_accuracy: {number} - val_loss: {number}$",
        trained.stdout,
        re.MULTILINE,
    )


def test_options_change_the_settings_of_the_recipe(
    trained: subprocess.CompletedProcess[str], folder: Path
) -> None:
    assert trained.returncode == 0
    recipe = load_run(folder).recipe
    assert (recipe.epochs, recipe.batch_size, recipe.seed) == (2, 50, 7)
    assert recipe.optimizer.learning_rate == 0.002
    assert recipe.network == MLPSettings(kind="mlp", widths=[40])
    assert recipe.description == "an example"


def test_evaluate_prints_the_figures_that_train_printed(
    trained: subprocess.CompletedProcess[str], folder: Path, tendigits: CommandLine
) -> None:
    result = tendigits("evaluate", folder)
    assert (result.returncode, result.stderr) == (0, "")
    *repeated, verdict = result.stdout.splitlines()
    assert len(repeated) == 3
    assert [line for line in repeated if line not in trained.stdout.splitlines()] == []
    assert verdict.startswith("The same as recorded")


def test_export_writes_a_model_file_and_its_weights(
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
    assert (tmp_path / "model.safetensors").read_bytes() == load_run(folder).weights.read_bytes()
    rejected = tendigits("evaluate", tmp_path / "model.onnx")
    assert rejected.returncode == 2
    assert "small-mnist" in rejected.stderr


def test_compare_takes_models_and_reports(tendigits: CommandLine, full_report: Path) -> None:
    result = tendigits("compare", full_report, "tiny")
    assert (result.returncode, result.stderr) == (0, "")
    assert "97.89%" in result.stdout
    assert "mlp / tiny" in result.stdout
    assert result.stdout.count("significant") == 1


def test_resume_rejects_other_settings(
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
def test_data_lists_and_describes_data_sets(
    tendigits: CommandLine, words: list[str], named: list[str]
) -> None:
    result = tendigits(*words)
    assert (result.returncode, result.stderr) == (0, "")
    assert [text for text in named if text not in result.stdout] == []


def test_data_draws_samples(tendigits: CommandLine, tmp_path: Path) -> None:
    result = tendigits("data", "mnist", "--show", "samples.png", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert f"Samples: {tmp_path / 'samples.png'}" in result.stdout
    with Image.open(tmp_path / "samples.png") as picture:
        assert picture.width > picture.height > 280


@pytest.mark.parametrize(("words", "named"), INVALID, ids=[" ".join(case[0]) for case in INVALID])
def test_invalid_arguments_are_reported_in_one_line_and_write_nothing(
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
        ("train", "torch", ["evaluate", "."]),
        ("train", "jinja2", ["evaluate", "tiny", "--full", "-o", "report"]),
        ("train", "torch", ["export", "run", "-o", "model.onnx"]),
        ("train", "matplotlib", ["train"]),
        ("train", "scipy", ["compare", "tiny", "mlp"]),
        ("serve", "fastapi", ["serve"]),
        ("serve", "sqlalchemy", ["serve"]),
        ("serve", "uvicorn", ["serve"]),
        ("serve", "pydantic_settings", ["serve"]),
        ("serve", "sqlalchemy", ["corrections", "export", "x"]),
        ("serve", "psycopg", ["serve", "--database", "postgresql+psycopg://localhost/x"]),
    ],
)
def test_missing_library_is_reported_with_the_extra_to_install(
    extra: str, missing: str, words: list[str], tmp_path: Path
) -> None:
    result = run_script(WITHOUT, missing, *words, cwd=tmp_path)
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1, result.stderr
    assert missing in result.stderr
    assert f"pip install 'tendigits[{extra}]'" in result.stderr


TORCH_FREE = [
    ["data"],
    ["data", "mnist"],
    ["--help"],
    ["evaluate", "tiny"],
    ["compare", "mlp", "tiny"],
]


@pytest.mark.parametrize("words", TORCH_FREE, ids=" ".join)
def test_data_evaluate_and_compare_need_no_torch_for_model_files(words: list[str]) -> None:
    assert run_script(WITHOUT, "torch", *words).returncode == 0


def test_closed_output_pipe_is_not_an_error(small_mnist_folder: Path, tmp_path: Path) -> None:
    words = ("train", "--data", small_mnist_folder, "--out", tmp_path / "run", "--threads", "1")
    with subprocess.Popen(
        command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith("Run folder")
        process.stdout.close()
        assert process.stderr.read() == ""


def test_ctrl_c_outside_of_training_is_reported_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text(load_recipe("mlp").to_toml(), encoding="utf-8")
    os.mkfifo(tmp_path / "data.json")
    words = command("evaluate", tmp_path)
    with (
        subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process,
        (tmp_path / "data.json").open("wb"),  # opens when the process has started to read
    ):
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert len(stderr.splitlines()) == 1, stderr
    assert "Traceback" not in stderr


# 512 bytes are too few for a split, 2 MB for a checkpoint; 1 MB is too little for the weights.
@pytest.mark.parametrize(("blocks", "kept"), [(1, False), (4000, True)])
def test_full_disk_is_reported_in_one_line_and_leaves_no_partial_file(
    small_mnist_folder: Path, tmp_path: Path, blocks: int, kept: bool
) -> None:
    folder = tmp_path / "run"
    words = ("train", "--data", small_mnist_folder, "--out", folder, "--epochs", "1")
    assert_full_disk_is_reported(blocks, command(*words, "--threads", "1"))
    assert folder.exists() is kept
    assert list(tmp_path.rglob("*.safetensors")) == []
    assert [path.name for path in tmp_path.rglob(".*") if path.name != ".lock"] == []
    if kept:
        assert load_run(folder).recipe.epochs == 1


def test_run_resumes_after_a_full_disk(small_mnist: Dataset, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    run = train("mlp", {"epochs": 1}, data=small_mnist, out=folder, threads=1, quiet=True)
    weights = run.weights.read_bytes()
    run.weights.unlink()
    run.metrics_file.unlink()
    assert_full_disk_is_reported(2000, command("train", "--resume", folder))
    assert not run.weights.exists()
    assert [path.name for path in folder.glob(".*")] == [".lock"]
    resume(folder, quiet=True)
    assert run.weights.read_bytes() == weights


def assert_full_disk_is_reported(blocks: int, words: list[str]) -> None:
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


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("train fa", "fast"),
        ("evaluate --f", "--full"),
        ("read --model re", "reader"),
        ("ex", "export"),
    ],
)
def test_shell_completion_completes_commands_options_and_names(words: str, completed: str) -> None:
    line = f"tendigits {words}"
    environment = {
        **os.environ,
        "_TENDIGITS_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(line.split()) - 1),
    }
    script = "import sys; sys.argv[0] = 'tendigits'; from tendigits.cli import main; main()"
    result = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert completed in result.stdout.split()


def test_figures_are_printed_as_json(tendigits: CommandLine) -> None:
    evaluated = json.loads(tendigits("evaluate", "tiny", "--json").stdout)
    assert (evaluated["model"], evaluated["data"], evaluated["images"]) == ("tiny", "mnist", 10000)
    compared = json.loads(tendigits("compare", "tiny", "mlp", "--json").stdout)
    assert [each["name"] for each in compared["models"]] == ["tiny", "mlp"]
    assert compared["models"][0]["metrics"]["accuracy"] == evaluated["accuracy"]
    assert compared["pairs"][0]["p_value"] < 1e-9


def test_comparison_is_printed_as_csv(tendigits: CommandLine) -> None:
    rows = list(csv.DictReader(tendigits("compare", "tiny", "mlp", "--csv").stdout.splitlines()))
    assert [row["name"] for row in rows] == ["tiny", "mlp"]
    assert 0.99 < float(rows[0]["accuracy_low"]) < float(rows[0]["accuracy"])
    assert rows[0]["ood_auroc"] == ""


def test_readings_are_printed_as_csv_with_errors_in_their_rows(
    tendigits: CommandLine, mnist: Dataset, tmp_path: Path
) -> None:
    Image.fromarray(255 - mnist.test.images[0]).save(tmp_path / "seven.png")
    result = tendigits("read", "seven.png", "nope.png", "--csv", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (2, "")
    seven, nope = csv.DictReader(result.stdout.splitlines())
    assert (seven["file"], seven["text"], seven["status"]) == ("seven.png", "7", "read")
    assert (nope["status"], nope["error"]) == (
        "error",
        "nope.png cannot be read: No such file or directory.",
    )


def test_export_replaces_a_file_only_if_forced(
    trained: subprocess.CompletedProcess[str],
    folder: Path,
    tendigits: CommandLine,
    tmp_path: Path,
) -> None:
    assert trained.returncode == 0
    model = tmp_path / "model.onnx"
    model.write_text("mine")
    rejected = tendigits("export", folder, "-o", model)
    assert (rejected.returncode, model.read_text()) == (2, "mine")
    assert "add --force" in rejected.stderr
    assert tendigits("export", folder, "-o", model, "--force").returncode == 0
    assert model.stat().st_size > 1000

"""The run folder: everything that is needed to repeat, resume or test a run."""

import shlex
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import count
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from tendigits.classifiers import Classifier, Origin
from tendigits.data import Dataset, Split, load_dataset
from tendigits.data.download import Progress
from tendigits.data.load import no_progress
from tendigits.data.npz_file import write_npz
from tendigits.errors import RecipeError, RunError
from tendigits.evaluation.metrics import Metrics
from tendigits.evaluation.validation import Validation
from tendigits.files import sha256_of, write_bytes, write_json, write_text
from tendigits.networks import build_classifier, classifier_of_network
from tendigits.recipes import Recipe, load_recipe
from tendigits.training.environment import Environment
from tendigits.training.history import EpochResult, read_history
from tendigits.training.run_records import KEPT_DATA, DataRecord, SplitRecord, read_record
from tendigits.training.training_data import split_images


@dataclass(frozen=True, eq=False)
class Run:
    """A run folder.

    Attributes:
        folder: its absolute path.
        recipe: all settings.
        data: the data set.
        split: which training images are trained on and which are held out.
        environment: what it was started with.
    """

    folder: Path
    recipe: Recipe
    data: DataRecord
    split: Split
    environment: Environment

    def __repr__(self) -> str:
        """Return the folder and what it holds, in one line."""
        return f"Run({str(self.folder)!r}, recipe={self.recipe.name!r}, data={self.data.name!r})"

    @property
    def members(self) -> "list[Run]":
        """One run per network of an ensemble, each with its own folder and seed; else this run."""
        if self.recipe.members == 1:
            return [self]
        return [
            replace(self, folder=self.folder / "members" / f"{number:02d}", recipe=recipe)
            for number, recipe in enumerate(self.recipe.member_recipes, start=1)
        ]

    @property
    def is_tested(self) -> bool:
        """Whether it is trained and tested."""
        return self.weights.exists() and self.metrics_file.exists()

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to do: a fine-tuning run also ends with a model file."""
        return self.is_tested and (
            self.recipe.fine_tuning is None or self.fine_tuned_model.exists()
        )

    @property
    def data_source(self) -> str:
        """The argument of `load_dataset` that loads its data set."""
        return str(self.folder / KEPT_DATA) if self.data.source == KEPT_DATA else self.data.source

    @property
    def command_to_resume(self) -> str:
        """The shell command that resumes it."""
        command = "tendigits"
        if self.environment.processes > 1:
            command = f"torchrun --nproc-per-node {self.environment.processes} -m tendigits"
        return f"{command} train --resume {shlex.quote(str(self.folder))}"

    @property
    def checkpoints(self) -> Path:
        """The folder of the checkpoints."""
        return self.folder / "checkpoints"

    @property
    def plots(self) -> Path:
        """The folder of the plots."""
        return self.folder / "plots"

    @property
    def augmented(self) -> Path:
        """A preview of the augmentation, where the recipe has one."""
        return self.folder / "augmented.png"

    @property
    def fine_tuned_model(self) -> Path:
        """The model file that a fine-tuning run writes at its end."""
        return self.folder / "model.onnx"

    @property
    def history(self) -> list[EpochResult]:
        """The results of each epoch so far.

        Raises:
            RunError: the file is damaged.
        """
        return read_history(self.history_file)

    @property
    def metrics(self) -> Metrics:
        """The figures of the trained classifier on the test set.

        Raises:
            RunError: the run has not been tested yet, or holds a finder, or the file is damaged.
        """
        if self.recipe.pages is not None:
            raise RunError(f"{self.folder} holds a finder; its figures are in {self.metrics_file}.")
        if not self.metrics_file.exists():
            raise RunError(
                f"{self.folder} has not been tested yet; continue it: {self.command_to_resume}"
            )
        return read_record(self.metrics_file, Metrics)

    @property
    def history_file(self) -> Path:
        """The results of each epoch, as CSV."""
        return self.folder / "history.csv"

    @property
    def log(self) -> Path:
        """Events with their times, as JSON lines."""
        return self.folder / "log.jsonl"

    @property
    def weights(self) -> Path:
        """The trained weights; they exist once the training is finished."""
        return self.folder / "weights.safetensors"

    @property
    def validation(self) -> Path:
        """The trained network's metrics on the validation images, if there are any."""
        return self.folder / "validation.json"

    @property
    def metrics_file(self) -> Path:
        """The metrics on the test set; they exist once the test is finished."""
        return self.folder / "metrics.json"

    @property
    def model_card(self) -> Path:
        """The model card."""
        return self.folder / "MODEL_CARD.md"


def create_run(
    recipe: Recipe,
    dataset: Dataset,
    environment: Environment,
    out: Path | None = None,
    start: Mapping[str, bytes] | None = None,
) -> Run:
    """Create the folder of a new run atomically, so that it can always be resumed.

    Args:
        recipe: all settings.
        dataset: what to train and test on.
        environment: what it is started with.
        out: the folder; `runs/<recipe>-<time>` when None.
        start: the files from which a fine-tuning run starts, by name.

    Raises:
        RunError: `out` exists already, or cannot be written.
    """
    run = Run(
        folder=(out or Path("runs") / f"{recipe.name}-{datetime.now():%Y%m%d-%H%M%S}").absolute(),
        recipe=recipe,
        data=DataRecord(
            name=dataset.name,
            source=dataset.source or KEPT_DATA,
            training_images=len(dataset.train),
            test_images=len(dataset.test),
            class_names=dataset.class_names,
            sha256=dataset.checksums,
            notes=dataset.all_notes,
        ),
        split=split_images(recipe, dataset.train.labels),
        environment=environment,
    )
    parent, name = run.folder.parent, run.folder.name
    try:
        parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=parent, prefix=f".{name}.") as temporary:
            made = Path(temporary) / name
            made.mkdir()
            _write_start(made, run, start or {})
            if dataset.source is None:
                write_npz(dataset, made / KEPT_DATA)
            return replace(run, folder=_put_in_place(made, run.folder, numbered=out is None))
    except OSError as error:
        raise RunError(
            f"{run.folder} cannot be created: {error.strerror}; choose another --out."
        ) from error


def load_run(folder: str | Path) -> Run:
    """Read a run folder.

    Raises:
        RunError: the folder is not that of a run, or is damaged.
    """
    folder = Path(folder).absolute()
    if not (folder / "recipe.toml").is_file():
        raise RunError(f"{folder} is not a run folder; give one that `tendigits train` created.")
    try:
        recipe = load_recipe(folder / "recipe.toml")
    except RecipeError as error:
        raise RunError(f"The run folder {folder} is damaged: {error}") from error
    data = read_record(folder / "data.json", DataRecord)
    return Run(
        folder=folder,
        recipe=recipe,
        data=data,
        split=_read_split(folder / "split.json", data, recipe),
        environment=read_record(folder / "environment.json", Environment),
    )


def load_run_data(run: Run, progress: Progress = no_progress) -> Dataset:
    """Load the data set of `run`.

    Raises:
        DataError: it cannot be loaded.
        RunError: it has changed since the run was started.
    """
    dataset = load_dataset(run.data_source, progress)
    if run.data.sha256 != dataset.checksums:
        raise RunError(
            f"The data set {run.data_source} has changed since the run {run.folder} was started; "
            "train again."
        )
    return dataset


def load_network(run: Run) -> nn.Module:
    """Return the run's trained network in evaluation mode.

    Raises:
        RunError: the training is not finished, or the weights are damaged.
    """
    if not run.weights.exists():
        raise RunError(
            f"The training of the run {run.folder} is not finished; resume it with: "
            f"{run.command_to_resume}"
        )
    network = build_classifier(run.recipe)
    try:
        network.load_state_dict(load_file(run.weights))
    except (SafetensorError, RuntimeError, OSError) as error:
        reason = str(error).partition("\n")[0].rstrip(":")
        raise RunError(
            f"{run.weights} is damaged ({reason}); delete it and resume the run with: "
            f"{run.command_to_resume}"
        ) from error
    return network.eval()


def classifier_of_run(run: Run) -> Classifier:
    """Return a run's trained network as a classifier, calibrated on its validation images.

    Raises:
        RunError: the training is not finished, or a file of the run is damaged.
    """
    if run.recipe.pages is not None:
        raise RunError(f"{run.folder} holds a finder, not a classifier; see {run.model_card}.")
    network = load_network(run)
    validation = read_record(run.validation, Validation) if run.validation.exists() else None
    weights_sha256 = sha256_of(run.weights)
    return replace(
        classifier_of_network(
            network,
            temperature=validation.temperature if validation else None,
            threshold=validation.threshold if validation else 0.0,
        ),
        name=run.folder.name,
        class_names=run.data.class_names,
        bytes=run.weights.stat().st_size,
        origin=Origin(
            kind="run",
            file=run.folder.name,
            sha256=weights_sha256,
            description=run.recipe.description,
            recipe=run.recipe.portable_settings,
            data=run.data.name,
            data_sha256=run.data.sha256,
            made_with=run.environment.summary,
            weights_sha256=weights_sha256,
        ),
        data_source=run.data_source,
    )


def _write_start(folder: Path, run: Run, start: Mapping[str, bytes]) -> None:
    write_text(folder / "recipe.toml", run.recipe.to_toml())
    write_json(folder / "data.json", asdict(run.data))
    write_json(folder / "environment.json", asdict(run.environment))
    split = SplitRecord(run.data.training_images, run.split.validation.tolist())
    write_json(folder / "split.json", asdict(split))
    for name, content in start.items():
        write_bytes(folder / name, content)


def _put_in_place(made: Path, wanted: Path, *, numbered: bool) -> Path:
    """Rename `made` to `wanted`, or to `wanted-2` and so on for runs of the same second."""
    for number in count(1):
        folder = wanted if number == 1 else wanted.with_name(f"{wanted.name}-{number}")
        try:
            return made.rename(folder)
        except OSError as error:
            if not folder.exists():
                raise
            if not numbered:
                raise RunError(f"{folder} exists already; choose another --out.") from error
    raise AssertionError("count() does not end")


def _read_split(path: Path, data: DataRecord, recipe: Recipe) -> Split:
    record = read_record(path, SplitRecord)
    held_out = np.unique(np.array(record.validation, dtype=np.int64))
    everything = np.arange(data.training_images)
    expected = round(data.training_images * recipe.validation_fraction)
    counts = len(record.validation), len(np.intersect1d(held_out, everything))
    if record.of != data.training_images or counts != (expected, expected):
        raise RunError(f"{path} is damaged: it does not fit data.json and recipe.toml.")
    return Split(train=np.setdiff1d(everything, held_out), validation=held_out)

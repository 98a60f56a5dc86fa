"""The run folder: everything that is needed to repeat, resume or measure a run."""

import shlex
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field, PositiveInt
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import nn

from tendigits.classifiers import Classifier, Origin
from tendigits.data import CLASSES, Dataset, Split, load_dataset, stratified_split
from tendigits.data.download import Progress
from tendigits.data.idx import MAX_ELEMENTS
from tendigits.data.load import no_progress
from tendigits.errors import RecipeError, RunError
from tendigits.evaluation.validation import Validation
from tendigits.files import sha256_of, write_bytes, write_json, write_text
from tendigits.networks import build_classifier, count_multiply_adds, count_parameters
from tendigits.networks.torch_logits import torch_logits
from tendigits.recipes import Recipe, load_recipe
from tendigits.training.environment import Environment
from tendigits.training.record import read_record


@dataclass(frozen=True)
class DataRecord:
    """The data set that a run was made with.

    Attributes:
        name: its name.
        source: what `load_dataset` takes to load it.
        training_images: how many images its training part has, validation included.
        test_images: how many its test part has.
        class_names: what the ten labels mean, in order.
        sha256: SHA-256 of each part as an unpacked IDX file.
    """

    name: str
    source: str
    training_images: Annotated[int, Field(gt=0, le=MAX_ELEMENTS)]
    test_images: PositiveInt
    class_names: Annotated[tuple[str, ...], Field(min_length=CLASSES, max_length=CLASSES)]
    sha256: dict[str, str]


@dataclass(frozen=True)
class SplitRecord:
    """Which training images a run holds out.

    Attributes:
        of: how many training images there are.
        validation: the indices of those held out.
    """

    of: int
    validation: list[Annotated[int, Field(ge=0, lt=MAX_ELEMENTS)]]


@dataclass(frozen=True, eq=False)
class Run:
    """A run folder.

    Attributes:
        folder: its absolute path.
        recipe: every setting.
        data: the data set.
        split: which training images were learnt from and which were held out.
        environment: what it was started with.
    """

    folder: Path
    recipe: Recipe
    data: DataRecord
    split: Split
    environment: Environment

    def member(self, number: int) -> "Run":
        """Return the part of the run, in a folder of its own, that trains network `number`.

        Its images are those of the run; its seed is its own. A run of one network has one part:
        itself.
        """
        if self.recipe.members == 1:
            return self
        folder = self.folder / "members" / f"{number:02d}"
        return replace(self, folder=folder, recipe=self.recipe.member(number))

    @property
    def members(self) -> "list[Run]":
        """The parts of the run that train a network each."""
        return [self.member(number) for number in range(1, self.recipe.members + 1)]

    @property
    def is_complete(self) -> bool:
        """Whether it is trained and tested."""
        return self.weights.exists() and self.metrics.exists()

    @property
    def command_to_resume(self) -> str:
        """What to type in a shell to go on with it."""
        return f"tendigits train --resume {shlex.quote(str(self.folder))}"

    @property
    def checkpoints(self) -> Path:
        """The folder of the checkpoints."""
        return self.folder / "checkpoints"

    @property
    def figures(self) -> Path:
        """The folder of the pictures."""
        return self.folder / "figures"

    @property
    def augmented(self) -> Path:
        """A picture of what the network is fed, where the recipe distorts images."""
        return self.folder / "augmented.png"

    @property
    def start_model(self) -> Path:
        """The model file that a fine-tuning goes on from."""
        return self.folder / "start.onnx"

    @property
    def start_corrections(self) -> Path:
        """The corrections that a fine-tuning learns."""
        return self.folder / "corrections.npz"

    @property
    def fine_tuned_model(self) -> Path:
        """The model file that a fine-tuning ends with."""
        return self.folder / "model.onnx"

    @property
    def history(self) -> Path:
        """What each epoch yielded, as CSV."""
        return self.folder / "history.csv"

    @property
    def log(self) -> Path:
        """What happened when, as JSON lines."""
        return self.folder / "log.jsonl"

    @property
    def weights(self) -> Path:
        """The trained weights; they are there when the training is done."""
        return self.folder / "weights.safetensors"

    @property
    def validation(self) -> Path:
        """The trained network's figures on the images held out, where there are some."""
        return self.folder / "validation.json"

    @property
    def metrics(self) -> Path:
        """The figures on the test set; they are there when the test is done."""
        return self.folder / "metrics.json"

    @property
    def model_card(self) -> Path:
        """The run in words."""
        return self.folder / "MODEL_CARD.md"


def create_run(
    recipe: Recipe,
    dataset: Dataset,
    environment: Environment,
    out: Path | None = None,
    start: Mapping[str, bytes] | None = None,
) -> Run:
    """Make the folder of a new run: `out`, or `runs/<recipe>-<time>`.

    It appears whole, so that a run that exists can always be resumed. `start` are files that it is
    to keep, by name: what a fine-tuning goes on from.

    Raises:
        RunError: `out` exists already, or cannot be written.
    """
    split = stratified_split(dataset.train.labels, recipe.validation_fraction, recipe.seed)
    data = DataRecord(
        name=dataset.name,
        source=dataset.source,
        training_images=len(dataset.train),
        test_images=len(dataset.test),
        class_names=dataset.class_names,
        sha256=dataset.checksums,
    )
    wanted = (out or _default_folder(recipe)).absolute()
    try:
        wanted.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=wanted.parent, prefix=f".{wanted.name}.") as made:
            folder = Path(made) / wanted.name
            folder.mkdir()
            _write_start(folder, Run(folder, recipe, data, split, environment))
            for name, content in (start or {}).items():
                write_bytes(folder / name, content)
            folder = _put_in_place(folder, wanted, numbered=out is None)
    except OSError as error:
        raise RunError(
            f"{wanted} cannot be made: {error.strerror}; choose another --out."
        ) from error
    return Run(folder, recipe, data, split, environment)


def load_run(folder: str | Path) -> Run:
    """Read a run folder.

    Raises:
        RunError: there is no run in it, or it is damaged.
    """
    folder = Path(folder).absolute()
    if not (folder / "recipe.toml").is_file():
        raise RunError(f"{folder} is no run folder; give one that `tendigits train` has made.")
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
    """Load the data set that `run` was made with.

    Raises:
        DataError: it is not there any more.
        RunError: it has changed since.
    """
    dataset = load_dataset(run.data.source, progress)
    if run.data.sha256 != dataset.checksums:
        raise RunError(
            f"The data set {run.data.source} has changed since the run {run.folder} was made with "
            "it; train anew."
        )
    return dataset


def settings_without_paths(run: Run) -> dict[str, object]:
    """Return the recipe's settings; a teacher is named by its checksum and last name alone."""
    settings = run.recipe.model_dump(exclude_none=True)
    if run.recipe.distillation is not None:
        settings["distillation"]["teacher"] = Path(run.recipe.distillation.teacher).name
    return settings


def save_weights(run: Run, network: nn.Module) -> None:
    """Write the weights of `network` to the run folder, whole."""
    state = network.state_dict().items()
    write_bytes(run.weights, save({name: tensor.contiguous() for name, tensor in state}))


def load_network(run: Run) -> nn.Module:
    """Return the run's trained network, ready to predict.

    Raises:
        RunError: the training is not done, or the weights are damaged.
    """
    if not run.weights.exists():
        raise RunError(
            f"The run {run.folder} is not trained to its end; go on with: {run.command_to_resume}"
        )
    network = build_classifier(run.recipe)
    try:
        network.load_state_dict(load_file(run.weights))
    except (SafetensorError, RuntimeError, OSError) as error:
        reason = str(error).partition("\n")[0].rstrip(":")
        raise RunError(
            f"{run.weights} is damaged ({reason}); delete it and go on with: "
            f"{run.command_to_resume}"
        ) from error
    return network.eval()


def classifier_of_run(run: Run) -> Classifier:
    """Return a run's trained network as a classifier, calibrated on its validation images.

    Raises:
        RunError: the training is not done, or a file of the run is damaged.
    """
    network = load_network(run)
    validation = read_record(run.validation, Validation) if run.validation.exists() else None
    environment = run.environment
    return Classifier(
        name=run.folder.name,
        class_names=run.data.class_names,
        logits=torch_logits(network),
        temperature=validation.temperature if validation else None,
        threshold=validation.threshold if validation else 0.0,
        parameters=count_parameters(network),
        multiply_adds=count_multiply_adds(network),
        bytes=run.weights.stat().st_size,
        origin=Origin(
            kind="run",
            file=run.folder.name,
            sha256=sha256_of(run.weights),
            description=run.recipe.description,
            recipe=settings_without_paths(run),
            data=run.data.name,
            data_sha256=run.data.sha256,
            made_with={
                "machine": f"{environment.cpu}, {environment.threads} threads, "
                f"{environment.device}, {environment.precision}",
                "system": environment.system,
                "started": environment.started,
                "revision": environment.git_revision or "unknown",
                "python": environment.python,
                **environment.versions,
            },
        ),
        torch_network=lambda: network,
    )


def _default_folder(recipe: Recipe) -> Path:
    return Path("runs") / f"{recipe.name}-{datetime.now():%Y%m%d-%H%M%S}"


def _write_start(folder: Path, run: Run) -> None:
    write_text(folder / "recipe.toml", run.recipe.to_toml())
    write_json(folder / "data.json", asdict(run.data))
    write_json(folder / "environment.json", asdict(run.environment))
    write_json(
        folder / "split.json",
        asdict(SplitRecord(run.data.training_images, run.split.validation.tolist())),
    )


def _put_in_place(made: Path, wanted: Path, *, numbered: bool) -> Path:
    """Rename `made` to `wanted`, or to `wanted-2` and on where two runs began in one second."""
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
    if (
        record.of != data.training_images
        or len(record.validation) != expected
        or len(np.intersect1d(held_out, everything)) != expected
    ):
        raise RunError(f"{path} is damaged: it does not fit data.json and recipe.toml; train anew.")
    return Split(train=np.setdiff1d(everything, held_out), validation=held_out)

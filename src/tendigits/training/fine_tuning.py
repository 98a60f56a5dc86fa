"""Fine-tuning: a training that goes on from a model file, with corrections beside its data set."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from tendigits.classifiers import ModelInfo
from tendigits.classifiers.model_file import load_model_bytes
from tendigits.data import Dataset, stratified_split
from tendigits.errors import RunError
from tendigits.feedback.corrections import Corrections, corrections_from_npz
from tendigits.files import sha256_of
from tendigits.networks.inputs import scaled
from tendigits.recipes import Recipe
from tendigits.training.run import Run
from tendigits.training.teacher import held_out_sha256

# A model that is near its place is moved in smaller steps than one that has far to go,
SMALLER_STEPS = 0.1
# and in fewer.
EPOCHS = 2
_IMAGES = 2000
# The names in a model file: a network's weights, and what its batch normalisation adds to them.
_PREFIX, _ADDED = "network.", "_bias"


@dataclass(frozen=True, eq=False)
class Start:
    """What a fine-tuning goes on from.

    Attributes:
        model: a model file's content.
        corrections: what is learnt beside the data set, and held out from it.
    """

    model: bytes
    corrections: Corrections

    @property
    def info(self) -> ModelInfo:
        """What the model file says of itself."""
        info = load_model_bytes(self.model, "the model", threads=1).info
        return info

    @property
    def files(self) -> dict[str, bytes]:
        """The files that the run folder keeps, by name."""
        return {"start.onnx": self.model, "corrections.npz": self.corrections.to_npz()}


def fine_tuning_recipe(start: Start, settings: Mapping[str, object], dataset: Dataset) -> Recipe:
    """Return the recipe that the model was trained by, changed to go on from it.

    Args:
        start: what is gone on from.
        settings: dotted names of settings and their values, over those of a fine-tuning.
        dataset: what the model was trained on.

    Raises:
        RunError: the model cannot be trained on, or was trained on other images.
        RecipeError: no such setting, or a value out of range.
    """
    info = start.info
    _reject_what_cannot_go_on(info, dataset)
    given = {name: value for name, value in info.recipe.items() if name != "distillation"}
    recipe = Recipe.model_validate(given)
    files = {name: hashlib.sha256(content).hexdigest() for name, content in start.files.items()}
    changes: dict[str, object] = {
        "name": f"{recipe.name.removesuffix('-corrected')}-corrected",
        "epochs": EPOCHS,
        "optimizer.learning_rate": SMALLER_STEPS * recipe.optimizer.learning_rate,
        "fine_tuning.model_sha256": files["start.onnx"],
        "fine_tuning.corrections_sha256": files["corrections.npz"],
    }
    recipe = recipe.changed(changes | dict(settings))
    split = stratified_split(dataset.train.labels, recipe.validation_fraction, recipe.seed)
    if not len(split.validation) or held_out_sha256(split) != info.held_out_sha256:
        raise RunError(
            f"The model {info.name} has held out no images, or others, by which its accuracy could "
            "be compared; give one that was trained with a validation_fraction, and leave that and "
            "the seed."
        )
    return recipe


def load_start(run: Run) -> Start:
    """Read what a fine-tuning goes on from, out of its run folder.

    Raises:
        RunError: it has changed.
    """
    settings = run.recipe.fine_tuning
    assert settings is not None
    for path, sha256 in (
        (run.start_model, settings.model_sha256),
        (run.start_corrections, settings.corrections_sha256),
    ):
        try:
            damaged = sha256_of(path) != sha256
        except OSError:
            damaged = True
        if damaged:
            raise RunError(f"{path} is missing or damaged; fine-tune anew.")
    content = run.start_corrections.read_bytes()
    return Start(
        run.start_model.read_bytes(), corrections_from_npz(content, str(run.start_corrections))
    )


def learnable(corrections: Corrections, recipe: Recipe) -> Corrections:
    """Return those that the recipe's network can be right about: not all can reject."""
    return corrections.digits if recipe.ood is None else corrections


@torch.no_grad()
def put_start_weights(model: bytes, network: nn.Module, images: Tensor) -> None:
    """Give `network` the weights of a model file, so that it answers as the file does.

    The file has batch normalisation multiplied into the convolutions. To train on, a
    normalisation is taken out again: what its inputs are over `images` becomes its statistics, and
    its own scale and shift undo them.

    Args:
        model: a model file's content.
        network: of the form that the file says its recipe is of.
        images: (n, 28, 28) uint8.

    Raises:
        RunError: the file is of another form.
    """
    weights = _weights(model)
    state = network.state_dict()
    plain = {name: weight for name, weight in weights.items() if not name.endswith(_ADDED)}
    fitting = {name: tensor for name, tensor in plain.items() if name in state}
    added = {
        _normalisation_behind(name): weight
        for name, weight in weights.items()
        if name.endswith(_ADDED)
    }
    normalisations = {
        name: module
        for name, module in network.named_modules()
        if isinstance(module, nn.BatchNorm2d)
    }
    needed = {name for name in state if name.rpartition(".")[0] not in normalisations}
    if fitting.keys() != needed or added.keys() != normalisations.keys():
        raise RunError("The model file's network is not what its recipe describes; export it anew.")
    network.load_state_dict({**state, **fitting})
    _take_out(normalisations, added, network, images)


def _reject_what_cannot_go_on(info: ModelInfo, dataset: Dataset) -> None:
    if info.precision != "float32":
        raise RunError(f"The model {info.name} has 8-bit weights; give its float32 file.")
    if info.recipe.get("members", 1) != 1:
        raise RunError(f"The model {info.name} is an ensemble; give a model of one network.")
    if dataset.checksums != info.data_sha256:
        raise RunError(
            f"The model {info.name} was trained on another {info.data} than {dataset.source}; give "
            "that as --data."
        )


def _weights(model: bytes) -> dict[str, Tensor]:
    graph = onnx.load_model_from_string(model).graph
    return {
        each.name.removeprefix(_PREFIX): torch.from_numpy(
            np.array(onnx.numpy_helper.to_array(each))
        )
        for each in graph.initializer
        if each.name.startswith(_PREFIX)
    }


def _normalisation_behind(name: str) -> str:
    """Return the module that follows the convolution whose file has `name` added to it."""
    *parents, number = name.removesuffix(f".weight{_ADDED}").split(".")
    return ".".join([*parents, str(int(number) + 1)])


def _take_out(
    normalisations: Mapping[str, nn.BatchNorm2d],
    added: Mapping[str, Tensor],
    network: nn.Module,
    images: Tensor,
) -> None:
    """Set each normalisation so that it adds `added`, by way of its inputs' mean and deviation."""
    moments: dict[str, tuple[Tensor, Tensor]] = {}

    def note(name: str, inputs: Tensor) -> None:
        moments[name] = (
            inputs.mean(dim=(0, 2, 3)),
            inputs.var(dim=(0, 2, 3), unbiased=False),
        )

    handles = []
    for name, module in normalisations.items():
        _set(module, torch.zeros_like(added[name]), torch.ones_like(added[name]), added[name])
        hook = partial(lambda name, _, inputs: note(name, inputs[0]), name)
        handles.append(module.register_forward_pre_hook(hook))
    network.eval()(scaled(images[:_IMAGES]))
    for handle in handles:
        handle.remove()
    for name, module in normalisations.items():
        _set(module, *moments[name], added[name])


def _set(module: nn.BatchNorm2d, mean: Tensor, variance: Tensor, added: Tensor) -> None:
    """Let `module` take off the mean, divide by the deviation, and undo both but for `added`."""
    assert module.running_mean is not None
    assert module.running_var is not None
    module.running_mean.copy_(mean)
    module.running_var.copy_(variance)
    module.weight.copy_(torch.sqrt(variance + module.eps))
    module.bias.copy_(mean + added)

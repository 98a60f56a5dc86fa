"""What is exported as HTML or C: a trained network, its metadata and its training images."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.torch import load
from torch import nn

from tendigits.classifiers import ModelInfo, pretrained_models
from tendigits.classifiers.model_file import load_model_bytes
from tendigits.data import CATALOGUE, LabelledImages, load_dataset
from tendigits.errors import ModelError, RunError
from tendigits.export.model_file import describe, evenly_spaced
from tendigits.networks import build_classifier
from tendigits.training import Run, load_network, load_run, load_run_data
from tendigits.training.distillation import held_out_sha256
from tendigits.training.fine_tuning import read_model_and_weights, recipe_of_model
from tendigits.training.training_data import split_images

CHECK_IMAGES = 1000


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """A trained network of a run, or of a model file with its weights beside it.

    Attributes:
        source: the run folder, the file or the pretrained model's name, for messages.
        network: the network, in evaluation mode.
        info: its metadata, as in a float32 model file.
        training: the images that it was trained on.
        held_out: its validation images; none where the recipe holds none out.
    """

    source: str
    network: nn.Module
    info: ModelInfo
    training: LabelledImages
    held_out: LabelledImages

    @property
    def name(self) -> str:
        """Its source without the folder that it is in, for files that leave this machine."""
        return Path(self.source).name

    @property
    def check_images(self) -> LabelledImages:
        """The images to compare an exported file on: held out, or else 1,000 trained on."""
        few = evenly_spaced(np.arange(len(self.training)), CHECK_IMAGES)
        return self.held_out if len(self.held_out) else self.training.subset(few)


def load_trained(model: str | Path | Run) -> TrainedModel:
    """Load what is to be exported.

    Args:
        model: a run or its folder, a model file with its weights beside it, or the name of a
            pretrained model.

    Raises:
        RunError: there is no trained and tested run of a classifier, its data set has changed, or
            the weights are missing or damaged.
        ModelError: the file is damaged, or no model file.
        DataError: the data set is not available.
    """
    if isinstance(model, Run):
        return _of_run(model)
    path = pretrained_models().get(str(model), Path(model))
    return _of_file(str(model)) if path.is_file() else _of_run(load_run(path))


def _of_run(run: Run) -> TrainedModel:
    if run.recipe.pages is not None:
        raise ModelError(f"The run {run.folder} trained a finder; give NAME.onnx to export it.")
    if not run.is_tested:
        raise RunError(
            f"The run {run.folder} is not trained and tested; resume with: {run.command_to_resume}"
        )
    network = load_network(run)
    images = load_run_data(run).train
    return TrainedModel(
        source=str(run.folder),
        network=network,
        info=describe(run, network, "float32"),
        training=images.subset(run.split.train),
        held_out=images.subset(run.split.validation),
    )


def _of_file(model: str) -> TrainedModel:
    data, weights = read_model_and_weights(model)
    info = load_model_bytes(data, model, threads=1).info
    other_images = RunError(
        f"The model {model} was trained on other images than those of {info.data} now; export its "
        "run."
    )
    if info.data not in CATALOGUE:
        raise other_images
    recipe = recipe_of_model(info, model)
    try:
        network = build_classifier(recipe)
        network.load_state_dict(load(weights))
    except (ValueError, RuntimeError, SafetensorError) as error:
        raise RunError(
            f"The weights beside {model} are not those of its recipe; export its run again."
        ) from error
    dataset = load_dataset(info.data)
    split = split_images(recipe, dataset.train.labels)
    if dataset.checksums != info.data_sha256 or held_out_sha256(split) != info.held_out_sha256:
        raise other_images
    return TrainedModel(
        source=model,
        network=network.eval(),
        info=info,
        training=dataset.train.subset(split.train),
        held_out=dataset.train.subset(split.validation),
    )

"""Compare settings of a recipe by their errors on all 60,000 training images, out of fold.

In each of five folds a network is trained on 48,000 images and predicts the other 12,000, so that
0.05 points are 30 errors, and the test set stays closed. Two settings are compared on the same
images: by those that only one of them gets right (an exact sign test). Each training has one
thread, and as many run at a time as there are cores; after an interruption, a second call
continues. The predictions are kept in `runs/out-of-fold/`.

python benchmarks/out_of_fold.py fast --against network.stem_channels=16 epochs=3
"""

import argparse
import hashlib
import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest
from sklearn.model_selection import StratifiedKFold

from tendigits.data import Split, load_dataset
from tendigits.errors import RecipeError
from tendigits.files import atomic_write
from tendigits.networks import build_network, classifier_of_network, count_outputs
from tendigits.recipes import Recipe, load_recipe, parse_setting
from tendigits.training import TrainingState, describe_environment, fit
from tendigits.training.environment import computing_threads
from tendigits.training.training_data import build_training_data

RUNS = Path("runs/out-of-fold")
FOLDS = 5


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """The predictions of all training images by networks that were not trained on them.

    Attributes:
        predicted: (60000,) int64.
        seconds: the CPU time of one training, in the median of the folds.
    """

    predicted: NDArray[np.int64]
    seconds: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", help="a recipe's name or file, the first of the compared")
    parser.add_argument("--set", dest="settings", nargs="*", default=[], metavar="NAME=VALUE")
    parser.add_argument("--against", nargs="*", action="append", default=[], metavar="NAME=VALUE")
    arguments = parser.parse_args()
    base = arguments.settings
    compared = [base, *([*base, *changes] for changes in arguments.against)]
    try:
        recipes = [
            load_recipe(arguments.recipe, dict(map(parse_setting, each))) for each in compared
        ]
    except RecipeError as error:
        parser.error(str(error))
    if any(each.members > 1 or each.pages or each.distillation for each in recipes):
        parser.error("ensembles, finders and distillation cannot be compared out of fold")
    results = predict_all(recipes)
    labels = load_dataset("mnist").train.labels
    for number, (settings, result) in enumerate(zip(compared, results, strict=True)):
        wrong = result.predicted != labels
        line = f"{wrong.sum()} errors of {len(labels):,} ({100 - 100 * wrong.mean():.3f} %)"
        line += f", {result.seconds:.0f} s of CPU time a fold"
        if number:
            line += f"; {comparison(wrong, results[0].predicted != labels)}"
        print(f"{arguments.recipe} {' '.join(settings)}: {line}")


def comparison(wrong: NDArray[np.bool_], before: NDArray[np.bool_]) -> str:
    """Return in words how the errors `wrong` compare with those of the first settings."""
    better, worse = int((before & ~wrong).sum()), int((wrong & ~before).sum())
    p = binomtest(worse, worse + better).pvalue if worse + better else 1.0
    return f"{better} images better, {worse} worse than the first (p = {p:.3g})"


def predict_all(recipes: Sequence[Recipe]) -> list[OutOfFold]:
    """Return the predictions of each recipe; its folds are trained where they are not kept."""
    jobs = len(os.sched_getaffinity(0))
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        each = [
            [pool.submit(train_fold, recipe, fold) for fold in range(FOLDS)] for recipe in recipes
        ]
        finished = [[training.result() for training in trainings] for trainings in each]
    return [joined(paths) for paths in finished]


def joined(paths: Sequence[Path]) -> OutOfFold:
    parts = [np.load(path) for path in paths]
    predicted = np.zeros(sum(len(part["held_out"]) for part in parts), np.int64)
    for part in parts:
        predicted[part["held_out"]] = part["predicted"]
    return OutOfFold(predicted, float(np.median([part["seconds"] for part in parts])))


def train_fold(recipe: Recipe, fold: int) -> Path:
    """Train on four of the folds, predict the other one, and return the file of its predictions."""
    key = hashlib.sha256(recipe.to_toml().encode()).hexdigest()[:16]
    path = RUNS / f"{recipe.name}-{key}-{fold}.npz"
    if path.exists():
        return path
    data = load_dataset("mnist").train
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    trained_on, held_out = list(folds.split(data.images, data.labels))[fold]
    started = time.process_time()
    with computing_threads(1):
        network = fit(
            TrainingState.initial(
                build_network(recipe.network, recipe.seed + fold, count_outputs(recipe)), recipe
            ),
            build_training_data(recipe, data, Split(trained_on, held_out)),
            recipe,
            precision=describe_environment(precision=recipe.precision).torch_precision,
        )
        seconds = time.process_time() - started
        predictions = classifier_of_network(network).predict(data.images[held_out])
    RUNS.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as partial, partial.open("wb") as file:
        np.savez(file, held_out=held_out, predicted=predictions.predicted, seconds=seconds)
    return path


if __name__ == "__main__":
    main()

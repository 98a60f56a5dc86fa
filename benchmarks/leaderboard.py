"""Published recipes, retrained with this package: what they claim and what they reach.

The networks are those of `benchmarks/published/`, and recipes of this package. After every epoch a
network is tested on MNIST's test images, as the published ones were; that shows what choosing the
best epoch by the test set adds. The figure that counts is that of the last epoch, which nothing
was chosen for. Each training has one thread, and as many run at a time as there are cores; after an
interruption, a second call resumes them. They are kept in `runs/leaderboard/`, by their settings: a
changed recipe is trained again. Writes `benchmarks/results/leaderboard.json`, and updates the table
and the picture of the docs.

python benchmarks/leaderboard.py lenet5 deotte --seeds 3
"""

import argparse
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from itertools import chain
from multiprocessing import get_context
from pathlib import Path

from leaderboard_table import draw_leaderboard
from tables import RESULTS, read, update_pages
from tendigits.data import load_dataset
from tendigits.errors import RecipeError, RunError
from tendigits.files import write_json
from tendigits.networks import build_network, count_multiply_adds, count_parameters
from tendigits.recipes import Recipe, load_recipe, shipped_recipes
from tendigits.scale.sweep import run_name
from tendigits.training import EpochResult, TrainingState, describe_environment, fit, read_history
from tendigits.training.checkpoint import find_checkpoints, load_checkpoint, save_checkpoint
from tendigits.training.environment import computing_threads
from tendigits.training.history import write_history
from tendigits.training.training_data import build_training_data, split_images

RESULT = RESULTS / "leaderboard.json"
PUBLISHED = Path(__file__).parent / "published"
RUNS = Path("runs/leaderboard")
DATA = "mnist"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    published = sorted(path.stem for path in PUBLISHED.glob("*.toml"))
    parser.add_argument("recipes", nargs="*", default=published, metavar="RECIPE")
    parser.add_argument("--seeds", type=int, default=5)
    arguments = parser.parse_args()
    seeds = range(arguments.seeds)
    try:  # before the first training, so that errors come at once
        recipes = {name: [recipe_of(name, seed) for seed in seeds] for name in arguments.recipes}
    except RecipeError as error:
        parser.error(str(error))
    jobs = len(os.sched_getaffinity(0))
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        trainings = {pool.submit(train, each): each for each in chain(*recipes.values())}
        for training in as_completed(trainings):
            history, recipe = training.result(), trainings[training]
            line = history[-1].line(len(history))
            print(f"{recipe.name}, seed {recipe.seed}: {line}", flush=True)
    result = read(RESULT) if RESULT.exists() else {"recipes": {}}
    for name, seeded in recipes.items():
        result["recipes"][name] = describe(seeded)
    result["environment"] = asdict(describe_environment(threads=1, precision="auto"))
    write_json(RESULT, result)
    update_pages()
    draw_leaderboard(result)


def recipe_of(name: str, seed: int = 0) -> Recipe:
    shipped = name in shipped_recipes()
    recipe = load_recipe(name if shipped else PUBLISHED / f"{name}.toml", {"seed": seed})
    if recipe.members > 1 or recipe.pages or recipe.distillation or recipe.ood:
        raise RecipeError(
            f"{name} has members, pages, distillation or ood, which are not trained here; choose "
            "another recipe."
        )
    return recipe


def folder_of(recipe: Recipe) -> Path:
    """Return the folder of a training; other settings have another one."""
    return RUNS / run_name(recipe, DATA)


def train(recipe: Recipe) -> list[EpochResult]:
    """Train a recipe from its newest checkpoint; return its results, with those of the test set."""
    folder = folder_of(recipe)
    folder.mkdir(parents=True, exist_ok=True)
    data = load_dataset(DATA)
    split = split_images(recipe, data.train.labels)
    state = TrainingState.initial(build_network(recipe.network, recipe.seed), recipe)
    state.history = restored(folder, state)

    def keep(_result: EpochResult) -> None:
        write_history(folder / "history.csv", state.history)
        save_checkpoint(folder / "checkpoints", state)

    with computing_threads(1):
        fit(
            state,
            build_training_data(recipe, data.train, split),
            recipe,
            validation=data.test,
            precision=describe_environment(precision=recipe.precision).torch_precision,
            on_epoch=keep,
        )
    return state.history


def restored(folder: Path, state: TrainingState) -> list[EpochResult]:
    """Load the newest undamaged checkpoint into `state`; return the results up to its epoch."""
    for path in find_checkpoints(folder / "checkpoints"):
        try:
            return read_history(folder / "history.csv")[: load_checkpoint(path, state)]
        except RunError as error:
            print(error)
    return []


def describe(recipes: Sequence[Recipe]) -> dict[str, object]:
    """Return the size of a network, and the seconds and accuracies of its training by each seed.

    Args:
        recipes: those of the trainings, which differ in their seed alone.
    """
    network = build_network(recipes[0].network, seed=0)
    histories = [read_history(folder_of(recipe) / "history.csv") for recipe in recipes]
    return {
        "epochs": recipes[0].epochs,
        "parameters": count_parameters(network),
        "multiply_adds": count_multiply_adds(network),
        "runs": [
            {
                "seconds": [result.seconds for result in history],
                "test_accuracy": [result.val_accuracy for result in history],
            }
            for history in histories
        ],
    }


if __name__ == "__main__":
    main()

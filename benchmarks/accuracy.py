"""The test accuracy of each recipe over several seeds: the figures in the docs.

A run uses the test set once, after its last epoch; no run is left out. Each run has one thread,
and as many run at a time as there are cores. After an interruption, a second call resumes the
runs. The run folders are kept in `runs/accuracy/`. Writes
`benchmarks/results/accuracy-<recipe>.json` and updates the tables of the docs.
"""

import argparse
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import tendigits
from tables import RESULTS, update_pages
from tendigits.files import write_json
from tendigits.recipes import load_recipe, shipped_recipes
from tendigits.scale.sweep import Sweep, describe_sweep, train_sweep
from tendigits.training import Run, read_history

RUNS = Path("runs/accuracy")
SEEDS = {"mlp": 10, "fast": 20}
DEFAULT_SEEDS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    classifiers = [name for name in shipped_recipes() if load_recipe(name).pages is None]
    parser.add_argument("recipes", nargs="*", default=classifiers, metavar="RECIPE")
    recipes = parser.parse_args().recipes
    if unknown := sorted(set(recipes) - set(classifiers)):
        parser.error(f"{unknown[0]} is none of the recipes {', '.join(classifiers)}.")
    for name in recipes:
        seeds = range(SEEDS.get(name, DEFAULT_SEEDS))
        jobs = len(os.sched_getaffinity(0))
        runs = train_sweep(Sweep((load_recipe(name),), seeds, "mnist", RUNS, jobs), print)
        print(describe_sweep(runs))
        write_result(name, runs)
    update_pages()


def write_result(recipe: str, runs: list[Run]) -> None:
    result: dict[str, Any] = {
        "recipe": recipe,
        "settings": tendigits.load_recipe(recipe).model_dump(exclude={"seed"}),
        "environment": asdict(runs[0].environment),
        "runs": [figures(run) for run in runs],
    }
    RESULTS.mkdir(exist_ok=True)
    write_json(RESULTS / f"accuracy-{recipe}.json", result)


def figures(run: Run) -> dict[str, float | None]:
    metrics = json.loads(run.metrics_file.read_text(encoding="utf-8"))
    validation = None
    if run.validation.exists():
        validation = json.loads(run.validation.read_text(encoding="utf-8"))["accuracy"]
    return {
        "seed": run.recipe.seed,
        "test_accuracy": metrics["accuracy"],
        "test_loss": metrics["loss"],
        "val_accuracy": validation,
        "training_seconds": training_seconds(run),
    }


def training_seconds(run: Run) -> float:
    """Return the time of a run's training, with that of its members."""
    parts = [*run.members, run] if run.recipe.teaches_itself else run.members
    return sum(result.seconds for part in parts for result in read_history(part.history_file))


if __name__ == "__main__":
    main()

"""The test accuracy of each recipe over several seeds: the figures in the docs.

A run uses the test set once, after its last epoch; no run is left out. Each run has one thread,
and as many run at a time as there are cores. After an interruption, a second call resumes the
runs. The run folders are kept in `runs/accuracy/`. Writes
`benchmarks/results/accuracy-<recipe>.json` and updates the tables of the docs.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import tendigits
from tables import RESULTS, update_pages
from tendigits.files import to_json, write_json
from tendigits.recipes import load_recipe, shipped_recipes
from tendigits.training import Run, read_history

RUNS = Path("runs/accuracy")
SEEDS = {"mlp": 10}
DEFAULT_SEEDS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    classifiers = [name for name in shipped_recipes() if load_recipe(name).pages is None]
    parser.add_argument("recipes", nargs="*", default=classifiers, metavar="RECIPE")
    recipes = parser.parse_args().recipes
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as cores:
        started = {
            recipe: [
                cores.submit(train, recipe, seed)
                for seed in range(SEEDS.get(recipe, DEFAULT_SEEDS))
            ]
            for recipe in recipes
        }
        for recipe, runs in started.items():
            write_result(recipe, [run.result() for run in runs])
    update_pages()


def train(recipe: str, seed: int) -> Run:
    """Start or resume the run unless it is complete; return it."""
    folder = folder_of(recipe, seed)
    if not folder.exists():
        tendigits_command(
            *("train", recipe, "--seed", str(seed), "--threads", "1", "--out", str(folder))
        )
    elif not tendigits.load_run(folder).is_complete:
        tendigits_command("train", "--resume", str(folder))
    run = tendigits.load_run(folder)
    accuracy = json.loads(run.metrics_file.read_text(encoding="utf-8"))["accuracy"]
    print(f"{recipe} seed {seed}: test {100 * accuracy:.2f} %", flush=True)
    return run


def folder_of(recipe: str, seed: int) -> Path:
    """Return the folder of a run; it depends on the recipe's settings."""
    settings = tendigits.load_recipe(recipe).model_dump(exclude={"seed", "description"})
    digest = hashlib.sha256(to_json(settings).encode()).hexdigest()[:8]
    return RUNS / f"{recipe}-{digest}-seed{seed}"


def tendigits_command(*words: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "tendigits", *words], check=True, stdout=subprocess.DEVNULL
    )


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
        "training_seconds": sum(result.seconds for result in read_history(run.history_file)),
    }


if __name__ == "__main__":
    main()

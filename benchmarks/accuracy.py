"""Each recipe's test accuracy over its seeds: the figures that the README gives.

A run opens the test set once, after its last epoch; no run is left out. Stopped at any point,
a second call goes on where the first was. Writes `benchmarks/results/accuracy-<recipe>.json`
and brings the README's table up to date.
"""

import argparse
import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import tendigits
from figures_in_readme import RESULTS, update_readme
from tendigits.files import write_json
from tendigits.recipes import shipped_recipes
from tendigits.training import describe_environment, read_history

SEEDS = {"mlp": 10}
DEFAULT_SEEDS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipes", nargs="*", default=list(shipped_recipes()), metavar="RECIPE")
    for recipe in parser.parse_args().recipes:
        measure_recipe(recipe)
    update_readme()


def measure_recipe(recipe: str) -> None:
    path = RESULTS / f"accuracy-{recipe}.json"
    result = begin_result(recipe, path)
    done = {run["seed"] for run in result["runs"]}
    for seed in range(SEEDS.get(recipe, DEFAULT_SEEDS)):
        if seed not in done:
            result["runs"].append(measure_seed(recipe, seed))
            write_json(path, result)
        run = next(run for run in result["runs"] if run["seed"] == seed)
        print(f"{recipe} seed {seed}: test {100 * run['test_accuracy']:.2f} %", flush=True)


def begin_result(recipe: str, path: Path) -> dict[str, Any]:
    """Return the result so far, unless it was measured with another recipe."""
    loaded = tendigits.load_recipe(recipe)
    settings = loaded.model_dump(exclude={"seed"})
    if path.exists():
        result: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if result["settings"] == settings:
            return result
    RESULTS.mkdir(exist_ok=True)
    environment = asdict(describe_environment(precision=loaded.precision))
    return {"recipe": recipe, "settings": settings, "environment": environment, "runs": []}


def measure_seed(recipe: str, seed: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        run = tendigits.train(recipe, {"seed": seed}, out=Path(folder) / "run", quiet=True)
        history = read_history(run.history)
        metrics = json.loads(run.metrics.read_text(encoding="utf-8"))
    return {
        "seed": seed,
        "test_accuracy": metrics["accuracy"],
        "test_loss": metrics["loss"],
        "val_accuracy": history[-1].val_accuracy,
        "training_seconds": sum(result.seconds for result in history),
    }


if __name__ == "__main__":
    main()

"""Writes the README's tables from `benchmarks/results/*.json`, so that no figure is typed."""

import json
import statistics
from pathlib import Path
from typing import Any

from tendigits.files import write_text
from tendigits.networks import build_network, count_parameters
from tendigits.recipes import load_recipe

RESULTS = Path(__file__).parent / "results"
README = Path(__file__).parent.parent / "README.md"


def update_readme() -> None:
    """Put the tables between the README's markers."""
    write_text(README, with_figures(README.read_text(encoding="utf-8")))


def with_figures(readme: str) -> str:
    """Return `readme` with each table made anew."""
    tables = {"demo": demo_output(), "accuracy": accuracy_table(), "speed": speed_table()}
    for name, table in tables.items():
        before, start, rest = readme.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition(f"<!-- /{name} -->")
        readme = before + start + table + end + after
    return readme


def demo_output() -> str:
    """Return what `make demo` printed: `benchmarks/results/demo.txt`, kept by that command."""
    return f"```\n{(RESULTS / 'demo.txt').read_text(encoding='utf-8')}```\n"


def accuracy_table() -> str:
    """Return a row a recipe: its mean test accuracy with spread, n and machine."""
    rows = [
        "| recipe | parameters | test accuracy: mean ± sd (seeds; range) | validation | training "
        "| command |",
        "|---|---|---|---|---|---|",
    ]
    results = [read(path) for path in sorted(RESULTS.glob("accuracy-*.json"))]
    rows += [accuracy_row(result) for result in results]
    machines = {machine(result["environment"]) for result in results}
    return "\n".join(rows) + f"\n\nMachine: {'; '.join(sorted(machines))}.\n"


def accuracy_row(result: dict[str, Any]) -> str:
    recipe = load_recipe(result["recipe"])
    tests = [100 * run["test_accuracy"] for run in result["runs"]]
    validations = [100 * run["val_accuracy"] for run in result["runs"]]
    seconds = [run["training_seconds"] for run in result["runs"]]
    parameters = count_parameters(build_network(recipe.network, seed=0))
    return (
        f"| `{recipe.name}` | {parameters:,} "
        f"| {statistics.mean(tests):.2f} ± {statistics.stdev(tests):.2f} % "
        f"({len(tests)}; {min(tests):.2f} to {max(tests):.2f}) "
        f"| {statistics.mean(validations):.2f} ± {statistics.stdev(validations):.2f} % "
        f"| {statistics.median(seconds):.1f} s "
        f"| `python benchmarks/accuracy.py {recipe.name}` |"
    )


def speed_table() -> str:
    """Return the notebook's way beside `tendigits train mlp`: medians and ratios."""
    result = read(RESULTS / "seed.json")
    rows = [
        "| `make bench-seed` | training | whole process | peak memory | test accuracy |",
        "|---|---|---|---|---|",
        *(speed_row(title, key, result) for title, key in SPEED_ROWS),
        f"| times as fast | **{result['ratios']['training']:.1f}** "
        f"| {result['ratios']['process']:.1f} | | |",
    ]
    costs = result["step_milliseconds"]
    whole = costs["whole step"]
    rows += ["", "| one step of `mlp` | ms | share |", "|---|---|---|"]
    rows += [
        f"| {part} | {cost:.3f} | {100 * cost / whole:.0f} % |" for part, cost in costs.items()
    ]
    pairs = len(result["pairs"])
    return "\n".join(rows) + (
        f"\n\nMedians of {pairs} pairs, run in turn on {machine(result['environment'])}.\n"
    )


SPEED_ROWS = (("the notebook's way (Keras)", "notebook"), ("`tendigits train mlp`", "tendigits"))


def speed_row(title: str, key: str, result: dict[str, Any]) -> str:
    def median(name: str) -> float:
        return float(statistics.median(pair[key][name] for pair in result["pairs"]))

    return (
        f"| {title} | {median('training_seconds'):.1f} s | {median('process_seconds'):.1f} s "
        f"| {median('peak_mib'):,.0f} MiB | {100 * median('test_accuracy'):.2f} % |"
    )


def machine(environment: dict[str, Any]) -> str:
    """Return the machine and versions that figures were measured with, in a phrase."""
    return (
        f"{environment['cpu']}, {environment['threads']} threads, {environment['precision']}, "
        f"torch {environment['versions']['torch']}"
    )


def read(path: Path) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return result


if __name__ == "__main__":
    update_readme()

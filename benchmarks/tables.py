"""Fill the tables of README.md and docs/ from `benchmarks/results/`; no figure is entered by hand.

python benchmarks/tables.py
"""

import json
import re
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

from c_header_table import c_header_table
from leaderboard_table import Curve, duration, leaderboard_table, time_to
from page_table import page_table
from picture_table import confidence_table, pictures_table
from scale_tables import scale_tables
from security_tables import clients_table, hostile_table
from tendigits import Report, read_report
from tendigits.classifiers.model_file import pretrained_reports
from tendigits.files import write_text
from tendigits.networks import build_classifier, count_multiply_adds, count_parameters
from tendigits.recipes import load_recipe

RESULTS = Path(__file__).parent / "results"
ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
# In a page, the markers `<!-- NAME -->` and `<!-- /NAME -->` stand around a table.
TABLE = re.compile(r"<!-- (?P<name>[a-z-]+) -->\n.*?<!-- /(?P=name) -->", re.DOTALL)


def update_pages() -> None:
    """Fill the tables of all pages."""
    for page in PAGES:
        write_text(page, with_tables(page.read_text(encoding="utf-8")))


def with_tables(text: str) -> str:
    """Return the text of a page with its tables filled.

    Raises:
        KeyError: the page has the markers of an unknown table.
    """
    return TABLE.sub(filled, text)


def filled(match: re.Match[str]) -> str:
    name = match["name"]
    return f"<!-- {name} -->\n{TABLES[name]()}<!-- /{name} -->"


def demo_output() -> str:
    """Return what `make demo` printed: `benchmarks/results/demo.txt`, kept by that command."""
    return f"```text\n{(RESULTS / 'demo.txt').read_text(encoding='utf-8')}```\n"


def accuracy_table() -> str:
    """Return one row per recipe: its mean test accuracy with spread, n and machine."""
    rows = [
        "| recipe | parameters | multiply-adds | test accuracy: mean ± sd (seeds; range) "
        "| validation accuracy | training, one thread | command |",
        "|---|---|---|---|---|---|---|",
    ]
    results = [read(path) for path in sorted(RESULTS.glob("accuracy-*.json"))]
    results.sort(key=mean_test_accuracy)
    rows += [accuracy_row(result) for result in results]
    recipes: dict[str, list[str]] = {}
    for result in results:
        recipes.setdefault(machine(result["environment"]), []).append(f"`{result['recipe']}`")
    machines = "; ".join(f"{name} ({', '.join(recipes[name])})" for name in sorted(recipes))
    return "\n".join(rows) + f"\n\nMachine: {machines}.\n"


def accuracy_row(result: dict[str, Any]) -> str:
    recipe = load_recipe(result["recipe"])
    tests = [100 * run["test_accuracy"] for run in result["runs"]]
    seconds = statistics.median(run["training_seconds"] for run in result["runs"])
    network = build_classifier(recipe)
    return (
        f"| `{recipe.name}` | {count_parameters(network):,} "
        f"| {count_multiply_adds(network) / 1e6:.1f} M "
        f"| {mean_and_deviation(tests)} ({len(tests)}; {min(tests):.2f} to {max(tests):.2f}) "
        f"| {validation_of(result)} | {duration(seconds)} "
        f"| `python benchmarks/accuracy.py {recipe.name}` |"
    )


def validation_of(result: dict[str, Any]) -> str:
    accuracies = [run["val_accuracy"] for run in result["runs"]]
    if None in accuracies:
        return "none held out"
    return mean_and_deviation([100 * accuracy for accuracy in accuracies])


def mean_and_deviation(percentages: list[float]) -> str:
    return f"{statistics.mean(percentages):.2f} ± {statistics.stdev(percentages):.2f} %"


def mean_test_accuracy(result: dict[str, Any]) -> float:
    return float(statistics.mean(run["test_accuracy"] for run in result["runs"]))


MARKS = (0.99, 0.993, 0.995)
TRAININGS = {
    "keras": "Keras's example, 15 epochs",
    "pytorch": "PyTorch's example, 14 epochs",
    "fast": f"`tendigits train fast`, {load_recipe('fast').epochs} epochs",
}


def fast_table() -> str:
    """Return the time that `fast` and two well-known examples take to reach each accuracy."""
    result = read(RESULTS / "speed.json")
    rows = [
        "| `make bench-speed` | all epochs | to 99.0 % | to 99.3 % | to 99.5 % | final validation "
        "accuracy |",
        "|---|---|---|---|---|---|",
    ]
    runs = {
        kind: [epochs for turn, epochs in result["turns"].items() if turn.startswith(kind)]
        for kind in TRAININGS
    }
    rows += [training_row(title, runs[kind]) for kind, title in TRAININGS.items()]
    seconds = {kind: median_seconds(each) for kind, each in runs.items()}
    ratios = [f"{seconds[kind] / seconds['fast']:.1f}" for kind in ("keras", "pytorch")]
    return "\n".join(rows) + (
        f"\n\n`fast` trains {ratios[0]} times as fast as Keras's example and {ratios[1]} times as "
        "fast as PyTorch's. Only training steps are timed. Medians of "
        f"{len(runs['fast'])} runs of `fast`, made before, between and after the others, on "
        f"{machine(result['environment'])}; the examples compute in float32.\n"
    )


def training_row(title: str, runs: list[list[dict[str, float]]]) -> str:
    times = [time_to(mark, list(map(curve_of, runs))) for mark in MARKS]
    last = statistics.median(epochs[-1]["val_accuracy"] for epochs in runs)
    return (
        f"| {title} | {duration(median_seconds(runs))} | {' | '.join(times)} | {100 * last:.2f} % |"
    )


def median_seconds(runs: list[list[dict[str, float]]]) -> float:
    return statistics.median(epochs[-1]["seconds"] for epochs in runs)


def curve_of(epochs: list[dict[str, float]]) -> Curve:
    return [(epoch["seconds"], epoch["val_accuracy"]) for epoch in epochs]


def speed_table() -> str:
    """Return how the notebook compares with `tendigits train mlp`: medians and ratios."""
    result = read(RESULTS / "notebook.json")
    rows = [
        "| `make bench-notebook` | training | whole process | peak memory | test accuracy |",
        "|---|---|---|---|---|",
        *(speed_row(title, key, result) for title, key in SPEED_ROWS),
        f"| speed-up | **{result['ratios']['training']:.1f}** "
        f"| {result['ratios']['process']:.1f} | | |",
    ]
    costs = result["step_milliseconds"]
    whole = costs["whole step"]
    rows += ["", "| one step of `mlp` | ms | fraction |", "|---|---|---|"]
    rows += [
        f"| {part} | {cost:.3f} | {100 * cost / whole:.0f} % |" for part, cost in costs.items()
    ]
    pairs = len(result["pairs"])
    return "\n".join(rows) + (
        f"\n\nMedians of {pairs} pairs of runs, in turn, on {machine(result['environment'])}.\n"
    )


SPEED_ROWS = (("the notebook (Keras)", "notebook"), ("`tendigits train mlp`", "tendigits"))


def speed_row(title: str, key: str, result: dict[str, Any]) -> str:
    def median(name: str) -> float:
        return float(statistics.median(pair[key][name] for pair in result["pairs"]))

    return (
        f"| {title} | {median('training_seconds'):.1f} s | {median('process_seconds'):.1f} s "
        f"| {median('peak_mib'):,.0f} MiB | {100 * median('test_accuracy'):.2f} % |"
    )


def reading_table() -> str:
    """Return how fast pictures are read."""
    result = read(RESULTS / "reading.json")
    rows = [
        "| images/s of the network alone | batches of 1 | of 32 | of 1,024 |",
        "|---|---|---|---|",
    ]
    rates: dict[tuple[str, str], list[str]] = {}
    for row in result["network"]:
        rates.setdefault((row["model"], row["runtime"]), []).append(
            f"{row['images_per_second']:,.0f}"
        )
    rows += [
        f"| `{model}`, {runtime} | {' | '.join(each)} |" for (model, runtime), each in rates.items()
    ]
    steps = list(result["pipeline"][0]["fractions"])
    rows += [
        "",
        f"| all steps | pictures/s | {' | '.join(steps)} |",
        "|---" * (len(steps) + 2) + "|",
    ]
    rows += [
        f"| {way['kind']} | {way['pictures_per_second']:.0f} | "
        + " | ".join(f"{100 * way['fractions'][step]:.0f} %" for step in steps)
        + " |"
        for way in result["pipeline"]
    ]
    return "\n".join(rows) + (
        f"\n\nA new process takes {result['process_seconds']:.2f} s to its first result. "
        f"`make bench-read`, on {machine(result['environment'])}.\n"
    )


def read_mnist_table() -> str:
    """Return how MNIST's test images are read as pictures: one row per seed, and the mean."""
    result = read(RESULTS / "read-mnist.json")
    columns = ("accuracy", "rejected", "calibration_error", "accuracy_at_99", "coverage_at_99")
    runs = result["runs"]
    mean = {name: statistics.mean(run[name] for run in runs) for name in columns}
    rows = [
        "| `read_mnist.py` | accuracy | rejected | calibration error | accuracy at confidence "
        "≥ 99 % | coverage at confidence ≥ 99 % |",
        "|---|---|---|---|---|---|",
    ]
    for name, run in [*((f"seed {run['seed']}", run) for run in runs), ("**mean**", mean)]:
        rows.append(
            f"| {name} | {100 * run['accuracy']:.2f} % | {100 * run['rejected']:.2f} % "
            f"| {run['calibration_error']:.4f} | {100 * run['accuracy_at_99']:.2f} % "
            f"| {100 * run['coverage_at_99']:.1f} % |"
        )
    return "\n".join(rows) + "\n"


def serve_table() -> str:
    """Return how many pictures per second are read over HTTP, here and by a plain endpoint."""
    result = read(RESULTS / "serve.json")
    rows = [
        "| `make bench-serve` | connections | requests/s | p50 | p99 | errors | memory |",
        "|---|---|---|---|---|---|---|",
    ]
    rows += [
        f"| {SERVERS[row['server']]} | {row['connections']} | {row['requests_per_second']:.0f} "
        f"| {row['p50_ms']:.0f} ms | {row['p99_ms']:.0f} ms | {row['errors']} "
        f"| {row['memory_mib']:.0f} MiB |"
        for row in result["rows"]
    ]
    rates = {
        row["server"]: row["requests_per_second"]
        for row in result["rows"]
        if row["connections"] == 64
    }
    return "\n".join(rows) + (
        f"\n\nEach row has {result['workers']} worker processes. At 64 connections, "
        f"{rates['tendigits'] / rates['plain']:.1f} times the requests per second "
        f"of the plain endpoint; with the proxy, {rates['proxy'] / rates['tendigits']:.2f} times "
        f"those without. 280x280 PNGs, {result['seconds']} s per row, in turn; wrk and HAProxy run "
        f"on the same {result['environment']['cores']} cores, which had a load average of "
        f"{result['load']:.1f} before. {machine(result['environment'])}.\n"
    )


SERVERS = {
    "tendigits": "`tendigits serve`",
    "proxy": "two `tendigits serve` behind HAProxy",
    "plain": "plain FastAPI endpoint",
}


def reports_table() -> str:
    """Return the five figures that summarise the report of each pretrained model."""
    rows = [
        "| model | test accuracy (95 % interval) | negative log-likelihood | calibration error "
        "(ECE) | mean error, corrupted | mean AUROC, non-digits |",
        "|---|---|---|---|---|---|",
    ]
    reports = [read_report(path) for path in pretrained_reports().values()]
    return "\n".join([*rows, *(report_row(report) for report in reports)]) + "\n"


def report_row(report: Report) -> str:
    low, high = report.accuracy.metrics.interval_95
    shipped = report.calibration.final
    return (
        f"| `{report.name}` "
        f"| {100 * report.accuracy.metrics.accuracy:.2f} % ({100 * low:.2f} to {100 * high:.2f}) "
        f"| {shipped.negative_log_likelihood:.4f} | {shipped.calibration_error:.4f} "
        f"| {100 * report.corruptions.classifiers[0].mean:.1f} % "
        f"| {report.ood.mean_auroc:.3f} |"
    )


def machine(environment: dict[str, Any]) -> str:
    """Return the machine and the version of torch that figures were measured with."""
    threads = environment["threads"]
    return (
        f"{environment['cpu']}, {threads} thread{'s' if threads > 1 else ''}, "
        f"{environment['precision']}, torch {environment['versions']['torch']}"
    )


def read(path: Path) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return result


TABLES: dict[str, Callable[[], str]] = {
    "demo": demo_output,
    "accuracy": accuracy_table,
    "fast": fast_table,
    "speed": speed_table,
    "reading": reading_table,
    "read-mnist": read_mnist_table,
    "confidence": lambda: confidence_table(read(RESULTS / "confidence.json")),
    "pictures": lambda: pictures_table(read(RESULTS / "pictures.json")),
    "c-header": lambda: c_header_table(read(RESULTS / "c-header.json")),
    "pages": lambda: page_table(read(RESULTS / "pages.json")),
    "serve": serve_table,
    "reports": reports_table,
    "leaderboard": lambda: leaderboard_table(read(RESULTS / "leaderboard.json")),
    **scale_tables(RESULTS / "scale.json"),
    "hostile": lambda: hostile_table(read(RESULTS / "hostile.json")),
    "clients": lambda: clients_table(read(RESULTS / "clients.json")),
}


if __name__ == "__main__":
    update_pages()

"""Many runs: recipes trained with several seeds, a process and a run folder each."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from tendigits.errors import Interrupted, RunError
from tendigits.evaluation.compare import spread
from tendigits.files import to_json, write_text
from tendigits.recipes import Recipe
from tendigits.training import Run, load_run

# A run whose process is killed this often in a row has failed, perhaps for lack of memory.
ATTEMPTS = 3


@dataclass(frozen=True)
class Sweep:
    """Recipes to train with several seeds.

    Attributes:
        recipes: the recipes.
        seeds: the seeds, each of which every recipe is trained with.
        data: what `load_dataset` takes.
        folder: where the run folders are; those that are complete are not trained again.
        jobs: the number of runs at a time.
    """

    recipes: tuple[Recipe, ...]
    seeds: range
    data: str
    folder: Path
    jobs: int

    @property
    def threads(self) -> int:
        """The threads of each run; together they use all cores."""
        return max(1, len(os.sched_getaffinity(0)) // self.jobs)

    def run_folder(self, recipe: Recipe, seed: int) -> Path:
        """Return the folder of a run; its name depends on all settings and the data set."""
        settings = {**recipe.model_dump(exclude={"seed", "description"}), "data": self.data}
        digest = hashlib.sha256(to_json(settings).encode()).hexdigest()[:8]
        return self.folder / f"{recipe.name}-{digest}-seed{seed}"


@dataclass(frozen=True)
class Failure:
    """A run that failed.

    Attributes:
        name: the recipe and the seed.
        reason: the last line that its process wrote.
    """

    name: str
    reason: str


def train_sweep(sweep: Sweep, say: Callable[[str], None]) -> list[Run]:
    """Train every recipe with every seed, and return the runs, recipe by recipe.

    Called again, it resumes the runs that were stopped or killed.

    Args:
        sweep: what to train.
        say: receives a line for each run that ends.

    Raises:
        RunError: runs have failed; the others are complete.
        Interrupted: Ctrl-C was pressed.
    """
    sweep.folder.mkdir(parents=True, exist_ok=True)
    wanted = [(recipe, seed) for recipe in sweep.recipes for seed in sweep.seeds]
    with ThreadPoolExecutor(sweep.jobs) as pool:
        started = [pool.submit(_train, sweep, recipe, seed, say) for recipe, seed in wanted]
        try:
            results = [each.result() for each in started]
        except KeyboardInterrupt:  # the processes have received it, too
            pool.shutdown(cancel_futures=True)
            raise Interrupted("Stopped; the same command resumes the runs.") from None
    failures = [each for each in results if isinstance(each, Failure)]
    if failures:
        raise RunError(
            f"{len(failures)} of {len(wanted)} runs failed; the same command tries them again: "
            + "; ".join(f"{each.name} ({each.reason.rstrip('.')})" for each in failures)
            + "."
        )
    return [each for each in results if isinstance(each, Run)]


def describe_sweep(runs: Sequence[Run]) -> str:
    """Return mean, deviation and interval of each recipe's test accuracy, and paired differences.

    The difference of two recipes is taken seed by seed: for the same seed, initial weights, order
    of the images and split agree as far as the recipes do.
    """
    accuracies: dict[str, dict[int, float]] = {}
    for run in runs:
        by_seed = accuracies.setdefault(run.recipe.name, {})
        by_seed[run.recipe.seed] = 100 * run.metrics.accuracy
    lines = [_describe(name, list(each.values())) for name, each in accuracies.items()]
    for first, second in combinations(accuracies, 2):
        differences = [
            accuracies[second][seed] - value for seed, value in accuracies[first].items()
        ]
        lines.append(_describe_difference(f"{second} - {first}", differences))
    return "\n".join(lines)


def _describe(name: str, values: Sequence[float]) -> str:
    if len(values) == 1:
        return f"{name}, 1 seed: test accuracy {values[0]:.2f} %"
    figures = spread(values)
    low, high = figures.interval_95
    return (
        f"{name}, {figures.runs} seeds: test accuracy {figures.mean:.3f} ± "
        f"{figures.deviation:.3f} %, 95 % bootstrap interval of the mean {low:.3f} to {high:.3f} %"
    )


def _describe_difference(names: str, differences: Sequence[float]) -> str:
    if len(differences) == 1:
        return f"{names}: {differences[0]:+.2f} points"
    from scipy.stats import ttest_1samp  # noqa: PLC0415 - it takes half a second

    figures = spread(differences)
    low, high = figures.interval_95
    return (
        f"{names}: {figures.mean:+.3f} ± {figures.deviation:.3f} points, 95 % bootstrap interval "
        f"of the mean {low:+.3f} to {high:+.3f}, p = {ttest_1samp(differences, 0).pvalue:.2g} "
        "(paired t-test by seed)"
    )


def _train(sweep: Sweep, recipe: Recipe, seed: int, say: Callable[[str], None]) -> Run | Failure:
    """Start or resume a run until it is complete; return it, or why it failed."""
    folder, name = sweep.run_folder(recipe, seed), f"{recipe.name} seed {seed}"
    reason = "its process was killed"
    for _ in range(ATTEMPTS):
        try:
            run = load_run(folder) if folder.exists() else None
            if run is not None and run.is_complete:
                accuracy = run.metrics.accuracy
                say(f"{name}: test accuracy {100 * accuracy:.2f} %  {folder}")
                return run
        except RunError as error:
            reason = str(error)
            break
        process = _run_tendigits(*_words(sweep, recipe.changed({"seed": seed}), folder))
        if process.returncode > 0:  # not killed: it would fail again
            reason = (process.stderr.strip().splitlines() or [reason])[-1]
            break
    reason = reason.removeprefix("tendigits: ")
    say(f"{name}: failed: {reason}")
    return Failure(name, reason)


def _words(sweep: Sweep, recipe: Recipe, folder: Path) -> list[str]:
    """Return the words of the command that starts or resumes a run."""
    if folder.exists():
        return ["train", "--resume", str(folder)]
    file = folder.with_suffix(".toml")
    write_text(file, recipe.to_toml())
    options = ["--data", sweep.data, "--threads", str(sweep.threads), "--out", str(folder)]
    return ["train", str(file), *options]


def _run_tendigits(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tendigits", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )

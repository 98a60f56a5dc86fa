"""Many runs: recipes trained with several seeds, a process and a run folder each."""

import hashlib
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from tendigits.data import load_dataset
from tendigits.errors import Interrupted, RunError
from tendigits.evaluation.compare import spread
from tendigits.files import to_json, write_text
from tendigits.recipes import Recipe
from tendigits.scale import threads_of_each
from tendigits.training import Run, load_run

# A run whose process is killed this often has failed.
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
        return threads_of_each(self.jobs)

    @property
    def runs(self) -> dict[Path, Recipe]:
        """The folder of each run and its recipe with its seed; equal settings are one run."""
        seeded = [each.changed({"seed": seed}) for each in self.recipes for seed in self.seeds]
        return {self.folder / run_name(each, self.data): each for each in seeded}


@dataclass(frozen=True)
class Failure:
    """A run that failed.

    Attributes:
        name: the name of its folder.
        reason: the last line that its process wrote.
    """

    name: str
    reason: str


def run_name(recipe: Recipe, data: str) -> str:
    """Return a name for the folder of a run, NAME-CHECKSUM-seedSEED.

    The checksum depends on all settings but the seed and the description, and on the data set.
    """
    settings = {**recipe.model_dump(exclude={"seed", "description"}), "data": data}
    checksum = hashlib.sha256(to_json(settings).encode()).hexdigest()[:8]
    return f"{recipe.name}-{checksum}-seed{recipe.seed}"


def train_sweep(sweep: Sweep, say: Callable[[str], None]) -> list[Run]:
    """Train every recipe with every seed, and return the runs, recipe by recipe.

    Called again, it resumes the runs that were stopped or killed.

    Args:
        sweep: what to train.
        say: receives a line for each run that ends.

    Raises:
        DataError: the data set cannot be loaded.
        RunError: runs have failed; the others are complete. Or one was trained on other images.
        Interrupted: Ctrl-C was pressed.
    """
    _reject_other_images(sweep)
    sweep.folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(sweep.jobs) as pool:
        started = [pool.submit(_train, sweep, *each, say) for each in sweep.runs.items()]
        try:
            results = [each.result() for each in started]
        except KeyboardInterrupt:  # the processes have received it, too
            pool.shutdown(cancel_futures=True)
            raise Interrupted("Stopped; the same command resumes the runs.") from None
    failures = [each for each in results if isinstance(each, Failure)]
    if failures:
        raise RunError(
            f"{len(failures)} of {len(results)} runs failed; the same command tries them again: "
            + "; ".join(f"{each.name} ({each.reason.rstrip('.')})" for each in failures)
            + "."
        )
    return [each for each in results if isinstance(each, Run)]


def describe_sweep(runs: Sequence[Run]) -> str:
    """Return mean, deviation and interval of each recipe's test accuracy, and paired differences.

    The difference of two recipes is taken seed by seed: for the same seed, initial weights, order
    of the images and split agree as far as the recipes do. Recipes of one name are told apart by
    the checksum in the names of their folders.
    """
    accuracies = {
        name: {run.recipe.seed: 100 * run.metrics.accuracy for run in group}
        for name, group in _by_recipe(runs).items()
    }
    lines = [_describe(name, list(each.values())) for name, each in accuracies.items()]
    for first, second in combinations(accuracies, 2):
        differences = [
            accuracies[second][seed] - value for seed, value in accuracies[first].items()
        ]
        lines.append(_describe_difference(f"{second} - {first}", differences))
    return "\n".join(lines)


def _by_recipe(runs: Sequence[Run]) -> dict[str, list[Run]]:
    """Return the runs of each recipe by its name, or NAME-CHECKSUM where others share the name."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(run.folder.name.rpartition("-seed")[0], []).append(run)
    names = Counter(group[0].recipe.name for group in groups.values())
    return {
        checked if names[group[0].recipe.name] > 1 else group[0].recipe.name: group
        for checked, group in groups.items()
    }


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


def _reject_other_images(sweep: Sweep) -> None:
    """Raise a RunError if the data set has changed since one of the runs was started."""
    runs = [run for run in map(_existing_run, sweep.runs) if run is not None]
    checksums = load_dataset(sweep.data).checksums if runs else {}
    for run in runs:
        if run.data.sha256 != checksums:
            raise RunError(
                f"The run {run.folder} was trained on other images of {sweep.data}; choose another "
                "--out."
            )


def _existing_run(folder: Path) -> Run | None:
    try:
        return load_run(folder) if folder.exists() else None
    except RunError:
        return None  # it fails later by itself, so that the others are trained


def _train(sweep: Sweep, folder: Path, recipe: Recipe, say: Callable[[str], None]) -> Run | Failure:
    """Start or resume a run until it is complete; return it, or why it failed."""
    try:
        run = _complete(sweep, folder, recipe)
        accuracy = run.metrics.accuracy
    except RunError as error:
        reason = str(error)
        say(f"{folder.name}: failed: {reason}")
        return Failure(folder.name, reason)
    say(f"{recipe.name} seed {recipe.seed}: test accuracy {100 * accuracy:.2f} %  {folder}")
    return run


def _complete(sweep: Sweep, folder: Path, recipe: Recipe) -> Run:
    """Start or resume a run until it is complete.

    Raises:
        RunError: it has failed, its folder is damaged, or its process was killed too often.
    """
    for attempts_left in reversed(range(ATTEMPTS + 1)):
        run = load_run(folder) if folder.exists() else None
        if run is not None and run.is_complete:
            return run
        if attempts_left:
            process = _run_tendigits(*_words(sweep, folder, recipe))
            if process.returncode > 0:  # not killed: it would fail again
                raise RunError(_last_line(process.stderr))
    raise RunError(f"Its process was killed {ATTEMPTS} times, perhaps for lack of memory.")


def _last_line(errors: str) -> str:
    lines = errors.strip().splitlines() or ["Its process failed."]
    return lines[-1].removeprefix("tendigits: ")


def _words(sweep: Sweep, folder: Path, recipe: Recipe) -> list[str]:
    """Return the words of the command that starts or resumes a run."""
    if folder.exists():
        return ["train", "--resume", str(folder)]
    file = folder.with_name(f"{folder.name}.toml")
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

"""The model card of a finder, in Markdown."""

from collections.abc import Mapping, Sequence

from tendigits.data import LabelledImages
from tendigits.evaluation.finder_report import Counts, FinderMetrics
from tendigits.networks import build_network, count_multiply_adds, count_parameters
from tendigits.networks.finder import PAGE_SIDE
from tendigits.training.history import EpochResult
from tendigits.training.run_folder import Run


def finder_card(
    run: Run, history: Sequence[EpochResult], metrics: FinderMetrics, held_out: LabelledImages
) -> str:
    """Return the model card of a finder; every figure is also in a file of the run.

    Source of the form: M. Mitchell et al., "Model cards for model reporting", FAT* 2019.
    """
    recipe, environment = run.recipe, run.environment
    network = build_network(recipe.network, recipe.seed)
    seconds, steps = sum(result.seconds for result in history), _steps(run, history)
    multiply_adds = count_multiply_adds(network, PAGE_SIDE)
    versions = ", ".join(f"{name} {version}" for name, version in environment.versions.items())
    checksums = "\n".join(f"    {sha256}  {name}" for name, sha256 in run.data.sha256.items())
    return f"""# Model card: {recipe.name}

{recipe.description}

## Intended use
It finds digits and the marks `. , - / :` in grey pictures of any size: their boxes, and the
probabilities of their classes. It was trained on synthetic pages: digits of MNIST and of fonts,
drawn with many pens and captured as photos, scans and drawings, beside words, doodles, rules and
grids.
It cannot tell letters that look like digits from digits.

## Metrics
{metrics.summary()}.
The digits of these pages are the last {len(held_out):,} training images of MNIST, by other writers
than those of the pages trained on. A character counts as found where a box with a score of at least
{metrics.accepted} overlaps it by half. A page is exact if all of its digits were found and no
others. This is one run with one seed ({recipe.seed}).

{_page_table("kind of page", metrics.kinds)}

{_page_table("contrast", metrics.contrasts)}

{_page_table("lines of text", metrics.lines)}

{_character_table("characters", metrics.characters)}

{_character_table("height of digits in pixels", metrics.heights)}

![Loss and accuracy by epoch](plots/curves.png)
![What was found on validation pages](plots/found.png)

## Network
{count_parameters(network):,} parameters, {multiply_adds / 1e6:,.0f} million multiply-adds for
{PAGE_SIDE}x{PAGE_SIDE} pixels.

## Training
{steps:,} steps of {recipe.batch_size} pages, none of them seen twice, {seconds:,.0f} s. All
settings are in `recipe.toml`, the held-out digits in `split.json`, the results of each epoch in
`history.csv`.

## Data
`{run.data.name}`, SHA-256 of the uncompressed files:

{checksums}

## Environment
{environment.cpu}, {environment.cores} cores, {environment.threads} threads, {environment.device},
{environment.precision}, {environment.system}; Python {environment.python}, {versions};
revision {environment.git_revision or "unknown"}; {environment.started}.
"""


def _steps(run: Run, history: Sequence[EpochResult]) -> int:
    assert run.recipe.pages is not None
    return len(history) * run.recipe.pages.steps_per_epoch


def _page_table(title: str, groups: Mapping[str, Counts]) -> str:
    rows = [
        f"| {title} | pages | exact | characters | found | misread | missed | false alarms |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, counts in groups.items():
        if counts.pages and counts.exact is not None:
            rows.append(
                f"| {name} | {counts.pages:,} | {100 * counts.exact / counts.pages:.1f} % "
                f"{_character_cells(counts)}| {counts.false_alarms:,} |"
            )
    return "\n".join(rows)


def _character_table(title: str, groups: Mapping[str, Counts]) -> str:
    rows = [f"| {title} | number | found | misread | missed |", "|---|---|---|---|---|"]
    rows += [f"| {name} {_character_cells(counts)}|" for name, counts in groups.items()]
    return "\n".join(rows)


def _character_cells(counts: Counts) -> str:
    total = counts.found + counts.misread + counts.missed
    percentages = (
        f"{100 * part / total:.1f} %" if total else ""
        for part in (counts.found, counts.misread, counts.missed)
    )
    return f"| {total:,} | {' | '.join(percentages)} "

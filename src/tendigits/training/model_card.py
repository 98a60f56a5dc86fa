"""Figures in words: the lines after a test, and the model card."""

from collections.abc import Sequence

from tendigits.evaluation.accuracy import Metrics
from tendigits.networks import build_classifier, count_parameters, summary_table
from tendigits.recipes import Recipe
from tendigits.training.history import EpochResult
from tendigits.training.run import Run


def model_card(
    run: Run, history: Sequence[EpochResult], metrics: Metrics, class_names: Sequence[str]
) -> str:
    """Return the run as a model card in Markdown, every figure from the run's own files.

    Source of the form: M. Mitchell et al., "Model cards for model reporting", FAT* 2019.
    """
    low, high = metrics.interval_95
    last, environment, recipe = history[-1], run.environment, run.recipe
    network = build_classifier(recipe)
    rows = "\n".join(
        f"| {name} | {sum(confusion)} | {errors} |"
        for name, confusion, errors in zip(
            class_names, metrics.confusion, metrics.errors_per_class, strict=True
        )
    )
    seconds = sum(result.seconds for result in history)
    versions = ", ".join(f"{name} {version}" for name, version in environment.versions.items())
    checksums = "\n".join(f"    {sha256}  {name}" for name, sha256 in run.data.sha256.items())
    return f"""# Model card: {recipe.name} on {run.data.name}

{recipe.description}

## What it is for
It tells which of ten classes ({", ".join(class_names)}) a 28x28 grey image shows. It was learnt
from `{run.data.name}` and expects images framed in the same way. {_what_else(recipe)}

## Figures
| | accuracy | loss | images |
|---|---|---|---|
| test, opened once after training | {100 * metrics.accuracy:.2f} % | {metrics.loss:.4f} | {metrics.examples:,} |
{_validation_row(run, last)}

The test accuracy's 95 % interval (Wilson) is {100 * low:.2f} % to {100 * high:.2f} %. This is one
run with one seed ({recipe.seed}); another seed gives another figure.

| class | test images | errors |
|---|---|---|
{rows}

![Loss and accuracy by epoch](figures/curves.png)
![Confusion matrix](figures/confusion.png)
![The worst errors](figures/worst-errors.png)

## Network
{count_parameters(network):,} parameters.

```
{summary_table(network)}
```

## Training
{len(run.split.train):,} images, {recipe.epochs} epochs, batches of {recipe.batch_size}, {seconds:.1f} s in training steps. Every
setting is in `recipe.toml`, the held-out images in `split.json`, each epoch in `history.csv`.

## Data
`{run.data.name}`, SHA-256 of the unpacked files:

{checksums}

## Made with
{environment.cpu}, {environment.cores} cores, {environment.threads} threads, {environment.system};
Python {environment.python}, {versions}; revision {environment.git_revision or "unknown"}; {environment.started}.
"""


def _what_else(recipe: Recipe) -> str:
    if recipe.ood is None:
        return "It has no answer for an image that shows none of the ten: it will name one all the same."
    return (
        f"It has also learnt from {recipe.ood.count:,} drawn frames that show none of the ten, "
        "and gives such an image a low probability for each of them; `validation.json` says from "
        "where on to reject."
    )


def _validation_row(run: Run, last: EpochResult) -> str:
    if last.val_accuracy is None:
        return "| validation | none held out | | 0 |"
    return (
        f"| validation, after the last epoch | {100 * last.val_accuracy:.2f} % "
        f"| {last.val_loss:.4f} | {len(run.split.validation):,} |"
    )

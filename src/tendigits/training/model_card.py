"""The model card of a run, in Markdown."""

from collections.abc import Sequence

from tendigits.evaluation import Metrics
from tendigits.evaluation.validation import Validation
from tendigits.networks import build_classifier, count_parameters, summary_table
from tendigits.recipes import Recipe
from tendigits.training.history import EpochResult
from tendigits.training.run_folder import Run


def model_card(
    run: Run,
    history: Sequence[EpochResult],
    metrics: Metrics,
    validation: Validation | None,
    class_names: Sequence[str],
) -> str:
    """Return the model card of a tested run; every figure is also in a file of the run.

    Source of the form: M. Mitchell et al., "Model cards for model reporting", FAT* 2019.

    Args:
        run: the run.
        history: the results of its epochs.
        metrics: those on the test set.
        validation: those on the validation images; None where none are held out.
        class_names: the names of the ten classes.
    """
    low, high = metrics.interval_95
    environment, recipe = run.environment, run.recipe
    network = build_classifier(recipe)
    rows = "\n".join(
        f"| {name} | {sum(confusion)} | {errors} |"
        for name, confusion, errors in zip(
            class_names, metrics.confusion, metrics.errors_per_class, strict=True
        )
    )
    notes = _notes(validation, history)
    seconds = sum(result.seconds for result in history)
    test_row = (
        f"| test, used once after training | {100 * metrics.accuracy:.2f} % "
        f"| {metrics.loss:.4f} | {metrics.images:,} |"
    )
    versions = ", ".join(f"{name} {version}" for name, version in environment.versions.items())
    checksums = "\n".join(f"    {sha256}  {name}" for name, sha256 in run.data.sha256.items())
    description = f"{recipe.description}\n\n" if recipe.description else ""
    return f"""# Model card: {recipe.name} on {run.data.name}

{description}## Intended use
It classifies 28x28 grey-level images into ten classes ({", ".join(class_names)}). It was trained on
`{run.data.name}` and expects images that are framed in the same way. {_rejection(recipe)}

## Metrics
| | accuracy | loss | images |
|---|---|---|---|
{test_row}
{_validation_row(validation)}

95 % confidence interval of the test accuracy (Wilson): {100 * low:.2f} % to {100 * high:.2f} %.
{notes}This is one run with one seed ({recipe.seed}); other seeds give other figures.

| class | test images | errors |
|---|---|---|
{rows}

![Loss and accuracy by epoch](plots/curves.png)
![Confusion matrix](plots/confusion.png)
![The worst errors](plots/worst-errors.png)

## Network
{count_parameters(network):,} parameters.

```
{summary_table(network)}
```

## Training
{len(run.split.train):,} images, {_epochs(history)}, batch size {recipe.batch_size},
{seconds:.1f} s in training steps. All settings are in `recipe.toml`, the validation images in
`split.json`, the results of each epoch in `history.csv`.

## Data
`{run.data.name}`, SHA-256 of the uncompressed files:

{checksums}

## Environment
{environment.cpu}, {environment.cores} cores, {environment.threads} threads, {environment.system};
Python {environment.python}, {versions};
revision {environment.git_revision or "unknown"}; {environment.started}.
"""


def _rejection(recipe: Recipe) -> str:
    if recipe.ood is None:
        return "It cannot reject: it predicts one of the classes for every image."
    return (
        f"It was also trained on {recipe.ood.count:,} synthetic images of non-digits, and gives "
        "such images a low probability for each class; `validation.json` has the threshold below "
        "which to reject."
    )


def _validation_row(validation: Validation | None) -> str:
    if validation is None:
        return "| validation | none held out | | 0 |"
    return (
        f"| validation, after training | {100 * validation.accuracy:.2f} % "
        f"| {validation.calibrated_loss:.4f} | {validation.images:,} |"
    )


def _epochs(history: Sequence[EpochResult]) -> str:
    return "one epoch" if len(history) == 1 else f"{len(history)} epochs"


def _notes(validation: Validation | None, history: Sequence[EpochResult]) -> str:
    notes = ""
    if validation is not None:
        notes += "Both losses are those with the temperature in `validation.json`. "
    if len(history) == 1:
        notes += "It was trained for one epoch only; further epochs change these figures. "
    return notes

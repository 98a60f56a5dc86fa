"""The command that trains many runs: sweep."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from tendigits.cli.names import recipe_names
from tendigits.errors import RunError, reports_missing_extra
from tendigits.scale import threads_of_each

DEFAULT_SEEDS = "0:5"


def sweep(
    recipes: Annotated[
        list[str],
        typer.Argument(
            metavar="RECIPE...",
            help="Shipped recipes' names, or TOML files.",
            autocompletion=recipe_names,
        ),
    ],
    seeds: Annotated[
        str | None,
        typer.Option(
            metavar="FIRST:END", help="The seeds: 0:5 is 0 to 4.", show_default=DEFAULT_SEEDS
        ),
    ] = None,
    search: Annotated[
        Path | None,
        typer.Option(metavar="TOML", help="Search the settings that this file names instead."),
    ] = None,
    trials: Annotated[
        int | None, typer.Option(min=1, help="The number of trials of a search, in total.")
    ] = None,
    study: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|URL",
            help="An Optuna journal file or a PostgreSQL database, which machines can share.",
            show_default="study.journal in --out",
        ),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="The number of runs at a time.")] = 1,
    data: Annotated[str, typer.Option(help="As for train.")] = "mnist",
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FOLDER", help="The folder for all runs.")
    ] = Path("runs/sweep"),
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Any setting of the recipe; repeatable."),
    ] = None,
) -> None:
    """Train recipes with several seeds, or search for better settings of one.

    The same command resumes what was stopped or killed.
    """
    from tendigits.recipes import load_recipe, parse_setting

    changes = dict(parse_setting(text) for text in settings or [])
    loaded = tuple(load_recipe(each, changes) for each in recipes)
    if search is None and (trials is not None or study is not None):
        raise RunError("--trials and --study belong to a search; add --search SPACE.toml.")
    if search is not None and seeds is not None:
        raise RunError("A search has one seed, that of its recipe; use --set seed=1, not --seeds.")
    if any(recipe.pages is not None for recipe in loaded):
        raise RunError("A sweep trains classifiers; leave out the finder.")
    if search is None:
        from tendigits.scale.sweep import Sweep, describe_sweep, train_sweep

        chosen = _range(DEFAULT_SEEDS if seeds is None else seeds)
        runs = train_sweep(Sweep(loaded, chosen, data, out, jobs), typer.echo)
        typer.echo(describe_sweep(runs))
    elif len(loaded) != 1 or trials is None:
        raise RunError("A search takes one recipe and a number of --trials.")
    else:
        _search(out, loaded[0], search, data, study, trials, jobs)


@reports_missing_extra
def _search(
    out: Path,
    recipe: object,
    space: Path,
    data: str,
    study: str | None,
    trials: int,
    jobs: int,
) -> None:
    from tendigits.recipes import Recipe
    from tendigits.scale.search import Search, run_search, write_search_report
    from tendigits.scale.search_space import read_space

    assert isinstance(recipe, Recipe)
    values = read_space(space)
    out.mkdir(parents=True, exist_ok=True)
    place = study or str(out / "study.journal")
    search = Search(recipe, values, data, place, trials, threads_of_each(jobs))
    typer.echo(write_search_report(search, run_search(search, jobs), out))
    typer.echo(f"Report: {(out / 'report.md').absolute()}")
    words = ["tendigits", "train", str(out / "best.toml")]
    words += ["--data", data] if data != "mnist" else []
    typer.echo(f"Train the best settings: {shlex.join(words)}")


def _range(text: str) -> range:
    first, _, end = text.partition(":")
    if not (first.isdecimal() and end.isdecimal() and int(first) < int(end)):
        raise RunError(f"Invalid value for --seeds: {text}; write 0:10 for the seeds 0 to 9.")
    return range(int(first), int(end))

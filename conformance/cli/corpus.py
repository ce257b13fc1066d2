"""`conformance corpus export`: write the frozen corpus anew, for review."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.cli.options import Name

if TYPE_CHECKING:
    from conformance.evidence.run import Item
    from conformance.generation.corpus import Corpus
    from conformance.probing.probe import Probe

GENERATED = "test_generated"  #: how the files of suites begin that are not written by hand


@click.group()
def corpus() -> None:
    """The frozen corpus of generated cases."""


@corpus.command()
@click.option("--profile", type=click.Choice(["myrouter", "anthropic"]), help="only this one (default: both)")
@click.option("--out", type=Name(file_okay=False, path_type=Path), help="the folder to write into")
def export(profile: str | None, out: Path | None) -> None:
    """Draw the corpus from the typed contract, less what hand-written suites cover. A reviewer reads the difference."""
    from conformance.contract import load_profiles
    from conformance.generation.corpus import FOLDER, CorpusError, dumped, file_of

    folder = out or FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name in [profile] if profile else load_profiles():
        try:
            written = exported(name, file_of(name, folder))
        except CorpusError as error:
            raise click.UsageError(f"{error} Mend it, or move it away to begin anew.") from None
        file_of(name, folder).write_text(dumped(written), "utf-8")
        click.echo(f"{file_of(name, folder)}: version {written.about['corpus']}, {len(written.cases)} cases")


def exported(profile: str, before: Path) -> "Corpus":
    """The corpus of a profile as it would be written over the file `before`, which need not exist."""
    from importlib.metadata import version

    from conformance.generation.corpus import read_corpus, renewed
    from conformance.generation.selection import selected

    items, probes = hand_written(profile)
    tools = {name: version(name) for name in ("schemathesis", "hypothesis")}
    about = {"profile": profile, **tools, "exported": f"{datetime.now(UTC):%Y-%m-%d}"}
    return renewed(about, selected(profile, items.values(), probes), read_corpus(before) if before.exists() else None)


def hand_written(profile: str) -> "tuple[Mapping[str, Item], Mapping[str, Probe]]":
    """The items of the hand-written suites and their probes."""
    from conformance._paths import suite_files
    from conformance.contract import load_profiles
    from conformance.generation.draws import Draw
    from conformance.suite_items import index

    terms = load_profiles()[profile]
    draw = Draw(profile, terms.api_version, frozenset(terms.included), 0, 0)
    return index([file for file in suite_files() if not file.name.startswith(GENERATED)], draw)

"""`conformance estimate`: what `conformance run` would send with the same options, and what that would cost."""

import io
import json
import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

import click

from conformance.cli.run import own_words_alone, suite_words, with_options
from conformance.cli.runs import Refused
from conformance.cli.usage import WRONG_USAGE

if TYPE_CHECKING:
    import pytest

    from conformance.plugin.controller import Controller

NOTHING_TESTED = 5  #: `Exit.NOTHING_TESTED`


class _Watching:
    """Keeps what the plugin made of a dry run."""

    controller: "Controller | None" = None

    def pytest_sessionfinish(self, session: "pytest.Session") -> None:
        """Take over its state."""
        from conformance.plugin import controller_of

        self.controller = controller_of(session.config)


@click.command()
@click.argument("url", required=False)
@with_options
@click.option("-k", "expression", metavar="EXPR", help="only items whose name matches, as in pytest")
@click.option("--latency", default=1.0, metavar="S", help="seconds that the target takes to answer (default: 1)")
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", help="how to print it")
def estimate(url: str | None, expression: str | None, latency: float, form: str, **options: Any) -> None:
    """Say what a run with the same options would send to URL, and what it would cost, by tier. Sends nothing.

    Without URL it is a run against the embedded reference endpoint.
    """
    if not 0 <= latency < 86_400:
        raise Refused(f"--latency takes seconds, from 0 to 86400, not {latency:g}")
    words = suite_words(url, options | {"conformance_dry_run": True}, *(["-k", expression] if expression else []))
    click.echo(_printed(_planned(words), latency, form))


def _planned(words: list[str]) -> "Controller":
    """The state of a dry run, with its plan. What it prints is shown only where it fails."""
    import pytest

    watching, told = _Watching(), io.StringIO()
    with redirect_stdout(told), own_words_alone():
        code = pytest.main(words, plugins=[watching])
    if watching.controller is None or watching.controller.live is None:
        if code != WRONG_USAGE:  # which pytest has told on its own
            click.echo(told.getvalue(), nl=False, err=True)
        sys.exit(int(code) or NOTHING_TESTED)
    return watching.controller


def _printed(controller: "Controller", latency: float, form: str) -> str:
    from conformance.reporting.estimate import estimate_json, estimate_text
    from conformance.session.estimate import estimate as estimated

    assert controller.live is not None
    found = estimated(controller.live, controller.probes, latency)
    return estimate_text(found) if form == "text" else json.dumps(estimate_json(found), indent=2)

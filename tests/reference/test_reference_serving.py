"""The serve command: freedoms listed, chosen and refused; an uncooperative model."""

import asyncio
from typing import Any

import pytest
from click.testing import CliRunner, Result

from conformance import reference
from conformance.cli import main


def run(*words: str) -> Result:
    """The outcome of a command line."""
    return CliRunner().invoke(main, ["serve", *words])


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[reference.Settings]:
    """What would have been served."""
    chosen: list[reference.Settings] = []

    async def serve(settings: reference.Settings, *place: Any) -> None:
        chosen.append(settings)
        await asyncio.sleep(0)

    monkeypatch.setattr(reference, "serve", serve)
    monkeypatch.delenv("CONFORMANCE_API_KEY", raising=False)
    return chosen


def test_variations_are_listed_without_serving(served: list[reference.Settings]) -> None:
    result = run("--list-variations")
    assert result.exit_code == 0 and served == []
    assert [line.split()[0] for line in result.output.splitlines()] == [one.id for one in reference.variations()]
    assert "model-snapshot                8     " in result.output and "(anthropic only)" in result.output


def test_variations_are_chosen_together(served: list[reference.Settings]) -> None:
    assert run("--variation", "pings-never", "--variation", "lines-end-in-cr", "--uncooperative").exit_code == 0
    assert served[0].variations == ("pings-never", "lines-end-in-cr")
    assert served[0].uncooperative and served[0].faults == ()


def test_the_default_is_plain(served: list[reference.Settings]) -> None:
    assert run().exit_code == 0
    assert served == [reference.Settings()]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--variation", "no-such"), "unknown variation 'no-such'"),
        (("--variation", "model-snapshot"), "no freedom in the profile 'myrouter'"),
    ],
)
def test_an_impossible_variation_is_told_in_a_sentence(words: tuple[str, ...], sentence: str) -> None:
    result = run(*words, "--port", "0")
    assert result.exit_code == 4 and sentence in result.output and "Traceback" not in result.output

"""The pages beside the code say what the code says."""

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from conformance.contract import load_catalogue
from conformance.probing.limits import Limits
from conformance.probing.preflight import STATUSES
from conformance.settings.options import BY_NAME, OPTIONS, Option
from conformance.verdicts import Exit, Verdict
from conformance.verdicts.exits import PRECEDENCE

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("*/README.md")])


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def row(option: Option) -> str:
    """The line of an option in docs/configuration.md."""
    pytest_name = f"`--{option.name}`" if option.alias else f"`--conformance-{option.name}`"
    value = "\\|".join(option.choices) or option.metavar
    return f"| `{option.name}` | {pytest_name} | {option.kind} | {value} | {option.help} |"


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_every_option_has_its_row(option: Option) -> None:
    assert row(option) in page("docs/configuration.md").splitlines()


def test_no_page_names_an_option_that_does_not_exist() -> None:
    known = {f"--{name}" for name in BY_NAME} | {f"--conformance-{name}" for name in BY_NAME}
    table = [line for line in page("README.md").splitlines() if line.startswith("| `--")]
    named = [name for line in table for name in re.findall(r"`(--[a-z-]+)", line.split(" | ")[0])]
    assert named and set(named) <= known


@pytest.mark.parametrize("limit", fields(Limits), ids=lambda limit: limit.name)
def test_every_limit_has_its_row(limit: object) -> None:
    name = getattr(limit, "name", "")
    assert f"| `{name.replace('_', '-')}` | {getattr(Limits(), name):.0f} |" in page("docs/configuration.md")


@pytest.mark.parametrize("code", Exit, ids=lambda code: code.name)
def test_every_exit_code_is_explained(code: Exit) -> None:
    assert f"| {code.value} | {code.name} |" in page("docs/verdicts.md")
    assert f"\n| {code.value} | " in page("README.md")


def test_the_order_of_exit_codes_is_the_one_of_the_code() -> None:
    order = ", ".join(str(code.value) for code in (*PRECEDENCE, Exit.CONFORMS))
    assert f"the first of {order} wins" in page("docs/verdicts.md")


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_is_explained(verdict: Verdict) -> None:
    assert f"| {verdict.value} |" in page("docs/verdicts.md")
    assert f"*{verdict.value}*" in page("README.md")


def test_every_status_that_ends_the_preflight_is_named() -> None:
    paragraph = next(part for part in page("docs/verdicts.md").split("\n\n") if part.startswith("The pre-flight"))
    assert {int(word) for word in re.findall(r"\b[45]\d\d\b", paragraph)} == set(STATUSES)


def test_every_requirement_named_in_a_page_exists() -> None:
    areas = "|".join(load_catalogue().areas())
    named = {word for path in PAGES for word in re.findall(rf"\b(?:{areas})-\d{{3}}\b", path.read_text("utf-8"))}
    assert named and named <= set(load_catalogue().requirements)


def links(path: Path) -> Iterator[Path]:
    """The relative links of a page."""
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        if "://" not in target:
            yield path.parent / target


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    assert not [target for target in links(path) if not target.exists()]


def test_every_room_of_the_package_is_in_the_design() -> None:
    rooms = {path.parent.name for path in (ROOT / "conformance").glob("*/__init__.py")}
    assert {room for room in rooms if f"| `{room}` |" not in page("docs/design.md")} == set()


def test_the_gate_runs_the_commands_of_the_readme() -> None:
    gate = page(".ci/run")
    for command in re.findall(r"\.venv/bin/((?:pytest|conformance)[^&\n]*)$", page("README.md"), re.MULTILINE):
        assert f"step {command}" in gate

"""Commands are told of without being loaded, and loaded one by one."""

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from conformance.cli import COMMANDS, main
from conformance.cli.usage import WRONG_USAGE, Group

LOADED = "import sys; sys.argv = ['conformance', *{words}]\ntry:\n    from conformance.cli import main\n    main()\n\
except SystemExit:\n    print(*sys.modules, file=sys.stderr)"


def _loaded(*words: str) -> set[str]:
    """The modules of a process that has run the command with these words."""
    code = LOADED.format(words=list(words))
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stderr.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_row_names_a_command_and_says_what_it_is_for(name: str) -> None:
    module, about = COMMANDS[name]
    command = main.get_command(click.Context(main), name)
    assert isinstance(command, click.Command)
    assert command.name == name
    assert module.startswith("conformance.cli.")
    assert 0 < len(about) <= 60


def test_help_shows_the_table_and_loads_no_command() -> None:
    shown = CliRunner().invoke(main, ["--help"]).output
    assert all(f"  {name} " in shown and about in shown for name, (_, about) in COMMANDS.items())
    assert "..." not in shown.partition("Commands:")[2]
    assert not _loaded("--help") & {module for module, _ in COMMANDS.values()}


def test_help_of_a_command_loads_that_one_alone() -> None:
    loaded = _loaded("run", "--help")
    assert loaded & {module for module, _ in COMMANDS.values()} == {"conformance.cli.run"}
    assert not {"pytest", "httpx", "yaml", "asyncio", "hypothesis", "schemathesis"} & loaded


def test_an_unknown_command_is_wrong_usage() -> None:
    result = CliRunner().invoke(main, ["rnu"])
    assert result.exit_code == WRONG_USAGE
    assert "No such command" in result.output


def test_a_row_may_name_its_command_and_stand_beside_an_own_one() -> None:
    group = Group("g", rows={"check": ("conformance.cli.certify:verify", "look")}, commands=[click.Command("own")])
    context = click.Context(group)
    found = group.get_command(context, "check")
    assert found is not None and found.name == "verify"
    assert group.list_commands(context) == ["check", "own"]
    assert group.get_command(context, "own") is not None


EMPTY = (
    ("grade", ""), ("grade", "RUN", "--out", ""), ("compare", "a", "b", "--out", ""), ("merge", "a", "--out", " "),
    ("history", "f", "--out", ""), ("baseline", "write", ""), ("baseline", "check", "RUN", "--baseline", ""),
    ("certify", "--journal", "RUN", "--new-key", "--out", ""), ("certify", "--journal", "", "--new-key", "--out", "x"),
    ("verify", ""), ("verify", "c", "--revoked", ""), ("registry", "build", "f", "--out", ""), ("prove", "--out", ""),
    ("requirements", "--out", ""), ("clients", "--cache", ""), ("clients", "--describe", ""),
    ("corpus", "export", "--out", ""),
)  # fmt: skip


@pytest.mark.parametrize("words", EMPTY, ids=" ".join)
def test_an_empty_path_is_wrong_usage_and_nothing_is_written(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 4 and (
        "it is empty; name a file or a folder" in result.output or "say with" in result.output
    )
    assert list(tmp_path.iterdir()) == []

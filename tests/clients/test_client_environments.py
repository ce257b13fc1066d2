"""Environments: made once for each set of pins, by the pip and npm that are here; what goes wrong is one sentence."""

import json
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
from fake_clients import HONEST, describe, installed

from conformance.clients import environments
from conformance.clients.checks import Choice, install
from conformance.clients.data import Client, load_clients
from conformance.clients.environments import NotInstalled, default_cache, environment_of
from conformance.verdicts import Exit


def client(tmp_path: Path, **changes: Any) -> Client:
    describe(tmp_path / "clients", **changes)
    if changes.get("language") == "node":
        (tmp_path / "clients" / "fake" / "driver.mjs").write_text("")
    return load_clients(tmp_path / "clients")["fake"]


def tool(folder: Path, name: str, program: str) -> None:
    """A program of this name in a folder."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{program}\n")
    (folder / name).chmod(stat.S_IRWXU)


def test_other_pins_have_another_environment(tmp_path: Path) -> None:
    first = environment_of(client(tmp_path), tmp_path / "cache")
    second = environment_of(client(tmp_path, packages=["fake==1.1"]), tmp_path / "cache")
    assert first.folder != second.folder and first.folder.parent == second.folder.parent == tmp_path / "cache"


def test_an_environment_that_was_not_finished_is_none(tmp_path: Path) -> None:
    environment = environment_of(client(tmp_path), tmp_path / "cache")
    assert not environment.ready
    installed(tmp_path / "clients", tmp_path / "cache")
    assert environment.ready
    (environment.folder / environments.STAMP).write_text("[")
    assert not environment.ready


def test_the_driver_is_copied_to_where_its_modules_are_found(tmp_path: Path) -> None:
    environment = environment_of(client(tmp_path), tmp_path / "cache")
    installed(tmp_path / "clients", tmp_path / "cache")
    command = environment.command({"FAKE_KEY": "k"})
    assert command.words == (str(environment.folder / "venv/bin/python"), str(environment.folder / "driver.py"))
    assert (environment.folder / "driver.py").read_text() == HONEST


def test_a_python_client_gets_a_virtual_environment_and_its_pins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[tuple[tuple[str, ...], dict[str, str]]] = []

    def run(words: tuple[str, ...], **more: Any) -> subprocess.CompletedProcess[bytes]:
        ran.append((words, more["env"]))
        if words[1:3] == ("-m", "venv"):
            tool(Path(words[3]), "x", "")
            tool(Path(words[3]) / "bin", "python", "")
        return subprocess.CompletedProcess(words, 0, b"")

    monkeypatch.setattr(subprocess, "run", run)
    environment = environment_of(client(tmp_path), tmp_path / "cache")
    environment.make({"PATH": "/bin", "HOME": "/h", "PIP_INDEX_URL": "u", "CONFORMANCE_API_KEY": "secret"})
    assert [words[1:3] for words, _ in ran] == [("-m", "venv"), ("-m", "pip")] and ran[1][0][-1] == "fake==1.0"
    assert all(env == {"PATH": "/bin", "HOME": "/h", "PIP_INDEX_URL": "u"} for _, env in ran)
    assert environment.ready and json.loads((environment.folder / environments.STAMP).read_text()) == ["fake==1.0"]


def test_a_node_client_gets_its_pins_by_npm(tmp_path: Path) -> None:
    tool(tmp_path / "bin", "npm", 'echo "$@" > said')
    environment = environment_of(client(tmp_path, language="node", packages=["@a/b@1.2.3"]), tmp_path / "cache")
    environment.make({"PATH": f"{tmp_path / 'bin'}:/bin:/usr/bin"})
    words = (environment.folder / "said").read_text().split()
    assert (words[0], words[-1]) == ("install", "@a/b@1.2.3")
    assert environment.ready and environment.command({}).words == ("node", str(environment.folder / "driver.mjs"))


def test_without_npm_one_sentence_says_what_is_missing(tmp_path: Path) -> None:
    environment = environment_of(client(tmp_path, language="node", packages=["b@1.2.3"]), tmp_path / "cache")
    with pytest.raises(NotInstalled, match=r"^Fake needs npm, which is not installed here; install Node\.js$"):
        environment.make({"PATH": str(tmp_path / "none")})
    assert not environment.ready


def test_what_npm_cannot_install_is_told_by_its_own_last_word(tmp_path: Path) -> None:
    tool(tmp_path / "bin", "npm", "echo 'npm error 404 no such package'; echo 'a log is somewhere'; exit 1")
    environment = environment_of(client(tmp_path, language="node", packages=["b@1.2.3"]), tmp_path / "cache")
    with pytest.raises(NotInstalled, match=r"^npm cannot install Fake: npm error 404 no such package; check that"):
        environment.make({"PATH": f"{tmp_path / 'bin'}:/bin:/usr/bin"})


def test_an_installation_that_hangs_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environments, "SECONDS", 0.3)
    tool(tmp_path / "bin", "npm", "exec sleep 60")
    environment = environment_of(client(tmp_path, language="node", packages=["b@1.2.3"]), tmp_path / "cache")
    with pytest.raises(NotInstalled, match="npm did not install Fake within"):
        environment.make({"PATH": f"{tmp_path / 'bin'}:/bin:/usr/bin"})


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(NotInstalled, match=r"cannot write .*; see --cache"):
        environment_of(client(tmp_path), tmp_path / "cache").make({})


def test_a_client_that_cannot_be_installed_does_not_keep_the_others_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    describe(tmp_path / "clients", "other")
    client(tmp_path)
    said: list[str] = []

    def make(self: environments.Environment) -> None:
        if self.client.name == "fake":
            raise NotInstalled("pip cannot install Fake: it is gone")

    monkeypatch.setattr(environments.Environment, "make", make)
    done = install(Choice(tmp_path / "cache", folder=tmp_path / "clients"), said.append)
    assert (done.code, done.text) == (Exit.HARNESS_ERROR, "pip cannot install Fake: it is gone")
    assert len(said) == 2


def test_what_is_installed_is_left_alone(tmp_path: Path) -> None:
    client(tmp_path)
    installed(tmp_path / "clients", tmp_path / "cache")
    done = install(Choice(tmp_path / "cache", folder=tmp_path / "clients"), pytest.fail)
    assert (done.code, done.text) == (Exit.CONFORMS, "every client is installed")


def test_the_cache_is_where_the_user_keeps_caches() -> None:
    assert default_cache({"XDG_CACHE_HOME": "/c"}) == Path("/c/messages-conformance/clients")
    assert default_cache({"XDG_CACHE_HOME": "relative"}) == Path.home() / ".cache/messages-conformance/clients"

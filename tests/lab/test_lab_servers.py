"""The servers of the lab as data: every file loads, its places can be filled in, nothing private is inherited."""

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import yaml

LAB = Path(__file__).resolve().parents[2] / "lab"
SERVERS = sorted(path.parent.name for path in LAB.glob("*/server.yaml"))


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(LAB))
    yield importlib.import_module("_servers")
    for name in ("_servers", "_lab", "_readme"):
        sys.modules.pop(name, None)


def test_there_are_servers_of_both_registries(servers: ModuleType) -> None:
    kinds = [servers.load(name).kind for name in servers.names()]
    assert servers.names() == SERVERS and {"python", "node"} == set(kinds) and len(kinds) >= 4


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_can_be_started_in_each_of_its_ways(servers: ModuleType, name: str, tmp_path: Path) -> None:
    server = servers.load(name)
    for way in server.ways:
        home = tmp_path / way.name
        home.mkdir()
        places = servers.Places(4711, "a-key", home, "http://127.0.0.1:4712", "another-key")
        start = servers.start(server, way, places)
        texts = [
            *start.command,
            *start.env.values(),
            *(path.read_text("utf-8") for path in home.rglob("*") if path.is_file()),
        ]
        assert any("4711" in text for text in texts)
        assert way.upstream == "none" or any("4712" in text for text in [*texts, *way.headers.values()]) or way.headers
        assert not any("$" in word for word in start.command)
        assert start.env["HOME"] == str(home) and way.about


@pytest.mark.parametrize("name", SERVERS)
def test_what_is_installed_is_pinned(servers: ModuleType, name: str) -> None:
    server = servers.load(name)
    if server.kind == "node":
        told = json.loads((LAB / name / "package.json").read_text(encoding="utf-8"))["dependencies"]
        lock = json.loads((LAB / name / "package-lock.json").read_text(encoding="utf-8"))["packages"]
        assert told == {server.package: server.version} and not any("resolved" in row for row in lock.values())
    else:
        rows = (LAB / name / "requirements.txt").read_text(encoding="utf-8").splitlines()
        wanted = [row for row in rows if row and not row.startswith("#")]
        assert f"{server.package}=={server.version}" in wanted and all("==" in row for row in wanted)


def test_a_child_inherits_an_allow_list_alone(
    servers: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SOME_SECRET", "not to be handed on")
    env = importlib.import_module("_lab").environment(tmp_path, ADDED="given")
    assert "SOME_SECRET" not in env and env["ADDED"] == "given" and env["HOME"] == str(tmp_path)


def test_an_unknown_upstream_is_refused(servers: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told = yaml.safe_load((LAB / SERVERS[0] / "server.yaml").read_text(encoding="utf-8"))
    next(iter(told["ways"].values()))["upstream"] = "telepathy"
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "server.yaml").write_text(yaml.safe_dump(told), encoding="utf-8")
    monkeypatch.setattr(servers, "LAB", tmp_path)
    with pytest.raises(ValueError, match="telepathy"):
        servers.load("odd")

"""The servers of the lab as data: one `server.yaml` for each, with its ways of being run.

Texts hold places (`$port`, `$key`, `$upstream`, `$upstream_key`, `$bin`, `$here`, `$home`, `$model`) that are filled in
when a server is started. A word in a command, an environment value, a header or a file of the home may hold them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Any

import yaml
from _lab import LAB, Start, binaries, environment

UPSTREAMS = ("none", "chat", "messages")


@dataclass(frozen=True, slots=True)
class Way:
    """One way to run a server: what stands behind it, and what the harness is told of it."""

    name: str
    about: str
    upstream: str
    model: str
    command: tuple[str, ...]
    env: Mapping[str, str]
    files: Mapping[str, str]  #: path below the home: file beside server.yaml
    headers: Mapping[str, str]  #: sent by the harness with every request
    options: tuple[str, ...]  #: of `conformance run`, such as what the server does not claim


@dataclass(frozen=True, slots=True)
class Server:
    """A server as it comes from its registry."""

    name: str
    title: str
    about: str
    package: str
    version: str
    kind: str
    ready: str
    base: str
    hands_on_key: bool  #: the key of a request goes to what stands behind, which checks it
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class Places:
    """What is known only when a server is started."""

    port: int
    key: str
    home: Path
    upstream: str = ""
    upstream_key: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)

    def filled(self, server: Server, way: Way, text: str) -> str:
        """A text with its places filled in; raises KeyError for an unknown one."""
        known = {
            "port": self.port, "key": self.key, "upstream": self.upstream, "upstream_key": self.upstream_key,
            "bin": binaries(server.name, server.kind), "here": LAB / server.name, "home": self.home, "model": way.model,
        }  # fmt: skip
        return Template(text).substitute({name: str(value) for name, value in known.items()})


def names() -> list[str]:
    """The servers there are."""
    return sorted(path.parent.name for path in LAB.glob("*/server.yaml"))


def load(name: str) -> Server:
    """A server from its folder; raises KeyError or ValueError where its file lacks something."""
    told: dict[str, Any] = yaml.safe_load((LAB / name / "server.yaml").read_text(encoding="utf-8"))
    ways = tuple(_way(told, way, row or {}) for way, row in told["ways"].items())
    if strange := {way.upstream for way in ways} - set(UPSTREAMS):
        raise ValueError(f"{name}: no such upstream: {', '.join(sorted(strange))}")
    package, version = told["package"], str(told["version"])
    return Server(name, told["title"], told["about"], package, version, told["kind"], told["ready"],
                  told.get("base", ""), told.get("hands_on_key", False), ways)  # fmt: skip


def _way(told: Mapping[str, Any], name: str, row: Mapping[str, Any]) -> Way:
    merged = {key: {**(told.get(key) or {}), **(row.get(key) or {})} for key in ("environment", "files", "headers")}
    command = row.get("command", told.get("command"))
    options = [*(told.get("options") or ()), *(row.get("options") or ())]
    return Way(
        name, row.get("about", ""), row.get("upstream", "none"), row["model"], tuple(map(str, command)),
        merged["environment"], merged["files"], merged["headers"], tuple(map(str, options)),
    )  # fmt: skip


def start(server: Server, way: Way, places: Places) -> Start:
    """How a server is started in a way; writes its files into the home."""
    for path, source in way.files.items():
        target = places.home / path
        target.parent.mkdir(parents=True, exist_ok=True)
        text = (LAB / server.name / source).read_text(encoding="utf-8")
        target.write_text(places.filled(server, way, text), encoding="utf-8")
    added = {name: places.filled(server, way, str(value)) for name, value in way.env.items()}
    command = tuple(places.filled(server, way, word) for word in way.command)
    return Start(command, environment(places.home, **added), places.port, server.ready, places.home / "server.log")

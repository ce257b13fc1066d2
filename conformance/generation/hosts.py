"""Accepted requests into which one violation is put, so that a refusal can have no other reason."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from conformance.contract.violations import ABSENT, Path
from conformance.probing.probe import Probe
from conformance.suite import PLAIN_CONTROL
from conformance.suite_bodies import (
    CACHED_BLOCK,
    CACHED_SYSTEM,
    METADATA,
    STOPS,
    SYSTEM,
    SYSTEM_BLOCKS,
    TEMPERATURE,
    TOP_P,
    TWO_BLOCKS,
    TWO_TURNS,
)
from conformance.suite_tools import GET_CODE, TOOLED, offering, tooled

CHOICE = tooled("tool choice auto", offering(GET_CODE) | {"tool_choice": {"type": "auto"}})
NAMED_CHOICE = tooled("tool choice by name", offering(GET_CODE) | {"tool_choice": {"type": "tool", "name": "get_code"}})

#: Where a violation is, and the accepted request that takes it; the first that fits. In a list, the first element
#: takes it, and a good one stays beside it, because an emptied list would be refused for another reason.
HOSTS: tuple[tuple[Path, Probe], ...] = (
    (("messages", 0, "content", 0, "cache_control"), CACHED_BLOCK),
    (("messages", 0, "content", 0), TWO_BLOCKS),
    (("messages", 0), TWO_TURNS),
    (("system", 0, "cache_control"), CACHED_SYSTEM),
    (("system", 0), SYSTEM_BLOCKS),
    (("system",), SYSTEM),
    (("stop_sequences",), STOPS),
    (("temperature",), TEMPERATURE),
    (("top_p",), TOP_P),
    (("metadata",), METADATA),
    (("tools",), TOOLED),
    (("tool_choice", "name"), NAMED_CHOICE),
    (("tool_choice",), CHOICE),
    ((), PLAIN_CONTROL),
)

BY_ID = {host.id: host for _, host in HOSTS}  #: the same, by the id of the probe


@dataclass(frozen=True, slots=True)
class Planted:
    """A body that differs from the host's in one place, and that place."""

    host: Probe
    path: Path
    body: Any


def first_of_each(path: Path) -> Path:
    """The place with every position in a list replaced by the first."""
    return tuple(0 if isinstance(part, int) else part for part in path)


def hosts_for(path: Path) -> Iterator[Probe]:
    """The requests that have room for a violation at this place, the best first."""
    return (host for prefix, host in HOSTS if path[: len(prefix)] == prefix)


def plant(path: Path, value: Any) -> Planted | None:
    """Put `value` (ABSENT: remove what is there) into the request that suits the place; None when none has it."""
    place = first_of_each(path)
    host = next(hosts_for(place))
    body = deepcopy(host.calls[0].body)
    return Planted(host, place, body) if put(body, place, value) else None


def put(body: Any, path: Path, value: Any) -> bool:
    """Set or remove what is at a place of `body`, in place; False when its parent is not there."""
    if not path:
        return False
    for part in path[:-1]:
        try:
            body = body[part]
        except (KeyError, IndexError, TypeError):
            return False
    return _set(body, path[-1], value)


def _set(parent: Any, key: str | int, value: Any) -> bool:
    if isinstance(parent, list) != isinstance(key, int) or not isinstance(parent, list | dict):
        return False
    if isinstance(key, int) and key >= len(parent):
        return False
    if value is ABSENT:
        return _removed(parent, key)
    parent[key] = value  # type: ignore[index]
    return True


def _removed(parent: Any, key: str | int) -> bool:
    try:
        del parent[key]
    except (KeyError, IndexError):
        return False
    return True

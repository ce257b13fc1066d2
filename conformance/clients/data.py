"""What clients there are and what each is asked to do, read from `suites/clients/` into frozen types.

The files are data of ours, and a user's own may take their place: whatever is wrong with one is said in a sentence.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance._paths import SUITES
from conformance.contract import load_profiles
from conformance.contract.written import parsed, text_of
from conformance.settings.resolve import VARIABLE, UsageError

FOLDER = SUITES / "clients"
DRIVERS = {"python": "driver.py", "node": "driver.mjs"}  #: by the language of a client
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")
_PINNED = {
    "python": re.compile(r"[A-Za-z0-9][\w.-]*==[A-Za-z0-9.+]+"),
    "node": re.compile(r"@?[a-z0-9][a-z0-9./-]*@[0-9][\w.+-]*"),
}


@dataclass(frozen=True, slots=True)
class Scenario:
    """`ask` is what a driver is told, `see` what must be seen; `willing` names what only the model can do."""

    name: str
    title: str
    ask: Mapping[str, Any]
    see: Mapping[str, Any]
    capability: str = ""
    willing: str = ""
    wrong_key: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Client:
    """A client library or program, and the driver that uses it.

    `stop_reasons` translates the client's own words, each to all that it may stand for; `cannot_tell` names what its
    caller has no means to see, which is not held against anybody.
    """

    name: str
    title: str
    language: str
    packages: tuple[str, ...]
    base_url: str
    key: str
    driver: Path
    scenarios: tuple[str, ...]
    profiles: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    by_name_only: bool = False
    stop_reasons: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    cannot_tell: tuple[str, ...] = ()


def load_scenarios(folder: Path = FOLDER) -> Mapping[str, Scenario]:
    """The scenarios by name, in the order of the file. Raises UsageError."""
    path = folder / "scenarios.yaml"
    document = _mapping(path)
    _members(path, document, {"version": _version, "defaults": _is(dict), "scenarios": _is(dict)}, {})
    return {name: _scenario(path, name, row, document["defaults"]) for name, row in document["scenarios"].items()}


def _scenario(path: Path, name: str, row: Any, defaults: Mapping[str, Any]) -> Scenario:
    where = f"{path}: scenario {name!r}"
    if not isinstance(row, dict) or not isinstance(name, str) or not _NAME.fullmatch(name):
        raise UsageError(f"{where} must be an object under a name of small letters, digits and hyphens")
    _members(where, row, {"title": _text, "ask": _is(dict), "see": _seen}, _SCENARIO)
    if not isinstance(row["ask"].get("prompt"), str):
        raise UsageError(f"{where}: 'ask' must hold a prompt")
    if unknown := row["ask"].keys() - defaults.keys() - {"prompt"}:
        raise UsageError(f"{where}: 'ask' holds {', '.join(sorted(unknown))}, which 'defaults' does not know")
    return Scenario(name, **{**row, "ask": {**defaults, **row["ask"]}})


def load_clients(folder: Path = FOLDER) -> Mapping[str, Client]:
    """The clients by the names of their folders, in order. Raises UsageError."""
    scenarios = load_scenarios(folder)
    files = sorted(folder.glob("*/client.yaml"))
    return {path.parent.name: _client(path, scenarios) for path in files}


def _client(path: Path, scenarios: Mapping[str, Scenario]) -> Client:
    name, document = path.parent.name, _mapping(path)
    if not _NAME.fullmatch(name):
        raise UsageError(f"{path.parent} must be named with small letters, digits and hyphens")
    _members(path, document, _NEEDED, _MORE)
    for word, known in (("scenarios", scenarios), ("profiles", load_profiles())):
        if unknown := [one for one in document[word] if one not in known]:
            raise UsageError(f"{path}: {word!r} names {unknown[0]!r}, which is none of {', '.join(known)}")
    if unpinned := [one for one in document["packages"] if not _PINNED[document["language"]].fullmatch(one)]:
        raise UsageError(f"{path}: {unpinned[0]!r} names no package at one exact version")
    driver = path.parents[1] / document.pop("driver", name) / DRIVERS[document["language"]]
    if not driver.is_file():
        raise UsageError(f"{path}: there is no driver {driver}")
    return Client(name, driver=driver, **{word: _frozen(value) for word, value in document.items()})


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return {word: _frozen(one) for word, one in value.items()}
    return tuple(value) if isinstance(value, list) else value


def _mapping(path: Path) -> dict[str, Any]:
    try:
        document = parsed(text_of(path))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from None
    except ValueError as error:
        raise UsageError(f"{path} is not YAML: {str(error)[:200]}") from None
    if not isinstance(document, dict):
        raise UsageError(f"{path} must hold an object")
    return document


Check = Callable[[Any], str]  #: what a value must be, where it is not that, else ""


def _members(where: Any, found: Mapping[str, Any], needed: Mapping[str, Check], more: Mapping[str, Check]) -> None:
    """UsageError where a member is missing, unknown or of the wrong kind."""
    checks = {**needed, **more}
    for word in needed:
        if word not in found:
            raise UsageError(f"{where} lacks {word!r}")
    for word, value in found.items():
        if word not in checks:
            raise UsageError(f"{where}: {word!r} is unknown; known are {', '.join(checks)}")
        if wrong := checks[word](value):
            raise UsageError(f"{where}: {word!r} must be {wrong}")


def _is(kind: type) -> Check:
    words = {dict: "an object", bool: "true or false"}
    return lambda value: "" if isinstance(value, kind) else words[kind]


def _text(value: Any) -> str:
    return "" if isinstance(value, str) and value.strip() else "a text"


def _texts(value: Any) -> str:
    good = isinstance(value, list) and all(isinstance(one, str) and one for one in value)
    return "" if good and value else "a list of texts"


def _variable(value: Any) -> str:
    return "" if isinstance(value, str) and VARIABLE.fullmatch(value) else "the name of an environment variable"


def _environment(value: Any) -> str:
    good = isinstance(value, dict) and not any(_variable(name) for name in value)
    return "" if good and all(isinstance(one, str) for one in value.values()) else "an object of variables and texts"


def _template(value: Any) -> str:
    return "" if isinstance(value, str) and value.startswith("{url}") and value.count("{") == 1 else "'{url}' or more"


def _language(value: Any) -> str:
    return "" if isinstance(value, str) and value in DRIVERS else f"one of {', '.join(DRIVERS)}"


def _folder(value: Any) -> str:
    return "" if isinstance(value, str) and _NAME.fullmatch(value) else "the name of another client"


def _translation(value: Any) -> str:
    good = isinstance(value, dict) and not any(_text(word) or _texts(meant) for word, meant in value.items())
    return "" if good else "an object that gives each word a list of texts"


def _version(value: Any) -> str:
    return "" if value == 1 and not isinstance(value, bool) else "1"


def _seen(value: Any) -> str:
    from conformance.clients.judging import SEEN

    good = isinstance(value, dict) and value and value.keys() <= SEEN.keys()
    return "" if good else f"an object of some of {', '.join(SEEN)}"


def _willing(value: Any) -> str:
    from conformance.clients.judging import UNWILLING

    return "" if isinstance(value, str) and value in UNWILLING else f"one of {', '.join(UNWILLING)}"


_SCENARIO: Mapping[str, Check] = {"capability": _text, "willing": _willing, "wrong_key": _is(bool)}
_NEEDED: Mapping[str, Check] = {
    "title": _text, "language": _language, "packages": _texts, "base_url": _template, "key": _variable,
    "scenarios": _texts, "profiles": _texts,
}  # fmt: skip
_MORE: Mapping[str, Check] = {
    "driver": _folder, "environment": _environment, "by_name_only": _is(bool), "stop_reasons": _translation,
    "cannot_tell": _texts,
}  # fmt: skip

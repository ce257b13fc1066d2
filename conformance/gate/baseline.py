"""The baseline file: violations that the people of a server know about. Schema: `schemas/json/baseline.json`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator  # type: ignore[import-untyped, unused-ignore]

from conformance.contract.documents import json_schema
from conformance.contract.written import parsed, text_of

VERSION = 1
LISTS = ("violations", "flaky")

_HEAD = "# Accepted violations of the Messages API contract; see `conformance baseline --help`.\n"
_MEMBERS = ("requirement", "case", "kinds", "profile", "reason", "issue", "expires")

#: What helps where a member is missing or wrong.
_REMEDIES: Mapping[str, str] = {
    "version": f"write `version: {VERSION}`",
    "violations": "give a list of entries, [] for none",
    "flaky": "give a list of entries, or leave it out",
    "requirement": "give the id of a requirement, such as REQ-024",
    "case": "give the case as the report names it, or leave it out",
    "kinds": "give a list of what was drawn, or leave it out",
    "profile": "give myrouter or anthropic, or leave it out",
    "reason": "say in a few words why it is accepted",
    "issue": "give a link that begins with http:// or https://, or leave it out",
    "expires": "give the last day on which it is accepted, such as 2027-01-31",
}


class BaselineError(ValueError):
    """A baseline file that cannot be used: one sentence with the file, the entry and the remedy."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A violation that is accepted, or that comes and goes. `kinds` are those of the draws that were broken."""

    requirement: str
    case: str
    reason: str
    expires: date  #: the last day on which it is accepted
    issue: str = ""
    profile: str = ""  #: "" for every profile
    kinds: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Requirement and case, as `verdicts.keys.key_of` names what is found in a run."""
        return f"{self.requirement} {self.case}".strip()

    def binds(self, profile: str) -> bool:
        """Whether it speaks of runs under this profile."""
        return self.profile in ("", profile)


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is known of a server: violations accepted until a date, and those that come and go."""

    violations: tuple[Entry, ...] = ()
    flaky: tuple[Entry, ...] = ()


def read_baseline(path: Path) -> Baseline:
    """The baseline in a file. Raises BaselineError."""
    try:
        text = text_of(path)
    except FileNotFoundError:
        raise BaselineError(f"there is no baseline at {path}; make one with `conformance baseline write RUN`") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise BaselineError(f"cannot read the baseline {path}: {reason}") from None
    try:
        value = parsed(text)
    except ValueError as error:
        raise BaselineError(f"{path} is not valid YAML: {error}") from None
    return baseline_from(value, str(path))


def baseline_from(value: Any, where: str) -> Baseline:
    """The baseline that a document holds; BaselineError when it breaks the schema or names something twice."""
    value = _dated(value)
    error = next(iter(sorted(_validator().iter_errors(value), key=lambda e: list(map(str, e.path)))), None)
    if error is not None:
        raise BaselineError(f"{where}{_place(value, list(error.path))}: {_mistake(error)}")
    lists = {name: tuple(_entries(value, name, where)) for name in LISTS}
    _refuse_repetitions(lists, where)
    return Baseline(**lists)


def baseline_data(baseline: Baseline) -> dict[str, Any]:
    """The document that holds a baseline; JSON values only."""
    return {
        "version": VERSION,
        "violations": [_entry_data(entry) for entry in baseline.violations],
        "flaky": [_entry_data(entry) for entry in baseline.flaky],
    }


def baseline_text(baseline: Baseline) -> str:
    """The text of a baseline file."""
    data = baseline_data(baseline)
    for entry in (*data["violations"], *data["flaky"]):
        entry["expires"] = date.fromisoformat(entry["expires"])
    if not data["flaky"]:
        del data["flaky"]
    return _HEAD + yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=110)


def _entry_data(entry: Entry) -> dict[str, Any]:
    values = {name: getattr(entry, name) for name in _MEMBERS}
    values |= {"kinds": list(entry.kinds), "expires": entry.expires.isoformat()}
    return {name: value for name, value in values.items() if value}


def _validator() -> Draft202012Validator:
    return Draft202012Validator(json_schema("baseline"))


def _dated(value: Any) -> Any:
    """The document with dates as text: YAML reads `2027-01-31` as a date."""
    if isinstance(value, Mapping):
        return {key: _dated(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_dated(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def _entries(value: Mapping[str, Any], name: str, where: str) -> Iterator[Entry]:
    for number, row in enumerate(value.get(name, ())):
        try:
            expires = date.fromisoformat(row["expires"])
        except ValueError:
            place = _place(value, [name, number])
            raise BaselineError(f"{where}{place}: {row['expires']} is no date; {_REMEDIES['expires']}") from None
        yield Entry(
            row["requirement"], row.get("case", ""), row["reason"], expires, row.get("issue", ""),
            row.get("profile", ""), tuple(row.get("kinds", ())),
        )  # fmt: skip


def _refuse_repetitions(lists: Mapping[str, tuple[Entry, ...]], where: str) -> None:
    """An entry has one place: two that speak of the same case under the same profile may contradict each other."""
    seen: list[tuple[str, Entry]] = []
    for name, entries in lists.items():
        for number, entry in enumerate(entries, 1):
            place = f"{name}, entry {number} ({entry.key})"
            for other, known in seen:
                if known.key == entry.key and (known.binds(entry.profile) or entry.binds(known.profile)):
                    raise BaselineError(f"{where}, {place}: it says again what {other} says; remove one of them")
            seen.append((place, entry))


def _place(value: Any, path: list[Any]) -> str:
    """The entry a mistake is in: `, violations, entry 2 (REQ-024 absent)`."""
    if len(path) < 2:
        return "".join(f", {part}" for part in path)
    name, number = path[0], path[1]
    row = value[name][number]
    words = [str(row[part]) for part in ("requirement", "case") if part in row] if isinstance(row, Mapping) else []
    return f", {name}, entry {number + 1}" + (f" ({' '.join(words)})" if words else "")


def _mistake(error: Any) -> str:
    """What is wrong and what helps."""
    if error.validator == "required":
        missing = next(name for name in error.validator_value if name not in error.instance)
        return f"it lacks {missing!r}; {_REMEDIES[missing]}"
    if error.validator == "additionalProperties":
        unknown = next(str(name) for name in error.instance if name not in error.schema["properties"])
        return f"it has the unknown member {unknown!r}; the members are {', '.join(error.schema['properties'])}"
    if not error.path:
        return "it is no baseline; begin with `version: 1` and `violations: []`"
    shown = _shown(error.instance)
    if len(error.path) == 2:  # a list and a number in it
        return f"{shown} is no table of members; write `requirement: …`, `reason: …` and `expires: …`"
    member = next(str(part) for part in reversed(error.path) if part in _REMEDIES)
    return f"{shown} cannot be {member!r}; {_REMEDIES[member]}"


def _shown(value: Any, most: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= most else f"{text[:most]}…"

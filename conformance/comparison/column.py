"""One run as a column of a comparison, made of its report: the one in a file, or the one that its journal gives."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from conformance.verdicts.graded import Verdict
from conformance.verdicts.keys import key_of

VIOLATED = (Verdict.FAILED, Verdict.WARNED)


class Source(StrEnum):
    """Where the verdicts of a run come from."""

    JOURNAL = "journal"  #: graded from the evidence with the rules of this version
    REPORT = "report"  #: taken as a report says them


@dataclass(frozen=True, slots=True)
class Case:
    """A violated case by its key (`verdicts.keys`), with what was expected and seen first ("" if not told)."""

    key: str
    expected: str = ""
    seen: str = ""

    @property
    def short(self) -> str:
        """The key below its requirement."""
        return self.key.partition(" ")[2] or "seen in traffic"


@dataclass(frozen=True, slots=True)
class Cell:
    """What a run says of one requirement; `cases` are the violated ones."""

    verdict: Verdict
    level: str
    scored: bool
    reason: str
    cases: tuple[Case, ...]

    @property
    def violated(self) -> bool:
        """Whether the requirement was violated, scored or not."""
        return self.verdict in VIOLATED

    @property
    def keys(self) -> frozenset[str]:
        """The keys of the violated cases."""
        return frozenset(case.key for case in self.cases)


@dataclass(frozen=True, slots=True)
class Tier:
    """The state of a tier, with the requirements that decide it."""

    name: str
    title: str
    state: str
    deciding: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """One run. `whole` is whether nothing was left out by choice, `finished` whether the record came to its end."""

    name: str
    source: Source
    target: str
    embedded: bool
    profile: str
    api_version: str
    model: str
    catalogue: int
    harness: str
    level: str
    started: str  #: ISO 8601 with offset, or ""
    whole: bool
    finished: bool
    sentence: str
    exit: str
    tiers: tuple[Tier, ...]
    cells: Mapping[str, Cell]
    statements: Mapping[str, tuple[str, str]]  #: area and statement of each requirement


def column(report: Mapping[str, Any], source: Source, name: str = "") -> Column:
    """The column of a report that fits `schemas/json/report.json`; without a name it goes by its target and time."""
    target, verdict, rows = report["target"], report["verdict"], report["requirements"]
    violated = _violated_cases(report["items"])
    return Column(
        name=name or _name(report),
        source=source,
        target=target["url"],
        embedded=target["embedded"],
        profile=report["profile"],
        api_version=report["api_version"],
        model=report["model"],
        catalogue=report["catalogue"],
        harness=report["harness"]["version"],
        level=verdict["level"],
        started=report["timing"]["started"] or "",
        whole=report["coverage"]["everything"],
        finished=report["coverage"]["finished"],
        sentence=verdict["sentence"],
        exit=verdict["exit"],
        tiers=tuple(map(_tier, report.get("tiers", ()))),
        cells={row["id"]: _cell(row, violated.get(row["id"], {})) for row in rows},
        statements={row["id"]: (row["area"], row["statement"]) for row in rows},
    )


def _name(report: Mapping[str, Any]) -> str:
    """Target and time, such as `api.example.com 2026-03-04 05:06`."""
    target, started = report["target"], report["timing"]["started"] or ""
    return f"{'embedded' if target['embedded'] else _host(target['url'])} {started[:16].replace('T', ' ')}".strip()


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.rpartition("@")[2] or url
    except ValueError:  # what a report says need not be an address
        return url


def _tier(row: Mapping[str, Any]) -> Tier:
    deciding = row["violated"] if row["state"] == "violated" else row["open"]
    return Tier(row["name"], row["title"], row["state"], tuple(deciding))


def _violated_cases(items: Iterable[Mapping[str, Any]]) -> Mapping[str, Mapping[str, str]]:
    """The violated items of each requirement: its cases as they are named there, with the keys they go by."""
    found: dict[str, dict[str, str]] = {}
    for item in items:
        if item["verdict"] in VIOLATED:
            requirement, _, case = item["key"].partition(" ")
            found.setdefault(requirement, {})[case] = key_of(requirement, case, item["generated"])
    return found


def _cell(row: Mapping[str, Any], named_: Mapping[str, str]) -> Cell:
    cases = tuple(_cases(row, named_))
    return Cell(Verdict(row["verdict"]), row["level"], row.get("scored", True), row["reason"], cases)


def _cases(row: Mapping[str, Any], known: Mapping[str, str]) -> Iterator[Case]:
    """Each key once. A report lists the first of the different violations and every item, so that no key is lost."""
    told: dict[str, Case] = {}
    for each in row["violations"]:
        key = known.get(each["case"]) or key_of(row["id"], each["case"])
        told.setdefault(key, Case(key, each["expected"], each["seen"]))
    for key in known.values():
        told.setdefault(key, Case(key))
    yield from told.values()


def named(columns: Sequence[Column]) -> tuple[Column, ...]:
    """The columns with names that differ: the second of a name is called `… (2)`."""
    taken: set[str] = set()
    found = []
    for each in columns:
        name, number = each.name, 1
        while name in taken:
            number += 1
            name = f"{each.name} ({number})"
        taken.add(name)
        found.append(replace(each, name=name))
    return tuple(found)

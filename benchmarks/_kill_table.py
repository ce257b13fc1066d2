"""The table of kill rates: pure functions of what `kill_rates.py` measured."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

VERSION = 1
HARNESS = "whole harness"
GENERATED = "generated tests alone"
PLAIN_AS_GENERATED = "plain Schemathesis, requests as the generated tests"
PLAIN_AS_WHOLE = "plain Schemathesis, requests as the whole harness"
ORDER = (HARNESS, GENERATED, PLAIN_AS_GENERATED, PLAIN_AS_WHOLE)
RIGHT = frozenset({"killed", "noted"})  #: states of the matrix that name the right requirement
KILLED = RIGHT | {"killed by something else"}

Object = dict[str, Any]


def with_harness(rates: Mapping[str, Any], matrix: Mapping[str, Any]) -> Object:
    """The rates with a row for the whole harness, from the matrix of `conformance prove`; the same faults only."""
    profiles = {
        name: _joined(profile, matrix["profiles"].get(name, {"faults": []}))
        for name, profile in rates["profiles"].items()
    }
    return {**rates, "profiles": profiles}


def _joined(profile: Mapping[str, Any], proved: Mapping[str, Any]) -> Object:
    same = {row["id"] for contender in profile["contenders"].values() for row in contender["faults"]}
    faults = [
        {
            "id": row["id"],
            "requirement": row["requirement"],
            "killed": row["state"] in KILLED,
            "right": row["state"] in RIGHT,
        }
        for row in proved["faults"]
        if row["id"] in same
    ]
    others = {name: value for name, value in profile["contenders"].items() if name != HARNESS}
    own = {HARNESS: {"requests": profile["requests"], "faults": faults}} if faults else {}
    return {**profile, "contenders": {**own, **others}}


def table(rates: Mapping[str, Any]) -> str:
    """Markdown, a table for each profile; killed faults by group of requirements, with the number of its faults."""
    sample = rates.get("sample", 1)
    said = [] if sample == 1 else [f"A sample: one fault of every {sample} in the order of the registry."]
    return "\n\n".join([*said, *("\n".join(_lines(name, profile)) for name, profile in rates["profiles"].items())])


def _lines(name: str, profile: Mapping[str, Any]) -> Iterator[str]:
    contenders = [(key, profile["contenders"][key]) for key in ORDER if key in profile["contenders"]]
    sizes = _sizes([contender["faults"] for _, contender in contenders])
    heads = ["contender", "faults", "killed", "by the right requirement", "requests"]
    heads += [f"{group} ({size})" for group, size in sizes.items()]
    yield f"### {name}"
    yield ""
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for key, contender in contenders:
        yield f"| {' | '.join(_cells(key, contender, list(sizes)))} |"


def _sizes(faults: Sequence[Sequence[Mapping[str, Any]]]) -> Mapping[str, int]:
    """How many of the faults belong to each group, groups in the order in which they come."""
    return Counter({row["id"]: group_of(row) for rows in faults for row in rows}.values())


def group_of(row: Mapping[str, Any]) -> str:
    """The group of a fault's requirement: AUTH, HDR, …"""
    return str(row["requirement"]).partition("-")[0]


def _cells(name: str, contender: Mapping[str, Any], groups: Sequence[str]) -> list[str]:
    faults = contender["faults"]
    killed = [row for row in faults if row["killed"]]
    by_group = Counter(map(group_of, killed))
    known = any(row["right"] is not None for row in faults)
    right = share(sum(row["right"] is True for row in faults), len(faults)) if known else "n/a"
    counts = [str(len(faults)), share(len(killed), len(faults)), right, str(contender["requests"])]
    return [name, *counts, *(str(by_group[group]) for group in groups)]


def share(part: int, whole: int) -> str:
    """A count and its share, as in `12 (40 %)`."""
    return f"{part} ({part / whole:.0%})".replace("%", " %") if whole else "0"

"""Reading a journal while it is written, or after: the same lines always give the same `Run`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from conformance.contract import load_catalogue, load_profiles
from conformance.evidence.chain import START
from conformance.evidence.form import fits
from conformance.evidence.journal import JournalError, item_from, parse_line, record_from
from conformance.evidence.records import Records
from conformance.evidence.run import PLAIN, Item, Record, Reduction, Run, Terms

BLOCK = 256 * 1024  #: bytes of a journal read at once


def header_terms(terms: Terms) -> dict[str, Any]:
    """Terms as they stand in the header."""
    return {
        "profile": terms.profile.name,
        "catalogue": terms.catalogue.version,
        "api_version": terms.api_version,
        "model": terms.model,
        "capabilities": sorted(terms.capabilities),
        "authenticated": terms.authenticated,
        "secret_searched": terms.secret_searched,
    }


def terms_from(line: Mapping[str, Any], profile: str = "") -> Terms:
    """The inverse of `header_terms`, or the same under another profile; the catalogue is the present one."""
    return Terms(
        load_profiles()[profile or line["profile"]],
        load_catalogue(),
        line["api_version"],
        line["model"],
        frozenset(line["capabilities"]),
        line["authenticated"],
        line["secret_searched"],
    )


def decoded(path: Path, line: bytes) -> Record:
    """The exchange of a line that was read before. JournalError when the file has changed since."""
    try:
        return record_from(json.loads(line))
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise JournalError(f"{path} was changed while it was read; run again") from None


@dataclass(slots=True)
class Follower:
    """What is known of a run so far. `poll` reads what has been appended since."""

    path: Path
    foreign: bool = False  #: whether the journal may be of somebody else, so that the form of each line is looked at
    header: dict[str, Any] = field(default_factory=dict)
    footer: dict[str, Any] = field(default_factory=dict)
    items: tuple[Item, ...] = ()
    aliases: dict[str, str] = field(default_factory=dict)
    awaited: dict[str, str] = field(default_factory=dict)
    generated: frozenset[str] = frozenset()
    records: Records = field(init=False)
    unsent: dict[str, str] = field(default_factory=dict)
    reductions: dict[str, Reduction] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    sent: bool = False  #: whether every exchange of the plan has ended
    digest: str = START  #: of the last line
    _rest: bytes = b""
    _offset: int = 0
    _line: int = 0
    _place: tuple[int, int] = (0, 0)  #: offset and size of the line that is taken in

    def __post_init__(self) -> None:
        self.records = Records(self.path, partial(decoded, self.path))

    def poll(self) -> bool:
        """Take in new lines; whether there were any. JournalError for a damaged one."""
        before = self._line
        try:
            with self.path.open("rb") as file:
                file.seek(self._offset)
                while data := file.read(BLOCK):
                    self._read(data)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise JournalError(f"cannot read the journal {self.path}: {error.strerror}") from None
        return self._line > before

    def _read(self, data: bytes) -> None:
        begun = self._offset - len(self._rest)
        self._offset += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._line += 1
            self._place = (begun, len(line))
            begun += len(line) + 1
            self._take(line)

    def _take(self, line: bytes) -> None:
        where = f"{self.path}, line {self._line}"
        value = parse_line(line, where, self.digest)
        self.digest = value.pop("chain")
        reader = _READERS.get(value["record"])
        try:
            if reader is not None:
                reader(self, value)
            known = not self.foreign or fits(value | {"chain": self.digest})
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError):
            known = False
        if not known:
            raise JournalError(f"{where} is damaged or of another version of the harness; run again")

    def settled(self, item: Item) -> bool:
        """Whether an item can be judged: its probes are done, and so is a plain control after them."""
        names = {self.aliases.get(probe, probe) for probe in item.probes}
        if self.sent:
            return True
        if (
            not item.active
            or item.generated
            or not self._has_control(item)
            or not names <= self.done | self.unsent.keys()
        ):
            return False
        last = self.records.latest(names)
        return any(seq > last for seq in self.records.places(PLAIN))

    def _has_control(self, item: Item) -> bool:
        """Whether the control of an item was answered, or will not be sent."""
        control = self.aliases.get(item.control, item.control)
        answered = any(True for _ in self.records.places(control))
        return not control or answered or control in self.done | self.unsent.keys()

    def run(self, profile: str = "") -> Run:
        """The run so far, under its own profile or another. JournalError when there is no header yet."""
        if not self.header:
            raise JournalError(f"{self.path} has no header: it is not a journal, or the run never began")
        everything = bool(self.header.get("everything", True))
        return Run(
            terms_from(self.header["terms"], profile), self.items, self.records.snapshot(), self.aliases, self.unsent,
            self.reductions, bool(self.footer), self.awaited, everything,
        )  # fmt: skip


def _header(state: Follower, line: dict[str, Any]) -> None:
    state.header = line


def _plan(state: Follower, line: dict[str, Any]) -> None:
    state.items = tuple(item_from(row) for row in line["items"])
    state.aliases = dict(line["aliases"])
    state.awaited = dict(line.get("awaited", {}))
    state.generated = frozenset(line["generated"])


def _exchange(state: Follower, line: dict[str, Any]) -> None:
    state.records.add(*state._place, record_from(line))


def _unsent(state: Follower, line: dict[str, Any]) -> None:
    state.unsent[line["probe"]] = line["reason"]


def _done(state: Follower, line: dict[str, Any]) -> None:
    state.done.add(line["probe"])


def _reduced(state: Follower, line: dict[str, Any]) -> None:
    state.reductions[line["item"]] = Reduction(line["exchange"], line["flaky"], line["requests"])


def _sent(state: Follower, line: dict[str, Any]) -> None:
    state.sent = True


def _footer(state: Follower, line: dict[str, Any]) -> None:
    state.footer = line


_READERS = {
    "header": _header, "plan": _plan, "exchange": _exchange, "unsent": _unsent, "done": _done,
    "reduced": _reduced, "sent": _sent,
    "footer": _footer,
}  # fmt: skip


def read_run(path: Path) -> Follower:
    """A whole journal; JournalError in one sentence when it is not readable, or names what the catalogue lacks."""
    follower = Follower(path, foreign=True)
    if not path.is_file():
        raise JournalError(f"there is no journal at {path}")
    follower.poll()
    try:
        run = follower.run()
    except (KeyError, TypeError, ValueError):
        raise JournalError(f"{path} is of another version of the harness or damaged; run again") from None
    unknown = [item.requirement for item in run.items if item.requirement not in run.terms.catalogue.requirements]
    if unknown:
        raise JournalError(f"{path} names {unknown[0]}, which this catalogue does not hold; run again")
    return follower

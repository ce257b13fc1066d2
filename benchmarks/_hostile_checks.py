"""What a run against a hostile target has to be, read from its journal and its output."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from conformance.evidence.follow import Follower
from conformance.probing.limits import Limits, limits_from, with_upload
from conformance.probing.transport import _STOP
from conformance.wire.exchange import Exchange, Limit

MOST = 400  #: megabytes of memory that a run may take
BEYOND = 2.0  #: seconds that an exchange may take beyond its limit
WORDS = 200  #: characters of what a report says that are shown


class Meeting(Protocol):
    """What belongs to a behaviour."""

    @property
    def codes(self) -> frozenset[int]:
        """One of these ends the run."""
        ...

    @property
    def limits(self) -> frozenset[str]:
        """At least one of these has to fire."""
        ...


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds that an exchange took of those that a limit gave it."""

    limit: str
    given: float
    took: float

    @property
    def beyond(self) -> float:
        """Seconds beyond the limit; below 0 within it."""
        return self.took - self.given


@dataclass(frozen=True, slots=True)
class Journal:
    """Requests, the limits that cut them with how often, and the exchange that came nearest to its limit."""

    requests: int = 0
    fired: tuple[tuple[str, int], ...] = ()
    longest: Spent | None = None

    @property
    def beyond(self) -> float:
        """Seconds that the worst exchange took beyond its limit."""
        return self.longest.beyond if self.longest else 0.0


@dataclass(frozen=True, slots=True)
class Seen:
    """One run: what was expected of it, and what it came to. Memory in megabytes at its peak, time in seconds."""

    name: str
    expected: Meeting
    journal: Journal
    code: int
    text: str
    memory: int
    wall: float


def journal_of(path: Path, given: Mapping[str, float]) -> Journal:
    """What the journal of a run shows of its limits; nothing where there is none."""
    if not path.is_file():
        return Journal()
    follower, limits = Follower(path), limits_from(dict(given))
    follower.poll()
    fired: Counter[str] = Counter()
    longest: Spent | None = None
    for record in follower.records:
        fired.update(limit.value for limit in (record.exchange.end.limit,) if limit)
        one = spent(record.exchange, with_upload(limits, len(record.exchange.request.body)))
        longest = one if longest is None or one.beyond > longest.beyond else longest
    if any("our limit patience" in reason for reason in follower.unsent.values()):
        fired["patience"] += 1
    return Journal(len(follower.records), tuple(fired.most_common()), longest)


def spent(exchange: Exchange, limits: Limits) -> Spent:
    """What an exchange took of the limit that counts for it: that of time which cut it, else that of the whole."""
    begins = {
        Limit.CONNECT: (limits.connect, 0.0),
        Limit.FIRST_BYTE: (limits.first_byte, 0.0),
        Limit.BETWEEN_BYTES: (limits.between_bytes, _last_byte(exchange)),
        Limit.AFTER_STOP: (limits.after_stop, _stop(exchange)),
    }
    limit = exchange.end.limit if exchange.end.limit in begins else Limit.WHOLE
    given, begin = begins.get(limit or Limit.WHOLE, (limits.whole, 0.0))
    return Spent((limit or Limit.WHOLE).value, given, exchange.elapsed - begin)


def _last_byte(exchange: Exchange) -> float:
    return exchange.chunks[-1].at if exchange.chunks else exchange.first_byte or 0.0


def _stop(exchange: Exchange) -> float:
    """When `message_stop` had come."""
    found, size = _STOP.search(exchange.body), 0
    for chunk in exchange.chunks:
        size += len(chunk.data)
        if found and size >= found.end():
            return chunk.at
    return 0.0


def complaints(seen: Seen) -> list[str]:
    """Everything that a run does not hold to; [] for one that held."""
    fired = {name for name, _ in seen.journal.fired}
    unnamed = [name for name in sorted(fired) if not _is_named(name, seen.text)]
    checks = (
        (seen.journal.beyond <= BEYOND, f"{seen.journal.beyond:.1f} s beyond its limit"),
        (seen.memory <= MOST, f"more than {MOST} MB"),
        ("Traceback" not in seen.text and "INTERNALERROR" not in seen.text, "traceback"),
        (seen.code in seen.expected.codes, f"exit code {seen.code}"),
        (not seen.expected.limits or bool(fired & seen.expected.limits), "its limit did not fire"),
        (not unnamed, f"not named: {', '.join(unnamed)}"),
    )
    return [words for held, words in checks if not held]


def _is_named(limit: str, text: str) -> bool:
    """Whether what was printed names a limit that fired, among those that it counts or in a reason."""
    counted = text.partition("cut by our limits: ")[2].partition("\n")[0]
    return f"{limit} " in counted or f"our limit {limit}" in text


_SENTENCES = ("does not conform", "conforms", "could not be graded", "no violation", "error in the", "nothing was")


def said(text: str) -> str:
    """The sentence of the report: the line above what pytest adds, or what the pre-flight or the command said."""
    lines = [line.strip(" !") for line in text.splitlines() if line.strip()]
    sentences = [line for line in lines if line.startswith((*_SENTENCES, "at level"))]
    found = [line for line in lines if "nothing was graded" in line] or sentences[-1:] or lines[-1:]
    return found[0].removeprefix("_pytest.outcomes.Exit: ").replace("**", "")[:WORDS] if found else ""


HEAD = (
    "| behaviour | limits that fired | requests | longest, limit | run | peak MB | exit | held | what is said |",
    "|---|---|---|---|---|---|---|---|---|",
)


def row(seen: Seen) -> str:
    """A run as a row of Markdown."""
    longest, wrong = seen.journal.longest, complaints(seen)
    fired = ", ".join(f"{limit} {count}" for limit, count in seen.journal.fired)
    cells = (
        f"`{seen.name}`", fired or "-", str(seen.journal.requests),
        f"{longest.took:.1f} s of {longest.given:g} s ({longest.limit})" if longest else "-", f"{seen.wall:.0f} s",
        str(seen.memory), str(seen.code), f"**no**: {', '.join(wrong)}" if wrong else "yes",
        said(seen.text).replace("|", "\\|"),
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.split("|")[1:]]


def held(row: str) -> bool:
    """Whether a row says so."""
    return _cells(row)[7] == "yes"


def written_rows(page: Path, heading: str) -> dict[str, str]:
    """The rows of the section under a heading, by behaviour; none where there is no such section."""
    section = page.read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return {_cells(line)[0].strip("`"): line for line in section.splitlines() if line.startswith("| `")}


def ended(rows: Mapping[str, str]) -> str:
    """What all rows come to: whether every behaviour held."""
    bad = [name for name, line in rows.items() if not held(line)]
    if bad:
        return f"{len(bad)} of {len(rows)} behaviours did not hold: {', '.join(bad)}"
    most = max(int(_cells(line)[5]) for line in rows.values())
    return f"all {len(rows)} behaviours held, with at most {most} MB"

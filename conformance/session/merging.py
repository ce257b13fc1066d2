"""Journals of the shares of one run, joined to the journal that an undivided run would have left."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from conformance.evidence.follow import Follower
from conformance.evidence.journal import JOURNAL, JournalError, JournalWriter, record_line
from conformance.evidence.run import ELSEWHERE, PLAIN, STREAM, Record
from conformance.session.earlier import differences, plan_line_of, read_earlier
from conformance.settings.resolve import UsageError, shard_of

MODELS = "models"  #: every share may ask for the list of models
_EVERYWHERE = (PLAIN, STREAM, MODELS)


@dataclass(frozen=True, slots=True)
class Share:
    """A share that was read, and how far those before it move its records."""

    index: int
    found: Follower
    places: int = 0
    seconds: float = 0.0
    steps: Mapping[str, int] | None = None

    def record(self, record: Record) -> Record:
        """A record in its place in the joined run; connections of two machines are never the same."""
        exchange = replace(
            record.exchange,
            began=record.exchange.began + self.seconds,
            connection=f"{self.index}: {record.exchange.connection}" if record.exchange.connection else "",
        )
        step = record.step + (self.steps or {}).get(record.probe, 0)
        return replace(record, seq=record.seq + self.places, step=step, exchange=exchange)


def read_shares(paths: Sequence[Path]) -> tuple[Share, ...]:
    """The shares of one run by their numbers, each moved behind the one before. Raises UsageError."""
    found = {path: read_earlier(path) for path in paths}
    _check(found)
    rows = sorted(found.values(), key=_index)
    shares = [Share(_index(rows[0]), rows[0])]
    for follower in rows[1:]:
        shares.append(_behind(shares[-1], follower))
    return tuple(shares)


def _index(follower: Follower) -> int:
    return shard_of(follower.header["shard"])[0]


def _behind(before: Share, follower: Follower) -> Share:
    records = before.found.records
    ends = (record.exchange.began + record.exchange.elapsed for record in records)
    steps = dict(before.steps or {})
    for probe in _EVERYWHERE:
        own = (record.step + 1 for record in records if record.probe == probe)
        steps[probe] = steps.get(probe, 0) + max(own, default=0)
    places = before.places + max((record.seq for record in records), default=0)
    return Share(_index(follower), follower, places, before.seconds + max(ends, default=0.0), steps)


def _check(found: Mapping[Path, Follower]) -> None:
    """UsageError unless these are all shares of one run, each brought to its end."""
    first = next(iter(found.values()))
    for path, follower in found.items():
        if "shard" not in follower.header:
            raise UsageError(f"{path} holds no share of a run; merge takes journals of runs with --shard")
        if not follower.footer:
            raise UsageError(f"{path} breaks off before the end of its run; bring it there with --resume {path}")
        wrong = next(differences(first.header, follower.header, shards=True), "")
        if wrong or plan_line_of(follower) != plan_line_of(first):
            raise UsageError(f"{path} was made for another {wrong or 'selection of items'} than {next(iter(found))}")
    numbers = [shard_of(follower.header["shard"]) for follower in found.values()]
    counts = sorted({count for _, count in numbers})
    if len(counts) > 1:
        raise UsageError(f"these are shares of runs in {' and in '.join(map(str, counts))}; give those of one run")
    present = [index for index, _ in numbers]
    twice = sorted({index for index in present if present.count(index) > 1})
    if twice:
        raise UsageError(f"share {twice[0]}/{counts[0]} is given twice; give each once")
    missing = [f"{index}/{counts[0]}" for index in range(1, counts[0] + 1) if index not in present]
    if missing:
        raise UsageError(f"share {', '.join(missing)} is missing; give the journals of all shares")


def write_merged(shares: Sequence[Share], folder: Path) -> Follower:
    """Write the joined journal into a folder, and read it back. Raises UsageError."""
    try:
        writer = JournalWriter(folder / JOURNAL)
        for kind, content in merged_lines(shares):
            writer.write(kind, **content)
        writer.close()
        follower = Follower(writer.path)
        follower.poll()
    except OSError as error:
        raise UsageError(f"cannot write the run into {folder}: {error.strerror or error}") from None
    except JournalError as error:
        raise UsageError(str(error)) from None
    return follower


def merged_lines(shares: Sequence[Share]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The lines of the joined journal."""
    first = shares[0].found
    yield "header", _header(shares)
    yield "plan", plan_line_of(first)
    for share in shares:
        records = sorted(share.found.records, key=lambda record: record.seq)
        yield from (("exchange", record_line(share.record(record))) for record in records)
    yield from (("unsent", {"probe": probe, "reason": why}) for probe, why in _unsent(shares).items())
    done = sorted(frozenset().union(*(share.found.done for share in shares)))
    yield from (("done", {"probe": probe}) for probe in done)
    for share in shares:
        for item, row in share.found.reductions.items():
            told = {"exchange": row.exchange + share.places, "flaky": row.flaky, "requests": row.requests}
            yield "reduced", {"item": item, **told}
    yield "sent", {}
    yield "footer", _footer(shares)


def _header(shares: Sequence[Share]) -> dict[str, Any]:
    """That of the first share; the run began when the first of them did, and is whole if each of them was."""
    header = {name: value for name, value in shares[0].found.header.items() if name not in {"record", "shard"}}
    header["everything"] = all(share.found.header["whole"] for share in shares)
    header["started"] = min(share.found.header["started"] for share in shares)
    header["options"] = {name: value for name, value in header["options"].items() if name != "shard"}
    del header["whole"]
    return {**header, "merged": [share.found.digest for share in shares]}


def _unsent(shares: Sequence[Share]) -> Mapping[str, str]:
    """What no share has sent, each probe with the reason of the share that was to send it."""
    rows = [share.found.unsent for share in shares]
    everywhere = set(rows[0]).intersection(*rows)
    return {probe: min((row[probe] for row in rows), key=_says_elsewhere) for probe in rows[0] if probe in everywhere}


def _says_elsewhere(reason: str) -> bool:
    return reason.startswith(ELSEWHERE)


def _footer(shares: Sequence[Share]) -> dict[str, Any]:
    footers = [share.found.footer for share in shares]
    return {
        "ended": max(footer["ended"] for footer in footers),
        "complete": all(footer["complete"] for footer in footers),
        "holding": sorted({name for footer in footers for name in footer["holding"]}),
        "ungradable": next((footer["ungradable"] for footer in footers if footer["ungradable"]), ""),
        "refused": any(footer["refused"] for footer in footers),
    }

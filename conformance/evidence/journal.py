"""The journal of a run: JSON lines, written as things happen, read back to the same `Run`.

Lines are objects with a `record` key: one `header`, one `plan`, then `exchange`, `unsent`, `done` and `reduced` lines,
`sent` once nothing more is to come, and a `footer` without which the run counts as cut off. A run whose requests others
send tells its plan again before that: the last one counts. Each line ends with its link of the digest chain. Only
redacted exchanges get here. Schema of a line: `schemas/json/journal.json`.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

from conformance.evidence.chain import START, sealed, unsealed
from conformance.evidence.held import Taken, new_file
from conformance.evidence.run import Expect, Item, Record
from conformance.wire.exchange import Chunk, End, Ending, Exchange, Limit, Request

JOURNAL = "journal.jsonl"  #: its name in the folder of a run
VERSION = 2  #: 1 had no digest chain


class JournalError(Exception):
    """The journal cannot be read; one sentence with file, line and remedy."""


class CannotWrite(Exception):
    """The journal cannot be written any further; one sentence with the file and the reason."""


class JournalWriter:
    """Appends lines to a new file and flushes each; safe to use from several threads.

    Only its owner may read the file, and the folder if it is made here. Where another run is writing it, it is left to
    that one: CannotWrite. After an error (a full disk) nothing more is written, so that what a line lacks stays at the
    end; `failure` says what it was.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = path
        self.failure = ""
        self._lock = Lock()
        self._digest = START
        try:
            self._file = new_file(path)
        except Taken:
            raise CannotWrite(f"another run is writing {path}; wait for its end, or name another folder") from None

    def write(self, kind: str, **content: Any) -> None:
        """Append one line. Raises CannotWrite."""
        with self._lock:
            if self.failure:
                raise CannotWrite(self.failure)
            line, self._digest = sealed({"record": kind, **content}, self._digest)
            try:
                self._file.write(line + "\n")
                self._file.flush()
            except OSError as error:
                self.failure = f"cannot write the journal {self.path}: {error.strerror or error}"
                raise CannotWrite(self.failure) from None

    def close(self) -> None:
        """Close the file."""
        with suppress(OSError):  # of what could not be written before, which `failure` tells
            self._file.close()


def packed(data: bytes) -> Any:
    """Bytes as JSON: a string when they are UTF-8, else an object with base64."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": b64encode(data).decode("ascii")}


def unpacked(value: Any) -> bytes:
    """The inverse of `packed`."""
    if isinstance(value, str):
        return value.encode("utf-8")
    return b64decode(value["base64"])


def record_line(record: Record) -> dict[str, Any]:
    """A record as the content of an `exchange` line; times in seconds to the microsecond."""
    exchange = record.exchange
    return {
        "seq": record.seq,
        "probe": record.probe,
        "step": record.step,
        "try": record.attempt,
        "repeated": record.repeated,
        "request": {
            "method": exchange.request.method,
            "url": exchange.request.url,
            "headers": [list(pair) for pair in exchange.request.headers],
            "body": packed(exchange.request.body),
        },
        "response": {
            "version": exchange.version,
            "status": exchange.status,
            "headers": [list(pair) for pair in exchange.headers],
            "chunks": [[round(chunk.at, 6), packed(chunk.data)] for chunk in exchange.chunks],
            "surplus": packed(exchange.surplus),
        },
        "end": {
            "how": exchange.end.how.value,
            "limit": exchange.end.limit.value if exchange.end.limit else None,
            "detail": exchange.end.detail,
        },
        "began": round(exchange.began, 6),
        "first_byte": None if exchange.first_byte is None else round(exchange.first_byte, 6),
        "elapsed": round(exchange.elapsed, 6),
        "connection": exchange.connection,
    }


def record_from(line: Mapping[str, Any]) -> Record:
    """The inverse of `record_line`."""
    request, response, end = line["request"], line["response"], line["end"]
    exchange = Exchange(
        Request(request["method"], request["url"], _pairs(request["headers"]), unpacked(request["body"])),
        response["status"],
        _pairs(response["headers"]),
        tuple(Chunk(at, unpacked(data)) for at, data in response["chunks"]),
        End(Ending(end["how"]), Limit(end["limit"]) if end["limit"] else None, end["detail"]),
        line["began"],
        line["first_byte"],
        line["elapsed"],
        line["connection"],
        unpacked(response["surplus"]),
        response.get("version", "1.1"),
    )
    return Record(line["seq"], line["probe"], line["step"], line["try"], exchange, line["repeated"])


def _pairs(rows: Iterable[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in rows)


def item_line(item: Item) -> dict[str, Any]:
    """An item as it stands in the plan."""
    return {
        "requirement": item.requirement,
        "case": item.case,
        "probes": list(item.probes),
        "expect": {name: {"kind": e.kind, "args": dict(e.args)} for name, e in item.expect.items()},
        "control": item.control,
        "about": item.about,
        "scored": item.scored,
        "generated": item.generated,
    }


def item_from(line: Mapping[str, Any]) -> Item:
    """The inverse of `item_line`."""
    expect = {name: Expect(e["kind"], e["args"]) for name, e in line["expect"].items()}
    return Item(
        line["requirement"], line["case"], tuple(line["probes"]), expect,
        line["control"], line["about"], line["scored"], line["generated"],
    )  # fmt: skip


def parse_line(line: bytes, where: str, previous: str) -> dict[str, Any]:
    """One line of a journal, after a line with that digest; its own is in `chain`. JournalError when it is not one."""
    try:
        text = line.decode("ascii")
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise JournalError(f"{where} is not JSON: the journal was damaged; run again") from None
    if not isinstance(value, dict) or not isinstance(value.get("record"), str):
        raise JournalError(f"{where} is not a journal record; is this a journal of this harness?")
    if "chain" not in value:
        raise JournalError(f"{where} is of another version of the harness; run again")
    if unsealed(text, previous) is None:
        raise JournalError(
            f"{where} does not follow from the line before: one was changed, left out, repeated or moved; run again"
        )
    return value

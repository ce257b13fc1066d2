"""History on the disk: one SQLite file, one transaction for each run. What is not a history is never written to."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from conformance.contract import Level
from conformance.gate.nights import PERCENTS, Kept, Night, Percentiles, State, night_of, series_of
from conformance.reporting.facts import Facts
from conformance.verdicts.graded import Graded, Verdict

APPLICATION = 0x4D53_4743  #: says in the file's header that it is ours
VERSION = 1
PATIENCE = 30.0  #: seconds to wait for another run that writes

_TEXTS = ("started", "ended", "target", "profile", "model", "harness", "level", "verdict")
_NUMBERS = ("catalogue", "exit", "requests", "generated", "output_tokens")
_COUNTS = tuple(str(verdict) for verdict in Verdict)
_LATENCIES = tuple(f"{name}_p{percent}" for name in ("first_byte", "whole") for percent in PERCENTS)
_KEPT = ("key", "level", "expected", "seen", "state", "waived", "kinds")

_COLUMNS = (
    *((name, "TEXT NOT NULL") for name in _TEXTS),
    *((name, "INTEGER NOT NULL") for name in (*_NUMBERS, *(name.replace("-", "_") for name in _COUNTS))),
    *((name, "REAL") for name in _LATENCIES),
)
_SCHEMA = (
    f"CREATE TABLE runs (id INTEGER PRIMARY KEY, {', '.join(' '.join(column) for column in _COLUMNS)})",
    "CREATE TABLE violations (run INTEGER NOT NULL REFERENCES runs(id), key TEXT NOT NULL, level TEXT NOT NULL, "
    "expected TEXT NOT NULL, seen TEXT NOT NULL, state TEXT NOT NULL, waived INTEGER NOT NULL, kinds TEXT NOT NULL, "
    "PRIMARY KEY (run, key))",
    "CREATE INDEX runs_by_series ON runs (target, profile, id)",
    f"PRAGMA application_id = {APPLICATION}",
    f"PRAGMA user_version = {VERSION}",
)
_NAMES = [name for name, _ in _COLUMNS]
_RUN_IN = f"INSERT INTO runs ({', '.join(_NAMES)}) VALUES ({', '.join('?' for _ in _NAMES)})"
_KEPT_IN = f"INSERT INTO violations (run, {', '.join(_KEPT)}) VALUES (?{', ?' * len(_KEPT)})"
_RUNS_OUT = f"SELECT id, {', '.join(_NAMES)} FROM runs ORDER BY id"
_KEPT_OUT = f"SELECT run, {', '.join(_KEPT)} FROM violations ORDER BY run, rowid"
_LAST_OUT = (
    f"SELECT run, {', '.join(_KEPT)} FROM violations "
    "WHERE run = (SELECT max(id) FROM runs WHERE target = ? AND profile = ?) ORDER BY rowid"
)


class HistoryError(Exception):
    """A file that cannot be used as a history: one sentence with the file and the remedy."""


def prepare(path: Path) -> None:
    """Make the file if there is none, and see that it is a history that can be written to. Raises HistoryError."""
    with _opened(path, create=True) as database:
        database.execute("ROLLBACK")


def record(path: Path, graded: Graded, facts: Facts) -> None:
    """Add a run to the history. Raises HistoryError."""
    with _opened(path, create=True) as database:
        before = [_kept(row) for row in database.execute(_LAST_OUT, series_of(graded, facts))]
        night = night_of(graded, facts, before)
        number = database.execute(_RUN_IN, list(_run_row(night))).lastrowid
        database.executemany(_KEPT_IN, ((number, *_kept_row(kept)) for kept in night.violations))
        database.execute("COMMIT")


def read_history(path: Path) -> tuple[Night, ...]:
    """Every run of the history, in the order in which they were added. Raises HistoryError."""
    if not path.exists():
        raise HistoryError(f"there is no history at {path}; `conformance run --history {path}` begins one")
    with _opened(path, create=False) as database:
        rows: dict[int, list[Kept]] = {}
        for row in database.execute(_KEPT_OUT):
            rows.setdefault(row["run"], []).append(_kept(row))
        return tuple(_night(row, tuple(rows.get(row["id"], ()))) for row in database.execute(_RUNS_OUT))


@contextmanager
def _opened(path: Path, create: bool) -> Iterator[sqlite3.Connection]:
    """The database, in a transaction that can write where `create` is set. Its schema is made if the file is empty."""
    try:
        if create:
            path.parent.mkdir(parents=True, exist_ok=True)
        mode = "rwc" if create else "ro"
        address = f"{path.absolute().as_uri()}?mode={mode}"
        with closing(sqlite3.connect(address, timeout=PATIENCE, isolation_level=None, uri=True)) as database:
            database.row_factory = sqlite3.Row
            database.execute("BEGIN IMMEDIATE" if create else "BEGIN")
            _check(database, path, create)
            yield database
    except sqlite3.OperationalError as error:
        raise HistoryError(f"cannot use the history {path}: {error}") from None
    except (sqlite3.Error, KeyError, ValueError, TypeError) as error:
        raise HistoryError(f"{path} is no history, or a damaged one ({error}); give another file") from None
    except OSError as error:
        raise HistoryError(f"cannot use the history {path}: {error.strerror}") from None


def _check(database: sqlite3.Connection, path: Path, create: bool) -> None:
    """Make the schema in an empty file; refuse what is not ours, or not sound."""
    application, version = (_pragma(database, name) for name in ("application_id", "user_version"))
    tables = database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if not application and not tables and create:
        for statement in _SCHEMA:
            database.execute(statement)
        database.execute("COMMIT")
        database.execute("BEGIN IMMEDIATE")
    elif application != APPLICATION:
        raise HistoryError(f"{path} is a database of something else; give another file")
    elif version != VERSION:
        raise HistoryError(f"{path} is a history of version {version}, and this one knows {VERSION}; give another file")
    elif (told := _pragma(database, "quick_check")) != "ok":
        raise HistoryError(f"{path} is damaged ({' '.join(str(told).split())}); give another file")


def _pragma(database: sqlite3.Connection, name: str) -> Any:
    return database.execute(f"PRAGMA {name}").fetchone()[0]


def _run_row(night: Night) -> Iterator[Any]:
    yield from (_text(getattr(night, name)) for name in _TEXTS)
    yield from (getattr(night, name) for name in _NUMBERS)
    yield from (night.counts[name] for name in _COUNTS)
    yield from (*night.first_byte, *night.whole)


def _kept_row(kept: Kept) -> tuple[Any, ...]:
    kinds = json.dumps(list(kept.kinds))
    return kept.key, kept.level.value, _text(kept.expected), _text(kept.seen), kept.state.value, kept.waived, kinds


def _text(text: str) -> str:
    """A text that SQLite can hold: lone surrogates as escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _kept(row: sqlite3.Row) -> Kept:
    return Kept(
        row["key"], Level(row["level"]), row["expected"], row["seen"], State(row["state"]), bool(row["waived"]),
        tuple(json.loads(row["kinds"])),
    )  # fmt: skip


def _night(row: sqlite3.Row, kept: tuple[Kept, ...]) -> Night:
    plain = {name: row[name] for name in (*_TEXTS, *_NUMBERS)}
    counts = {name: row[name.replace("-", "_")] for name in _COUNTS}
    return Night(
        **plain,
        counts=counts,
        first_byte=_latencies(row, "first_byte"),
        whole=_latencies(row, "whole"),
        violations=kept,
    )


def _latencies(row: sqlite3.Row, name: str) -> Percentiles:
    first, second, third = (row[f"{name}_p{percent}"] for percent in PERCENTS)
    return first, second, third

"""The exchanges of a journal as a sequence that decodes each when it is asked for.

Of every exchange a few numbers are remembered, about thirty bytes. The last ones decoded are kept as well, within
bounds: a run of the usual size is decoded once, a huge one anew whenever it is read.
"""

import weakref
from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from threading import Lock
from typing import BinaryIO, overload

from conformance.evidence.record import Record

MOST_BYTES = 2 * 1024 * 1024  #: of the journal, whose exchanges are kept decoded: fifty times as much, where it is JSON
MOST_RECORDS = 4096  #: of them

Decode = Callable[[bytes], Record]


class Lines:
    """The lines of a growing journal by their place, the last ones decoded kept; safe to use from several threads.

    The file is opened before the first decoded line is given up, and stays open: a journal that is moved or deleted
    afterwards can still be read.
    """

    def __init__(self, path: Path, decode: Decode) -> None:
        self._path, self._decode = path, decode
        self._kept: OrderedDict[int, tuple[Record, int]] = OrderedDict()
        self._bytes = 0
        self._file: BinaryIO | None = None
        self._lock = Lock()

    def keep(self, offset: int, size: int, record: Record) -> Record:
        """Remember a decoded line of so many bytes for a while. OSError where the journal cannot be opened."""
        with self._lock:
            if offset in self._kept:
                self._kept.move_to_end(offset)
                return self._kept[offset][0]
            self._kept[offset] = (record, size)
            self._bytes += size
            while len(self._kept) > 1 and (self._bytes > MOST_BYTES or len(self._kept) > MOST_RECORDS):
                self._opened()
                self._bytes -= self._kept.popitem(last=False)[1][1]
        return record

    def record(self, offset: int, size: int) -> Record:
        """The exchange that a line holds, remembered for a while."""
        return self.keep(offset, size, self.passing(offset, size))

    def passing(self, offset: int, size: int) -> Record:
        """The same for one who comes by every line: none is remembered that would drive out another."""
        with self._lock:
            if found := self._kept.get(offset):
                return found[0]
            file = self._opened()
            file.seek(offset)
            line = file.read(size)
        return self._decode(line)

    def _opened(self) -> BinaryIO:
        if self._file is None:
            self._file = self._path.open("rb")
            weakref.finalize(self, self._file.close)
        return self._file


@dataclass(slots=True)
class Columns:
    """What is remembered of each exchange, in the order of sending."""

    seq: "array[int]"
    offset: "array[int]"  #: of its line in the journal
    size: "array[int]"  #: of that line, in bytes
    step: "array[int]"
    probe: "array[int]"  #: its number among the names
    repeated: "array[int]"

    def copy(self) -> "Columns":
        """The same, to be written to."""
        return Columns(*(getattr(self, row.name)[:] for row in fields(self)))


class Records(Sequence[Record]):
    """The exchanges of a journal so far, in the order of sending."""

    def __init__(self, path: Path, decode: Decode) -> None:
        self._lines = Lines(path, decode)
        self._columns = Columns(*(array(code) for code in "qQIiIb"))
        self._names: dict[str, int] = {}
        self._shared = False  # whether a snapshot reads the same columns

    def add(self, offset: int, size: int, record: Record) -> None:
        """Take in the exchange of a line."""
        if self._shared:
            self._columns, self._shared = self._columns.copy(), False
        columns = self._columns
        place = bisect_right(columns.seq, record.seq)  # at the end or near it: they end in about the order of sending
        columns.seq.insert(place, record.seq)
        columns.offset.insert(place, offset)
        columns.size.insert(place, size)
        columns.step.insert(place, record.step)
        columns.probe.insert(place, self._names.setdefault(record.probe, len(self._names)))
        columns.repeated.insert(place, record.repeated)
        self._lines.keep(offset, size, record)

    def snapshot(self) -> "Records":
        """The exchanges that are there now; what is added later is not in it."""
        found = Records.__new__(Records)
        found._lines, found._columns, found._names = self._lines, self._columns, dict(self._names)
        found._shared = self._shared = True
        return found

    def at(self, seq: int) -> Record | None:
        """The exchange with this place in the order of sending."""
        place = bisect_right(self._columns.seq, seq) - 1
        return self[place] if place >= 0 and self._columns.seq[place] == seq else None

    def probes(self) -> Iterator[str]:
        """The probe of each exchange."""
        names = list(self._names)
        return (names[number] for number in self._columns.probe)

    def places(self, probe: str) -> Iterator[int]:
        """The seqs of what counts of a probe, rising; a try that was replaced does not."""
        columns, number = self._columns, self._names.get(probe)
        rows = zip(columns.seq, columns.probe, columns.repeated, strict=True)
        return (seq for seq, name, repeated in rows if name == number and not repeated)

    def latest(self, probes: frozenset[str] | set[str]) -> int:
        """The seq of the last exchange of these probes, replaced or not; 0 where there is none."""
        numbers = {self._names[probe] for probe in probes if probe in self._names}
        rows = zip(self._columns.seq, self._columns.probe, strict=True)
        return max((seq for seq, name in rows if name in numbers), default=0)

    def by_probe(self) -> Mapping[str, Sequence[Record]]:
        """What counts of each probe, by step, in the order in which the probes came."""
        columns = self._columns
        found: dict[int, array[int]] = {}
        for place, (name, repeated) in enumerate(zip(columns.probe, columns.repeated, strict=True)):
            if not repeated:
                found.setdefault(name, array("Q")).append(place)
        names = list(self._names)
        return {names[number]: Chosen(self, self._by_step(places)) for number, places in found.items()}

    def _by_step(self, places: "array[int]") -> "array[int]":
        steps = self._columns.step
        if all(steps[place] == steps[places[0]] for place in places):
            return places
        return array("Q", sorted(places, key=steps.__getitem__))

    def __len__(self) -> int:
        return len(self._columns.seq)

    @overload
    def __getitem__(self, place: int) -> Record: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Record, ...]: ...
    def __getitem__(self, place: int | slice) -> Record | tuple[Record, ...]:
        if isinstance(place, slice):
            return tuple(self[number] for number in range(*place.indices(len(self))))
        return self._lines.record(self._columns.offset[place], self._columns.size[place])

    def __iter__(self) -> Iterator[Record]:
        columns = self._columns
        return map(self._lines.passing, columns.offset, columns.size)

    def __eq__(self, other: object) -> bool:
        return _equal(self, other)

    __hash__ = None  # type: ignore[assignment]


class Chosen(Sequence[Record]):
    """Some exchanges of a journal, by their places."""

    def __init__(self, records: Records, places: "array[int]") -> None:
        self.records, self.places = records, places

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, place: int) -> Record: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Record, ...]: ...
    def __getitem__(self, place: int | slice) -> Record | tuple[Record, ...]:
        if isinstance(place, slice):
            return tuple(self.records[number] for number in self.places[place])
        return self.records[self.places[place]]

    def __eq__(self, other: object) -> bool:
        return _equal(self, other)

    __hash__ = None  # type: ignore[assignment]


def joined(parts: Sequence[Sequence[Record]]) -> Sequence[Record]:
    """The exchanges of several probes behind one another."""
    if len(parts) == 1:
        return parts[0]
    rows = [part for part in parts if isinstance(part, Chosen)]
    if rows and sum(map(len, rows)) == sum(map(len, parts)):
        return Chosen(rows[0].records, array("Q", (place for part in rows for place in part.places)))
    return tuple(record for part in parts for record in part)


def _equal(rows: Sequence[Record], other: object) -> bool:
    if not isinstance(other, Sequence) or len(rows) != len(other):
        return False
    return all(mine == its for mine, its in zip(rows, other, strict=True))

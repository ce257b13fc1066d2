"""Mutations as data: an edit is a kind and two numbers, and what each kind does is a row of a table.

The numbers are fractions of what there is to choose from, so that an edit means something for an input of any length.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

SCALE = 1 << 16  #: an edit's numbers are below it
LARGEST = 64 * 1024  #: bytes; what grows beyond is cut there

#: Bytes that mean something to one of the readers.
WORDS: Sequence[bytes] = (
    b"", b"\0", b"\n", b"\r", b"\r\n", b"\n\n", b"\r\r", b" ", b":", b"\xef\xbb\xbf", b"\xff", b"\xc0\x80",
    b"\xed\xa0\x80", b"\xe2\x80\xa8", b"\xc2\x85", b"\xf0\x9f", b"data: [DONE]\n\n", b"data:\n", b"event: error\n",
    b"event: ping\ndata: {}\n\n", b": comment\n", b"id: 1\0\n", b"retry: 1e9\n", b"foo\n", b'"', b"\\", b"\\ud800",
    b"'", b"<![CDATA[", b"]]>", b"\x1b[2J", b"%0A::error::", b"../", b"{}", b"[]", b",", b"*a", b"&a ", b"- ", b"!!",
)  # fmt: skip

#: Values in the place of a value, for JSON and for what resembles it.
VALUES: Sequence[bytes] = (
    b"null", b"true", b"false", b"0", b"-1", b"-0", b"1.0", b"0.5", b"1e400", b"-1e400", b"1e-400", b"NaN", b"Infinity",
    b"2147483648", b"-9223372036854775809", b"18446744073709551616", b"9" * 400, b"9" * 5000, b'""', b'"\\u0000"',
    b'"\\ud800"', b'"\\ud83d\\ude00"', b'"\xff"', b"[]", b"{}", b"[[]]", b'{"a":1,"a":2}', b'"message"', b'"error"',
    b'"assistant"', b'"end_turn"', b'"tool_use"', b'"max_tokens"', b'"' + b"x" * 3000 + b'"', b"2026-02-30", b"~",
    b'"message_stop"', b'"ping"', b'"exchange"', b'"footer"', b'"header"', b'"http://["', b'"gzip"', b'"\\n"',
)  # fmt: skip

_TOKEN = re.compile(rb'"(?:[^"\\\n]|\\.)*"|-?[0-9][0-9.eE+-]*|\b[A-Za-z_][A-Za-z_-]*\b')
_SEPARATORS = {"line": b"\n", "event": b"\n\n", "member": b","}

Change = Callable[[bytes, bytes, int, int], bytes]
"""What a kind of edit does: the input, another one, and the two numbers."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One change: `kind` names a row of KINDS."""

    kind: str
    first: int
    second: int


def _place(data: Sequence[object], number: int) -> int:
    return number * len(data) // SCALE


def _flip(data: bytes, other: bytes, first: int, second: int) -> bytes:
    place = _place(data, first)
    return data[:place] + bytes((data[place] ^ (1 << second % 8),)) + data[place + 1 :] if data else data


def _put(data: bytes, other: bytes, first: int, second: int) -> bytes:
    place = _place(data, first)
    return data[:place] + WORDS[second % len(WORDS)] + data[place:]


def _left_out(data: bytes, other: bytes, first: int, second: int) -> bytes:
    place = _place(data, first)
    return data[:place] + data[place + 1 + second % 40 :]


def _cut(data: bytes, other: bytes, first: int, second: int) -> bytes:
    return data[: _place(data, first)]


def _beheaded(data: bytes, other: bytes, first: int, second: int) -> bytes:
    return data[_place(data, first) :]


def _repeated(data: bytes, other: bytes, first: int, second: int) -> bytes:
    place = _place(data, first)
    return data[:place] + data[place : place + second % 300] * (1 + second % 7) + data[place:]


def _spliced(data: bytes, other: bytes, first: int, second: int) -> bytes:
    return data[: _place(data, first)] + other[_place(other, second) :]


def _inlaid(data: bytes, other: bytes, first: int, second: int) -> bytes:
    place, start = _place(data, first), _place(other, second)
    return data[:place] + other[start : start + 200] + data[place:]


def _valued(data: bytes, other: bytes, first: int, second: int) -> bytes:
    tokens = list(_TOKEN.finditer(data))
    if not tokens:
        return data
    token = tokens[_place(tokens, first)]
    return data[: token.start()] + VALUES[second % len(VALUES)] + data[token.end() :]


def _exchanged(data: bytes, other: bytes, first: int, second: int) -> bytes:
    """The value of one token in the place of another."""
    tokens = list(_TOKEN.finditer(data))
    if not tokens:
        return data
    one, two = tokens[_place(tokens, first)], tokens[_place(tokens, second)]
    return data[: one.start()] + two.group() + data[one.end() :]


def _nested(data: bytes, other: bytes, first: int, second: int) -> bytes:
    """A value with brackets around it, from a few to more than any reader follows."""
    tokens = list(_TOKEN.finditer(data))
    if not tokens:
        return data
    token, depth = tokens[_place(tokens, first)], (3, 499, 501, 1500, 20_000)[second % 5]
    opening, closing = ((b"[", b"]"), (b'{"a":', b"}"))[second // 5 % 2]
    depth = min(depth, 6_000) if len(opening) > 1 else depth
    ends = closing * depth if second // 10 % 2 else b""
    return data[: token.start()] + opening * depth + token.group() + ends + data[token.end() :]


def _line_ends(data: bytes, other: bytes, first: int, second: int) -> bytes:
    end = (b"\r\n", b"\r", b"\n\r")[second % 3]
    place = _place(data, first)
    return data[:place] + data[place:].replace(b"\n", end, -1 if second % 2 else 2)


def _piece(change: Callable[[list[bytes], int, int], list[bytes]], separator: bytes) -> Change:
    def changed(data: bytes, other: bytes, first: int, second: int) -> bytes:
        pieces = data.split(separator)
        return separator.join(change(pieces, _place(pieces, first), _place(pieces, second)))

    return changed


def _dropped(pieces: list[bytes], one: int, two: int) -> list[bytes]:
    return pieces[:one] + pieces[one + 1 :]


def _doubled(pieces: list[bytes], one: int, two: int) -> list[bytes]:
    return [*pieces[:two], pieces[one], *pieces[two:]]


def _swapped(pieces: list[bytes], one: int, two: int) -> list[bytes]:
    found = list(pieces)
    found[one], found[two] = found[two], found[one]
    return found


KINDS: Mapping[str, Change] = {
    "flip": _flip, "put": _put, "left-out": _left_out, "cut": _cut, "beheaded": _beheaded, "repeated": _repeated,
    "spliced": _spliced, "inlaid": _inlaid, "valued": _valued, "exchanged": _exchanged, "nested": _nested,
    "line-ends": _line_ends,
    **{f"{name}-dropped": _piece(_dropped, separator) for name, separator in _SEPARATORS.items()},
    **{f"{name}-doubled": _piece(_doubled, separator) for name, separator in _SEPARATORS.items()},
    **{f"{name}-swapped": _piece(_swapped, separator) for name, separator in _SEPARATORS.items()},
}  # fmt: skip


def mutated(data: bytes, other: bytes, edits: Sequence[Edit]) -> bytes:
    """The input with all edits made, one after the other."""
    for edit in edits:
        data = KINDS[edit.kind](data, other, edit.first, edit.second)[:LARGEST]
    return data


def mutants(corpus: Sequence[bytes], most: int = 4) -> st.SearchStrategy[bytes]:
    """Inputs of the corpus with up to `most` edits, and now and then as they are."""
    number = st.integers(0, SCALE - 1)
    edits = st.lists(st.builds(Edit, st.sampled_from(sorted(KINDS)), number, number), max_size=most)
    return st.builds(mutated, st.sampled_from(corpus), st.sampled_from(corpus), edits)

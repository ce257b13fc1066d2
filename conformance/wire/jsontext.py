"""Strict reading of JSON text (RFC 8259): the value, and everything in the bytes that the grammar forbids.

`parse` is total. Where a tolerant client would still get a value (NaN, a repeated key, a byte order mark, a
lone surrogate, a bad UTF-8 byte inside a string) that value is given beside the faults, so that one fault in
the bytes does not hide everything the value says.
"""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import TypeAlias

#: A parsed JSON value: None, bool, int, float, str, list or dict with string keys. Narrow it with isinstance.
JSON: TypeAlias = object

BOM = b"\xef\xbb\xbf"
MAX_DEPTH = 500  #: containers inside one another; beyond it the text is not parsed
#: Digits of an integer that is read as one: sums of such still have a float beside them, and can be written out.
MAX_DIGITS = 300
MAX_SHORT = 4300  #: characters of a text that is read without a closer look
MAX_FAULTS = 100  #: faults of one text that are told of a kind that may come with every member

_WHITESPACE = " \t\n\r"
_LONG = re.compile(rf"[0-9]{{{MAX_DIGITS + 1}}}")
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)'
_NESTING = re.compile(_STRING + rb"|([\[{])|[\]}]", re.DOTALL)
_CONSTANT = re.compile(_STRING + rb"|(NaN|-?Infinity)", re.DOTALL)
_SURROGATE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.",
    re.DOTALL,
)


class JsonFaultKind(StrEnum):
    """What the bytes do that RFC 8259 forbids, or that this reader cannot hold."""

    EMPTY = "empty"  #: nothing but white space
    BOM = "byte-order-mark"
    BAD_UTF8 = "bad-utf-8"
    SYNTAX = "syntax"
    TRAILING = "trailing-text"  #: a complete value with something else behind it
    TOO_DEEP = "too-deep"  #: nested more than MAX_DEPTH
    CONSTANT = "constant"  #: NaN, Infinity or -Infinity
    HUGE_NUMBER = "huge-number"  #: read as an infinite float
    DUPLICATE_KEY = "duplicate-key"  #: the last value is kept
    LONE_SURROGATE = "lone-surrogate"


@dataclass(frozen=True, slots=True)
class JsonFault:
    """One fault; `offset` counts bytes from the start of the text, None where it is not known."""

    kind: JsonFaultKind
    detail: str
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """`value` means something only if `usable`; `ok` says that the text is strict JSON without any fault."""

    value: JSON
    faults: tuple[JsonFault, ...] = ()
    usable: bool = True

    @property
    def ok(self) -> bool:
        """Strict JSON in valid UTF-8."""
        return not self.faults


def parse(data: bytes) -> Parsed:
    """Read the bytes as one JSON text. Never raises."""
    try:
        plain = _plain(data.decode("utf-8"))
    except UnicodeDecodeError:
        plain = None
    return plain or _examined(data)


def parse_text(text: str) -> Parsed:
    """The same for the characters of a text, in which a lone surrogate counts as bad UTF-8."""
    plain = _plain(text) if text.isascii() or _is_encodable(text) else None
    return plain or _examined(text.encode("utf-8", "surrogatepass"))


def _is_encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


class _Unusual(ValueError):
    """Something that a tolerant reader lets pass."""


def _refused(word: str) -> float:
    raise _Unusual(word)


def _finite(digits: str) -> float:
    value = float(digits)
    return value if math.isfinite(value) else _refused(digits)


def _distinct(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    whole = dict(pairs)
    if len(whole) < len(pairs):
        raise _Unusual(pairs[0][0])
    return whole


_PLAIN = json.JSONDecoder(parse_constant=_refused, parse_float=_finite, object_pairs_hook=_distinct)


def _plain(text: str) -> Parsed | None:
    """The value of a short text without any fault, as nearly all are; None where a closer look is due.

    No number in it can have too many digits.
    """
    nested = text.count("{") + text.count("[") > MAX_DEPTH
    if nested or len(text) > MAX_SHORT or _LONG.search(text) or "\\ud" in text or "\\uD" in text:
        return None
    try:
        value, end = _PLAIN.raw_decode(text)
    except (ValueError, RecursionError):
        return None
    return Parsed(value) if end == len(text) else None


def _examined(data: bytes) -> Parsed:
    """The value with every fault of its text."""
    faults = list(_encoding_faults(data))
    text = data.removeprefix(BOM).decode("utf-8", "replace")
    if (deep := _too_deep(data)) is not None:
        too_deep = JsonFault(JsonFaultKind.TOO_DEEP, f"more than {MAX_DEPTH} levels", deep)
        return Parsed(None, (*faults, _broken_before(data, deep) or too_deep), usable=False)
    value, broken = _read(text, data, faults)
    if broken is not None:
        return Parsed(None, (*faults, broken), usable=False)
    return Parsed(value, (*faults, *islice(_lone_surrogates(data), MAX_FAULTS)))


def _encoding_faults(data: bytes) -> Iterator[JsonFault]:
    if data.startswith(BOM):
        yield JsonFault(JsonFaultKind.BOM, "the text begins with a byte order mark", 0)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        yield JsonFault(JsonFaultKind.BAD_UTF8, f"{error.reason}: byte 0x{data[error.start]:02x}", error.start)


def _too_deep(data: bytes) -> int | None:
    """The offset of the container that goes beyond MAX_DEPTH, or None."""
    if data.count(b"[") + data.count(b"{") <= MAX_DEPTH:
        return None
    depth = 0
    for token in _NESTING.finditer(data):
        if token.group(1):
            depth += 1
        elif token.group() in (b"]", b"}"):
            depth -= 1
        if depth > MAX_DEPTH:
            return token.start()
    return None


def _broken_before(data: bytes, deep: int) -> JsonFault | None:
    """Where the text is no JSON already before it is too deep; None where the depth is all that we can tell."""
    text = data[: deep + 1].removeprefix(BOM).decode("utf-8", "replace")
    try:
        json.JSONDecoder(parse_int=float).decode(text)
    except json.JSONDecodeError as error:
        if error.pos < len(text):
            return JsonFault(JsonFaultKind.SYNTAX, error.msg, _byte_offset(text, error.pos, data))
    except RecursionError:
        pass
    return None


def _read(text: str, data: bytes, faults: list[JsonFault]) -> tuple[JSON, JsonFault | None]:
    """The value and the fault that makes it unusable; lesser faults are appended to `faults`."""
    start = len(text) - len(text.lstrip(_WHITESPACE))
    if start == len(text):
        return None, JsonFault(JsonFaultKind.EMPTY, "no JSON value", 0)
    try:
        value, end = _decoder(data, faults).raw_decode(text, start)
    except json.JSONDecodeError as error:
        return None, JsonFault(JsonFaultKind.SYNTAX, error.msg, _byte_offset(text, error.pos, data))
    except RecursionError:
        return None, JsonFault(JsonFaultKind.TOO_DEEP, "nested deeper than this process can read")
    if rest := text[end:].strip(_WHITESPACE):
        return None, JsonFault(
            JsonFaultKind.TRAILING, f"text after the value: {rest[:40]!r}", _byte_offset(text, end, data)
        )
    return value, None


def _decoder(data: bytes, faults: list[JsonFault]) -> json.JSONDecoder:
    """A decoder of the standard library that reports what it forgives."""
    constants = (token.start() for token in _CONSTANT.finditer(data) if token.group(1))

    room = dict.fromkeys(JsonFaultKind, MAX_FAULTS)

    def tell(kind: JsonFaultKind, detail: str, offsets: Iterator[int] | None = None) -> None:
        if room[kind]:
            room[kind] -= 1
            faults.append(JsonFault(kind, detail, next(offsets, None) if offsets else None))

    def constant(word: str) -> float:
        tell(JsonFaultKind.CONSTANT, f"{word} is not JSON", constants)
        return float(word)

    def huge(digits: str) -> float:
        tell(JsonFaultKind.HUGE_NUMBER, f"{digits[:24]}… ({len(digits)} characters)")
        return -math.inf if digits.startswith("-") else math.inf

    def integer(digits: str) -> int | float:
        return int(digits) if len(digits) <= MAX_DIGITS else huge(digits)

    def real(digits: str) -> float:
        value = float(digits)
        return value if math.isfinite(value) else huge(digits)

    def members(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
        whole = dict(pairs)
        if len(whole) < len(pairs) and room[JsonFaultKind.DUPLICATE_KEY]:
            for detail in islice(_duplicates([key for key, _ in pairs]), MAX_FAULTS):
                tell(JsonFaultKind.DUPLICATE_KEY, detail)
        return whole

    return json.JSONDecoder(
        parse_constant=constant, parse_int=integer, parse_float=real, object_pairs_hook=members, strict=True
    )


def _duplicates(keys: list[str]) -> Iterator[str]:
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            yield f"key {key[:80]!r} occurs more than once in one object"
        seen.add(key)


def _lone_surrogates(data: bytes) -> Iterator[JsonFault]:
    return (
        JsonFault(JsonFaultKind.LONE_SURROGATE, f"{token.group(1).decode()} stands alone", token.start())
        for token in _SURROGATE.finditer(data)
        if token.group(1)
    )


def _byte_offset(text: str, position: int, data: bytes) -> int | None:
    """The byte of a character position; unknown behind a replaced byte, which no longer counts alike."""
    prefix = text[:position].encode()
    lead = len(BOM) if data.startswith(BOM) else 0
    return lead + len(prefix) if data[lead:].startswith(prefix) else None

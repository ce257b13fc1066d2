"""The strict JSON reader: strict where RFC 8259 is, total everywhere."""

import json
import math
import sys
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.wire.jsontext import MAX_DEPTH, MAX_FAULTS, JsonFaultKind, Parsed, parse, parse_text

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)  # a loaded machine is no fault
@given(VALUES, st.booleans())
def test_strict_json_comes_back(value: object, ascii_only: bool) -> None:
    parsed = parse(json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass"))
    assert parsed.ok
    assert parsed.value == value


@settings(deadline=None)  # a loaded machine is no fault
@given(st.binary(max_size=64))
def test_any_bytes_are_parsed(data: bytes) -> None:
    parsed = parse(data)
    assert parsed.usable or parsed.faults
    assert all(fault.offset is None or 0 <= fault.offset <= len(data) for fault in parsed.faults)


@pytest.mark.parametrize(
    ("data", "kind", "offset", "value"),
    [
        (b'\xef\xbb\xbf{"a":1}', "byte-order-mark", 0, {"a": 1}),
        (b'{"a":"\xff"}', "bad-utf-8", 6, {"a": "\ufffd"}),
        (b'{"a":1,"a":2}', "duplicate-key", None, {"a": 2}),
        (b'["\\ud83d\\ude00 \\ud83d"]', "lone-surrogate", 15, ["\U0001f600 \ud83d"]),
        (b'["NaN",Infinity]', "constant", 7, ["NaN", math.inf]),
        (b"[1e999]", "huge-number", None, [math.inf]),
        (b"-" + b"9" * 5000, "huge-number", None, -math.inf),
    ],
)
def test_usable_with_a_fault(data: bytes, kind: str, offset: int | None, value: object) -> None:
    parsed = parse(data)
    assert [(fault.kind.value, fault.offset) for fault in parsed.faults] == [(kind, offset)]
    assert parsed.usable
    assert not parsed.ok
    assert parsed.value == value


@pytest.mark.parametrize(
    ("member", "kind"),
    [
        ("NaN", "constant"),
        ("1e999", "huge-number"),
        ("9" * 400, "huge-number"),
        ('{"a":1,"a":2}', "duplicate-key"),
        ('"\\ud800"', "lone-surrogate"),
    ],
)
def test_a_fault_in_each_of_many_members_is_told_a_hundred_times_and_hides_no_other(member: str, kind: str) -> None:
    parsed = parse(("[" + (member + ",") * 1000 + ('-Infinity,{"b":1,"b":2},-1e999,"\\udfff"]')).encode())
    assert Counter(fault.kind.value for fault in parsed.faults) == {
        **dict.fromkeys(("constant", "duplicate-key", "huge-number", "lone-surrogate"), 1),
        kind: MAX_FAULTS,
    }
    assert isinstance(parsed.value, list)
    assert len(parsed.value) == 1004


@pytest.mark.parametrize(
    ("data", "kind", "offset"),
    [
        (b"", "empty", 0),
        (b" \n", "empty", 0),
        (b'{"a":1', "syntax", 6),
        (b'{"\xc3\xa9":1', "syntax", 7),
        (b'\xef\xbb\xbf{"a":', "syntax", 8),
        (b'["a\tb"]', "syntax", 3),
        (b"{'a':1}", "syntax", 1),
        (b"[1,]", "syntax", 3),
        (b"\x0b1", "syntax", 0),
        (b"{} {}", "trailing-text", 2),
        (b"01", "trailing-text", 1),
        (b"1\x0c", "trailing-text", 1),
        (b"[DONE]", "syntax", 1),
        (b"[" * 100_000, "too-deep", MAX_DEPTH),
        (b'{"a":' * 100_000, "too-deep", MAX_DEPTH * 5),
        (b"{" + b"[" * 100_000, "syntax", 1),
        (b"[1]" + b"[" * 100_000, "syntax", 3),
        (b'{"a":1' + b"0" * 5000 + b',"b"' + b"[" * 100_000, "syntax", 5010),
    ],
)
def test_not_usable(data: bytes, kind: str, offset: int) -> None:
    parsed = parse(data)
    fault = parsed.faults[-1]
    assert (fault.kind.value, fault.offset) == (kind, offset)
    assert not parsed.usable


def test_a_deep_stack_is_no_error() -> None:
    def from_below(frames: int) -> Parsed:
        return from_below(frames - 1) if frames else parse(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)

    parsed = from_below(sys.getrecursionlimit() - 250)
    assert parsed.usable or parsed.faults[0].kind is JsonFaultKind.TOO_DEEP


@pytest.mark.parametrize("begin", [b'[NaN,"', b"[" * 600 + b"]" * 600 + b'"'])
def test_hostile_strings_take_linear_time(begin: bytes) -> None:
    assert not parse(begin + b'\\"' * 300_000 + b"\\").usable


def test_brackets_in_strings_are_not_depth() -> None:
    assert parse(b'["' + b"[{" * 5000 + b'"]').ok
    assert parse(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH).ok
    assert parse(b"[" + b"[]," * 5000 + b"0]").ok


def test_escaped_backslash_before_u_is_no_surrogate() -> None:
    assert parse(rb'["\\ud800"]').ok
    assert parse(rb'["\ud800"]').faults[0].kind is JsonFaultKind.LONE_SURROGATE


@given(st.one_of(st.text(), st.text('"[]{}:,\\\\udD8cC01.eEnatrufls \ud800')))
def test_characters_are_read_as_their_bytes(text: str) -> None:
    assert repr(parse_text(text)) == repr(parse(text.encode("utf-8", "surrogatepass")))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('"\ud800"', JsonFaultKind.BAD_UTF8),
        ('"\\ud800"', JsonFaultKind.LONE_SURROGATE),
        ("[1e999]", JsonFaultKind.HUGE_NUMBER),
        ("[NaN]", JsonFaultKind.CONSTANT),
        ('[{"a": 1, "a": 2}]', JsonFaultKind.DUPLICATE_KEY),
        ("[] []", JsonFaultKind.TRAILING),
        ("\ufeff[]", JsonFaultKind.BOM),
    ],
    ids=str,
)
def test_a_short_text_hides_no_fault(text: str, kind: JsonFaultKind) -> None:
    assert [fault.kind for fault in parse_text(text).faults] == [kind]

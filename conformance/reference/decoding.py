"""From the bytes of a body to the JSON object in them; everything that cannot be read is a refusal, never a crash."""

import json
import zlib
from collections.abc import Callable
from typing import Any

from conformance.reference.acceptance import CHARSETS, charset_of, encoding_of
from conformance.reference.refusal import Refusal
from conformance.reference.seams import Context

_WINDOW_BITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
MAX_DEPTH = 200


def decode_body(context: Context) -> dict[str, Any]:
    """The JSON object a request carries.

    Raises Refusal (400, or 413 for a body that is too long when decompressed). Where the rule that refuses is left
    out by a fault, a plain greeting is read instead.
    """
    value: Any = context.request.body
    stages: tuple[tuple[str, Callable[[Any, Context], Any]], ...] = (
        ("body-encoding", _inflated),
        ("body-charset", _text),
        ("body-present", _present),
        ("body-json", _parsed),
        ("body-unicode", _unicode),
        ("body-object", _object),
    )
    for rule, stage in stages:
        try:
            value = stage(value, context)
        except Refusal as refusal:
            refusal.rule = rule
            if not context.seams.drops(rule, context, value):
                raise
            return _greeting(context)
    return dict(value)


def readable_body(context: Context) -> dict[str, Any]:
    """The body if it is a JSON object, else an empty one."""
    try:
        return decode_body(context)
    except Refusal:
        return {}


def _greeting(context: Context) -> dict[str, Any]:
    turn = {"role": "user", "content": "Hello"}
    return {"model": context.settings.model, "max_tokens": 32, "messages": [turn]}


def _inflated(raw: bytes, context: Context) -> bytes:
    encoding = encoding_of(context)
    if encoding not in _WINDOW_BITS:
        return raw
    inflater = zlib.decompressobj(_WINDOW_BITS[encoding])
    try:
        data = inflater.decompress(raw, context.settings.body_limit + 1)
    except zlib.error:
        raise Refusal(400, f"the request body is not valid {encoding}") from None
    if len(data) > context.settings.body_limit:
        raise Refusal(413, "the request is too large after decoding")
    if not inflater.eof:
        raise Refusal(400, f"the request body is not valid {encoding}")
    return data


def _text(raw: bytes, context: Context) -> str:
    try:
        return raw.decode(CHARSETS.get(charset_of(context), "utf-8"))
    except UnicodeDecodeError:
        raise Refusal(400, "the request body is not valid text in its charset") from None


def _present(text: str, context: Context) -> str:
    if not text.strip():
        raise Refusal(400, "the request body is empty")
    return text


def _parsed(text: str, context: Context) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant, parse_float=_finite)
    except (ValueError, RecursionError):
        raise Refusal(400, "the request body is not valid JSON") from None


def _no_constant(name: str) -> float:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("number out of range")
    return number


def _unicode(value: Any, context: Context) -> Any:
    if too_deep(value):
        raise Refusal(400, "the request body is nested too deeply")
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise Refusal(400, "the request body holds a lone surrogate") from None
    return value


def too_deep(value: Any) -> bool:
    """Whether arrays and objects are nested beyond MAX_DEPTH, found without recursion."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return False
    return True


def _object(value: Any, context: Context) -> Any:
    if not isinstance(value, dict):
        raise Refusal(400, "the request body must be a JSON object")
    return value

"""Arguments for a call, made from the input schema of its tool."""

from collections.abc import Callable, Mapping
from typing import Any

from conformance.reference.tokens import listed

Schema = Mapping[str, Any]

_DEPTH = 8


def arguments(schema: Any, numbers: list[int]) -> dict[str, Any]:
    """An object that satisfies a schema of type object; `numbers` are the integers the user named, in order."""
    value = sample(schema, schema, numbers, _DEPTH)
    return value if isinstance(value, dict) else {}


def sample(schema: Any, root: Any, numbers: list[int], depth: int) -> Any:
    """A value for the common keywords of JSON Schema; unknown ones are not looked at."""
    if not isinstance(schema, dict) or depth == 0:
        return {}
    if isinstance(reference := schema.get("$ref"), str):
        return sample(_resolve(root, reference), root, numbers, depth - 1)
    if "const" in schema:
        return schema["const"]
    for key in ("enum", "examples"):
        if listed(schema.get(key)):
            return schema[key][0]
    for key in ("anyOf", "oneOf", "allOf"):
        if listed(schema.get(key)):
            return sample(schema[key][0], root, numbers, depth - 1)
    kind = schema.get("type", "object" if "properties" in schema else "string")
    maker = MAKERS.get(kind if isinstance(kind, str) else next(iter(listed(kind)), "null"))
    return maker(schema, root, numbers, depth) if maker else None


def _resolve(root: Any, reference: str) -> Any:
    target = root
    for part in reference.removeprefix("#").split("/")[1:]:
        target = target.get(part) if isinstance(target, dict) else None
    return target


def _object(schema: Schema, root: Any, numbers: list[int], depth: int) -> dict[str, Any]:
    known = schema.get("properties")
    known = known if isinstance(known, dict) else {}
    wanted = [name for name in listed(schema.get("required")) if isinstance(name, str)] or list(known)
    result: dict[str, Any] = {}
    for name in wanted:
        given = known.get(name, {"type": "string"})
        result[name] = sample(given, root, numbers, depth - 1)
        if isinstance(given, dict) and given.get("type") in ("integer", "number"):
            numbers = numbers[1:] or numbers
    return result


def _array(schema: Schema, root: Any, numbers: list[int], depth: int) -> list[Any]:
    size = schema.get("minItems", 1)
    item = sample(schema.get("items", {"type": "string"}), root, numbers, depth - 1)
    return [item] * min(size, 100) if isinstance(size, int) else [item]


def _number(schema: Schema, root: Any, numbers: list[int], depth: int) -> int | float:
    value: int | float = numbers[0] if numbers else 1
    low, high = schema.get("minimum"), schema.get("maximum")
    value = max(value, low) if isinstance(low, int | float) else value
    return min(value, high) if isinstance(high, int | float) else value


def _string(schema: Schema, root: Any, numbers: list[int], depth: int) -> str:
    size = schema.get("minLength", 0)
    text = _FORMATS.get(str(schema.get("format")), "text")
    return text.ljust(min(size, 10_000), "t") if isinstance(size, int) else text


_FORMATS = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T00:00:00Z",
    "email": "someone@example.org",
    "uri": "https://example.org/",
}

MAKERS: Mapping[str, Callable[[Schema, Any, list[int], int], Any]] = {
    "object": _object,
    "array": _array,
    "integer": _number,
    "number": _number,
    "string": _string,
    "boolean": lambda *_: True,
}

"""The operators: what each makes of a piece of code or of a table, and that a key does not depend on line numbers."""

import ast
import re
from collections import Counter
from dataclasses import dataclass, replace
from enum import Enum
from types import MappingProxyType
from typing import Any

import pytest
import run
from mutation_operators import code_mutants
from mutation_session import KILLED, SURVIVED, UNTESTED, Judge
from mutation_tables import silent, variants
from mutation_targets import Target, places, target


def changed(body: str) -> set[str]:
    """Every mutant of a function with this body, as its body again."""
    source = f"def f(a, b):\n    {body}"
    found = set()
    for number in range(len(code_mutants(ast.parse(source), "m"))):
        tree = ast.parse(source)
        code_mutants(tree, "m")[number].apply()
        compile(tree, "m", "exec")
        found.add(" ".join(ast.unparse(tree).split()[3:]))
    return found


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("x = a == b", {"x = a != b"}),
        ("x = a < b", {"x = a <= b", "x = a >= b"}),
        ("x = a is b", {"x = a is not b"}),
        ("x = a in b", {"x = a not in b"}),
        ("x = a and b", {"x = a or b", "x = a", "x = b"}),
        ("x = not a", {"x = a"}),
        ("x = a + b", {"x = a - b"}),
        ("x = 3", {"x = 4", "x = 2"}),
        ("x = True", {"x = False"}),
        ("x = 'end_turn'", {"x = 'end_turn~'"}),
        ("x = 'several words of prose'", set()),
        ("x = 'nothing'", set()),
        ("x = f'/content/{a}'", {"x = f'/content/~{a}'"}),
        ("x = f'seen {a}'", set()),
        ("x = any(a)", {"x = all(a)"}),
        ("x = broken(a)", {"x = note(a)"}),
        ("x = Level.SHOULD", {"x = None"}),
        ("x = (a, b)", {"x = (b,)", "x = (a,)"}),
        ("x = {a: b}", {"x = {}"}),
        ("x = [y for y in a if b]", {"x = [y for y in a]"}),
        ("x = a if b else 0.5", {"x = a if not b else 0.5"}),
        ("return a", {"return None"}),
        ("return None", set()),
        ("a()", {"pass"}),
        ("a += b", {"pass"}),
        ("a.x = b", {"pass"}),
        ("'Says what it does.'", set()),
    ],
)
def test_what_an_operator_makes(body: str, expected: set[str]) -> None:
    assert changed(body) == expected


def test_a_key_is_the_same_on_another_line_and_twice_the_same_is_two() -> None:
    source = "class A:\n    def f(self, a: bool = True) -> bool:\n        return a == 1 or a == 1\n"
    keys = [mutant.key for mutant in code_mutants(ast.parse(source), "m")]
    assert keys == [mutant.key for mutant in code_mutants(ast.parse("\n\n" + source), "m")]
    assert len(set(keys)) == len(keys)
    assert "m A.f | compare | a == 1 -> a != 1" in keys
    assert "m A.f | compare | a == 1 -> a != 1 #2" in keys


class Colour(Enum):
    RED = 1
    BLUE = 2


@dataclass(frozen=True)
class Row:
    after: Colour
    breaks: str = ""
    lowered: str = ""


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (frozenset({1, 2}), [frozenset({2}), frozenset({1})]),
        (("a", "b"), [("b",), ("a",)]),
        ({"k": 1}, [{}, {"k": 2}, {"k": 0}]),
        (MappingProxyType({"k": True}), [{}, {"k": False}]),
        (Row(Colour.RED), [Row(Colour.BLUE)]),
        ([Row(Colour.RED, "A")], [[], [Row(Colour.BLUE, "A")], [Row(Colour.RED, "")]]),
        ("word", [""]),
        ("some prose", []),
        (0.5, []),
    ],
    ids=str,
)
def test_what_a_table_becomes(table: Any, expected: list[Any]) -> None:
    assert [new for _, _, new in variants(table)] == expected


def test_a_row_takes_over_what_its_neighbour_requires() -> None:
    table = {"x": Row(Colour.RED, "A", "note"), "y": Row(Colour.RED, "B")}
    made = {new["x"] for _, _, new in variants(table) if "x" in new}
    row = table["x"]
    changes: list[dict[str, Any]] = [{}, {"after": Colour.BLUE}, {"breaks": ""}, {"breaks": "B"}, {"lowered": ""}]
    assert made == {replace(row, **change) for change in changes}


def test_a_function_in_a_table_is_silenced() -> None:
    (_, done, new) = list(variants({"kind": changed}))[1]
    assert (done, new["kind"], new["kind"](1, two=2)) == ("silence", silent, ())


def test_a_pattern_loses_one_alternative_at_a_time() -> None:
    made = [new.pattern for _, _, new in variants(re.compile(r"ab|c(?:d|[|)])e\|"))]
    assert made == [r"ab|c(?:[|)])e\|", r"ab|c(?:d)e\|", r"c(?:d|[|)])e\|", "ab"]


def test_every_module_is_named_and_its_keys_are_unique() -> None:
    names = run.modules()
    assert {"wire.stream", "wire.stream_tables", "wire.sse", "rules.errors", "rules.expectations"} <= set(names)
    one = target("conformance.wire.stream")
    keys = Counter(mutant.key for mutant in (*one.code, *one.tables))
    assert keys.most_common(1)[0][1] == 1
    assert {mutant.place for mutant in one.code} <= places(one.module).keys()


def test_what_is_explained_has_a_reason_and_a_place() -> None:
    known = run.explained()
    for key, why in known.items():
        module, _, operator = key.partition(" ")
        assert module.removeprefix("conformance.") in run.modules()
        assert operator.count(" | ") >= 2
        assert len(why) > 20


@pytest.mark.parametrize(
    ("outcome", "explained", "code"),
    [(KILLED, False, 0), (SURVIVED, False, 1), (UNTESTED, False, 1), (SURVIVED, True, 0), (KILLED, True, 0)],
)
def test_an_unexplained_survivor_fails_the_run(
    outcome: str, explained: bool, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    one: Target = target("conformance.wire.stream")
    key = one.code[0].key
    judged = Judge([one], [(one, one.code[0])], results={key: outcome})
    assert run.report(judged, {key: "equivalent"} if explained else {}) == code
    assert f"all: 1 mutants, {int(outcome == KILLED)} killed" in capsys.readouterr().out

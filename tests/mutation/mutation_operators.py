"""Operators over the code: each takes one node of a function apart and gives what to put in its place.

Prose is left alone: a string is changed only where it is a word of a protocol, a key, a pointer or a requirement.
"""

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

#: A key, a type, a JSON pointer or a requirement's id; nothing with a space, a quote or markup in it.
WORD: Final = re.compile(r"/?[A-Za-z0-9_]+(?:[-./][A-Za-z0-9_]*)*")

#: Single words that are prose nevertheless.
_PROSE: Final = frozenset({"null", "none", "nothing"})

Change = tuple[str, ast.AST]

_COMPARISONS: Final[dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
}
_ARITHMETIC: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
#: Functions that answer one another's question; the last two differ in whether a finding is an alarm.
_OTHER_FUNCTION: Final = {
    "any": "all", "all": "any", "min": "max", "max": "min", "broken": "note", "note": "broken",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change to a module; `key` is the same wherever in the file the place stands."""

    module: str
    place: str
    operator: str
    detail: str

    @property
    def key(self) -> str:
        return f"{self.module} {self.place} | {self.operator} | {self.detail}"


@dataclass(frozen=True, slots=True)
class CodeMutant(Mutant):
    """A change to a tree: `parent.field` (at `index`, if it is a list) becomes `new`."""

    parent: ast.AST
    field: str
    index: int | None
    new: ast.AST

    def apply(self) -> None:
        """Change the tree that this mutant was found in; there is no way back."""
        if self.index is None:
            setattr(self.parent, self.field, self.new)
        else:
            getattr(self.parent, self.field)[self.index] = self.new
        ast.fix_missing_locations(self.parent)


def _compare(node: ast.Compare) -> Iterator[Change]:
    for number, old in enumerate(node.ops):
        for other in _COMPARISONS[type(old)]:
            ops = [*node.ops[:number], other(), *node.ops[number + 1 :]]
            yield "compare", ast.Compare(node.left, ops, node.comparators)


def _bool_op(node: ast.BoolOp) -> Iterator[Change]:
    yield "and-or", ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    for number in range(len(node.values)):
        rest = [value for place, value in enumerate(node.values) if place != number]
        yield "operand", rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)


def _unary(node: ast.UnaryOp) -> Iterator[Change]:
    if isinstance(node.op, ast.Not):
        yield "not", node.operand


def _binary(node: ast.BinOp) -> Iterator[Change]:
    if other := _ARITHMETIC.get(type(node.op)):
        yield "arithmetic", ast.BinOp(node.left, other(), node.right)


def _constant(node: ast.Constant) -> Iterator[Change]:
    value = node.value
    if isinstance(value, bool):
        yield "constant", ast.Constant(not value)
    elif isinstance(value, int):
        yield from (("constant", ast.Constant(value + step)) for step in (1, -1))
    elif isinstance(value, str) and WORD.fullmatch(value) and value not in _PROSE:
        yield "word", ast.Constant(value + "~")


def _name(node: ast.Name) -> Iterator[Change]:
    if isinstance(node.ctx, ast.Load) and (other := _OTHER_FUNCTION.get(node.id)):
        yield "function", ast.Name(other, ast.Load())


def _attribute(node: ast.Attribute) -> Iterator[Change]:
    if ast.unparse(node) == "Level.SHOULD":
        yield "level", ast.Constant(None)


def _elements(node: ast.Tuple | ast.List | ast.Set) -> Iterator[Change]:
    if isinstance(node, ast.Set) or isinstance(node.ctx, ast.Load):
        for number in range(len(node.elts) if len(node.elts) > 1 or not isinstance(node, ast.Set) else 0):
            rest = [*node.elts[:number], *node.elts[number + 1 :]]
            yield "element", ast.Set(rest) if isinstance(node, ast.Set) else type(node)(rest, node.ctx)


def _members(node: ast.Dict) -> Iterator[Change]:
    for number in range(len(node.keys)):
        keys, values = list(node.keys), list(node.values)
        del keys[number], values[number]
        yield "element", ast.Dict(keys, values)


def _tested(node: ast.If | ast.IfExp | ast.While) -> Iterator[Change]:
    if not isinstance(node.test, (ast.Compare, ast.BoolOp, ast.UnaryOp)):
        other = ast.UnaryOp(ast.Not(), node.test)
        if isinstance(node, ast.IfExp):
            yield "condition", ast.IfExp(other, node.body, node.orelse)
        else:
            yield "condition", type(node)(other, node.body, node.orelse)


def _comprehension(node: ast.comprehension) -> Iterator[Change]:
    for number in range(len(node.ifs)):
        rest = [*node.ifs[:number], *node.ifs[number + 1 :]]
        yield "filter", ast.comprehension(node.target, node.iter, rest, node.is_async)


def _return(node: ast.Return) -> Iterator[Change]:
    if node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is None):
        yield "return", ast.Return(ast.Constant(None))


def _delete(node: ast.stmt) -> Iterator[Change]:
    yield "delete", ast.Pass()


def _assign(node: ast.Assign) -> Iterator[Change]:
    if all(isinstance(target, (ast.Attribute, ast.Subscript)) for target in node.targets):
        yield "delete", ast.Pass()


def _leave(node: ast.Continue | ast.Break) -> Iterator[Change]:
    yield "loop", ast.Break() if isinstance(node, ast.Continue) else ast.Continue()


def _none(node: ast.AST) -> Iterator[Change]:
    return iter(())


OPERATORS: Final[dict[type[ast.AST], Callable[..., Iterator[Change]]]] = {
    ast.Compare: _compare,
    ast.BoolOp: _bool_op,
    ast.UnaryOp: _unary,
    ast.BinOp: _binary,
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Tuple: _elements,
    ast.List: _elements,
    ast.Set: _elements,
    ast.Dict: _members,
    ast.If: _tested,
    ast.While: _tested,
    ast.IfExp: _tested,
    ast.comprehension: _comprehension,
    ast.Return: _return,
    ast.Expr: _delete,
    ast.AugAssign: _delete,
    ast.Raise: _delete,
    ast.Assign: _assign,
    ast.Continue: _leave,
    ast.Break: _leave,
}

_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)
#: Parts of a node that say nothing about what it does.
_SILENT_FIELDS: Final = frozenset({"annotation", "returns", "decorator_list", "args", "type_params", "ctx"})


def code_mutants(tree: ast.Module, module: str) -> list[CodeMutant]:
    """Every change to the functions of a module. The tree is shared: apply one mutant, then throw the tree away."""
    seen: Counter[str] = Counter()
    found = []
    for mutant in _inside(tree, module, "", False):
        seen[mutant.key] += 1
        if (times := seen[mutant.key]) > 1:
            mutant = CodeMutant(
                module, mutant.place, mutant.operator, f"{mutant.detail} #{times}",
                mutant.parent, mutant.field, mutant.index, mutant.new,
            )  # fmt: skip
        found.append(mutant)
    return found


def _inside(node: ast.AST, module: str, place: str, judged: bool) -> Iterator[CodeMutant]:
    for field, index, child in _children(node):
        if isinstance(child, (*_FUNCTIONS, ast.ClassDef)):
            inner = f"{place}.{child.name}".lstrip(".")
            yield from _inside(child, module, inner, isinstance(child, _FUNCTIONS))
        elif judged:
            for operator, new in OPERATORS.get(type(child), _none)(child):
                ast.copy_location(new, child)
                yield CodeMutant(module, place, operator, _told(child, new), node, field, index, new)
            yield from _inside(child, module, place, judged)


def _children(node: ast.AST) -> Iterator[tuple[str, int | None, ast.AST]]:
    """The nodes below one, but for docstrings, annotations and prose; of an f-string only pointers."""
    for field, value in ast.iter_fields(node):
        if field in _SILENT_FIELDS and not isinstance(node, ast.Call):
            continue
        for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(child, ast.AST) and not _is_docstring(child) and not _is_prose(node, child):
                yield field, index, child


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_prose(parent: ast.AST, node: ast.AST) -> bool:
    if not isinstance(parent, ast.JoinedStr):
        return False
    return not (isinstance(node, ast.Constant) and str(node.value).startswith("/"))


def _told(old: ast.AST, new: ast.AST) -> str:
    return f"{_short(old)} -> {_short(new)}"


def _short(node: ast.AST) -> str:
    if isinstance(node, (ast.If, ast.While)):
        node = node.test
    if isinstance(node, ast.comprehension):
        return "for " + " if ".join(ast.unparse(part) for part in (node.target, *node.ifs))
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 90 else f"{text[:60]}…{text[-29:]}"

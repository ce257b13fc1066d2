"""What is changed: the functions and the tables of a module that is already imported, in a forked process."""

import ast
import functools
import gc
import importlib
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from mutation_operators import CodeMutant, Mutant, code_mutants
from mutation_tables import variants

_CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]*")

#: A function: the file it is in, its qualified name, its first line.
Place = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class TableMutant(Mutant):
    """A constant of a module in another version."""

    name: str
    old: Any
    new: Any

    def apply(self) -> None:
        """Put the other version wherever this process holds the table under its name."""
        for module in list(sys.modules.values()):
            names = getattr(module, "__dict__", {})
            if names.get(self.name, self) is self.old:
                names[self.name] = self.new


def place_of(code: CodeType) -> Place:
    return code.co_filename, code.co_qualname, code.co_firstlineno


def table_mutants(module: ModuleType) -> list[TableMutant]:
    """Every other version of every constant that a module defines."""
    found: dict[str, TableMutant] = {}
    for name in _constants(module):
        value = getattr(module, name)
        for where, done, new in variants(value):
            mutant = TableMutant(module.__name__, name + where, "table", done, name, value, new)
            found.setdefault(mutant.key, mutant)
    return list(found.values())


def _constants(module: ModuleType) -> Iterator[str]:
    for statement in ast.parse(_source(module)).body:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        for target in targets:
            if isinstance(target, ast.Name) and _CONSTANT.fullmatch(target.id):
                yield target.id


def _source(module: ModuleType) -> str:
    return Path(str(module.__file__)).read_text("utf-8")


@dataclass(frozen=True, slots=True)
class Target:
    """A module and the tree that its code mutants belong to."""

    module: ModuleType
    tree: ast.Module
    code: tuple[CodeMutant, ...]
    tables: tuple[TableMutant, ...]

    def swap(self) -> None:
        """Give the functions of this process the code of the tree as it is now."""
        functions, caches = alive()
        for place, new in _codes(compile(self.tree, str(self.module.__file__), "exec")):
            for function in functions.get(place, ()):
                if new.co_freevars == function.__code__.co_freevars:
                    function.__code__ = new
        for cache in caches:
            cache.cache_clear()


def target(name: str) -> Target:
    """Everything that can be changed in a module."""
    module = importlib.import_module(name)
    tree = ast.parse(_source(module))
    return Target(module, tree, tuple(code_mutants(tree, name)), tuple(table_mutants(module)))


@functools.cache
def alive() -> tuple[Mapping[Place, Sequence[FunctionType]], Sequence[Any]]:
    """The functions of the package that are there, by their place, and the caches; looked up once, before any fork."""
    functions: dict[Place, list[FunctionType]] = {}
    caches = []
    for thing in gc.get_objects():
        if isinstance(thing, FunctionType) and thing.__module__ and thing.__module__.startswith("conformance."):
            functions.setdefault(place_of(thing.__code__), []).append(thing)
        elif isinstance(thing, functools._lru_cache_wrapper) and thing is not alive:
            caches.append(thing)
    return functions, [cache for cache in caches if getattr(cache, "__module__", "").startswith("conformance.")]


@functools.cache
def places(module: ModuleType) -> Mapping[str, frozenset[Place]]:
    """By the names that code mutants use (dotted, without <locals>): the functions behind them."""
    found: dict[str, frozenset[Place]] = {}
    for place, _ in _functions(module):
        name = re.sub(r"\.<\w+>", "", place[1])
        found[name] = found.get(name, frozenset()) | {place}
    return found


@functools.cache
def readers(name: str, modules: tuple[ModuleType, ...]) -> frozenset[Place]:
    """The functions in these modules that read a global of this name."""
    return frozenset(place for module in modules for place, code in _functions(module) if name in code.co_names)


@functools.cache
def _functions(module: ModuleType) -> tuple[tuple[Place, CodeType], ...]:
    return tuple(_codes(compile(_source(module), str(module.__file__), "exec")))


def _codes(code: CodeType) -> Iterator[tuple[Place, CodeType]]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield place_of(constant), constant
            yield from _codes(constant)

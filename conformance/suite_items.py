"""From test functions to items: what a declared function stands for, in the process that runs it and in the controller
of pytest-xdist, which collects nothing itself."""

import importlib.util
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType

from conformance.evidence.run import Item
from conformance.generation.draws import Draw
from conformance.probing.probe import Probe
from conformance.suite import PLAIN_CONTROL, STREAM_CONTROL, Declared


def item_id(item: Item) -> str:
    """The part of a node id in brackets: requirement and case."""
    return item.key.replace(" ", "-")


def items_of(function: object, draw: Draw) -> tuple[tuple[Item, ...], Mapping[str, Probe]]:
    """The items of a declared function, drawn ones included, and the probes they need."""
    found: Declared = function.__conformance__  # type: ignore[attr-defined]
    if found.generator is None:
        return tuple(found.items), found.probes
    return found.generator(draw)  # type: ignore[no-any-return]


def declared_functions(module: ModuleType) -> Iterator[object]:
    """The declared functions of a suite module."""
    return (value for value in vars(module).values() if "__conformance__" in getattr(value, "__dict__", {}))


def controls() -> dict[str, Probe]:
    """The probes every plan needs."""
    return {PLAIN_CONTROL.id: PLAIN_CONTROL, STREAM_CONTROL.id: STREAM_CONTROL}


def index(files: Iterable[Path], draw: Draw) -> tuple[dict[str, Item], dict[str, Probe]]:
    """Every item of these suite files by its id, and all their probes."""
    items: dict[str, Item] = {}
    probes = controls()
    for file in files:
        for function in declared_functions(module_of(file)):
            found, needed = items_of(function, draw)
            items.update((item_id(item), item) for item in found)
            probes.update(needed)
    return items, probes


def module_of(file: Path) -> ModuleType:
    name = f"_conformance_suite_{file.stem}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, file)
        if spec is None or spec.loader is None:
            raise ImportError(f"{file} is not a Python file")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


def bracketed_part(node_id: str) -> str:
    """The part of a node id in brackets, or ""."""
    name = node_id.rpartition("::")[2]
    return name.partition("[")[2].removesuffix("]")

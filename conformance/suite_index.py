"""Which tests and probes the suites declare for each requirement, found without pytest."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from conformance._paths import suite_files
from conformance.contract import load_profiles
from conformance.generation.draws import Draw
from conformance.reporting.traceability import Covering
from conformance.suite_items import declared_functions, item_id, items_of, module_of


def suite_index(profile: str, files: Iterable[Path] | None = None) -> Mapping[str, Covering]:
    """By requirement, what is declared for it under a profile with everything claimed; live draws are left out.

    `files` are suite files (default: all that travel with the package). Order is theirs and that of what they declare.
    """
    terms = load_profiles()[profile]
    draw = Draw(profile, terms.api_version, frozenset(terms.capabilities), 0, 0)
    found: dict[str, Covering] = {}
    for file in suite_files() if files is None else files:
        for function in declared_functions(module_of(file)):
            for item in items_of(function, draw)[0]:
                own = Covering((_node_id(file, function, item_id(item)),), item.probes)
                found[item.requirement] = found.get(item.requirement, Covering()).joined(own)
    return found


def joined(indexes: Iterable[Mapping[str, Covering]]) -> Mapping[str, Covering]:
    """Several indexes as one."""
    found: dict[str, Covering] = {}
    for index in indexes:
        for identifier, tested in index.items():
            found[identifier] = found.get(identifier, Covering()).joined(tested)
    return found


def _node_id(file: Path, function: Any, part: str) -> str:
    return f"suites/{file.name}::{function.__name__}[{part}]"

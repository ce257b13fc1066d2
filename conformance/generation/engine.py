"""Schemathesis and Hypothesis, loaded when first needed and held still: the same draw in any process and any folder.

What is touched of their internals is named here and in `coverage`, and nowhere else.
"""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

#: Where Hypothesis keeps its Unicode tables: never the folder that a run was started in.
HOME = Path(tempfile.gettempdir()) / f"messages-conformance-{getattr(os, 'getuid', lambda: 0)()}"

MODEL_PLACEHOLDER = "m"  #: pinned while drawing; requests get the model under test


def config(seed: int) -> dict[str, Any]:
    """The settings of Schemathesis: nothing is read from or written to the folder of the run."""
    return {
        "cache": {"enabled": False},
        "generation": {"database": "none"},
        "seed": seed,
        "parameters": {
            "header.anthropic-version": "2023-06-01",
            "body.model": MODEL_PLACEHOLDER,
            "body.max_tokens": 16,
        },
        "phases": {"coverage": {"unexpected-methods": []}},
    }


def operation(document: Mapping[str, Any], seed: int = 1) -> Any:
    """The only operation of a document, as Schemathesis sees it."""
    import schemathesis
    from schemathesis.config import SchemathesisConfig

    schema = schemathesis.openapi.from_dict(dict(document), config=SchemathesisConfig.from_dict(config(seed)))
    found: Any = next(iter(schema.get_all_operations()))
    return found.ok()


@contextmanager
def steady() -> Iterator[None]:
    """Hypothesis without what differs from process to process: constants it collects from loaded modules, and a
    folder of its own in the current one."""
    from hypothesis import configuration
    from hypothesis.internal.conjecture import providers
    from hypothesis.internal.constants_ast import Constants

    none = Constants()
    kept = providers._get_local_constants, providers.CONSTANTS_CACHE
    home = configuration.__dict__["__hypothesis_home_directory"]
    providers._get_local_constants = lambda: none
    providers.CONSTANTS_CACHE = type(kept[1])(1024)
    configuration.set_hypothesis_home_dir(HOME)
    try:
        yield
    finally:
        providers._get_local_constants, providers.CONSTANTS_CACHE = kept
        configuration.set_hypothesis_home_dir(home)


def drawn(strategy: Any, count: int, seed: int) -> list[Any]:
    """`count` values of a strategy, the same ones for the same seed and versions."""
    found: list[Any] = []
    if count:
        with steady():
            _collector(strategy, count, seed, found.append)()
    return found


def _collector(strategy: Any, count: int, seed: int, take: Callable[[Any], None]) -> Callable[[], None]:
    import hypothesis

    quiet = hypothesis.settings(
        max_examples=count,
        database=None,
        deadline=None,
        derandomize=False,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )

    def collect(value: Any) -> None:
        take(value)

    collect.__annotations__ = {}
    return hypothesis.seed(seed)(quiet(hypothesis.given(value=strategy)(collect)))

"""Loads every module of this package, so that every rule and every kind of expectation is registered."""

from functools import cache
from importlib import import_module
from pkgutil import walk_packages

from conformance import rules


@cache
def load_rules() -> None:
    """Import all modules of `conformance.rules`; once is enough. A new rule needs no line here."""
    for module in walk_packages(rules.__path__, f"{rules.__name__}."):
        import_module(module.name)

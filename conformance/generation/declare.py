"""The decorator that lets a suite function stand for items drawn when the run is collected."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from conformance.evidence.run import Item
from conformance.generation.draws import Draw
from conformance.probing.probe import Probe
from conformance.suite import Test, declared

Drawn = tuple[Item, tuple[Probe, ...]]  #: an item with every probe it names, its control included
Source = Callable[[Draw], Iterable[Drawn]]  #: the same draw gives the same items, in any process


def generated(source: Source) -> Callable[[Test], Test]:
    """Let a function of a suite stand for what `source` yields; each item is marked as generated."""

    def declare(test: Test) -> Test:
        about = test.__name__.removeprefix("test_").replace("_", " ")
        declared(test).generator = lambda draw: collected(source(draw), about)
        return test

    return declare


def collected(drawn: Iterable[Drawn], about: str) -> tuple[tuple[Item, ...], Mapping[str, Probe]]:
    """The items, each once, and their probes by id. ValueError when two different probes share an id."""
    items: dict[str, Item] = {}
    probes: dict[str, Probe] = {}
    for item, needed in drawn:
        if items.setdefault(item.key, item) is not item:
            continue
        items[item.key] = replace(item, about=item.about or about, generated=True)
        for probe in needed:
            if probes.setdefault(probe.id, probe) != probe:
                raise ValueError(f"two different probes are called {probe.id!r}")
    return tuple(items.values()), probes

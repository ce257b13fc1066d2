"""What the plugin does once our suites are in play: settings, items, the live run, and its end."""

import inspect
import os
from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import pytest

from conformance._paths import suite_files
from conformance.contract import load_catalogue
from conformance.evidence.run import Item
from conformance.generation.draws import Draw
from conformance.generation.reach import reachable
from conformance.plugin.interrupts import Interrupts
from conformance.plugin.lines import Line, Reader, line_of
from conformance.plugin.terminal import dry_lines, say, section
from conformance.probing.probe import Probe
from conformance.reporting import printed
from conformance.reporting.clean import clean
from conformance.reporting.facts import EMBEDDED
from conformance.session.closing import Closing, close_run, why_not_closed
from conformance.session.failed import failed_in
from conformance.session.live import Live, open_live
from conformance.session.patterns import check_patterns
from conformance.session.target import Ungradable, address_of, capabilities_of, profile_of
from conformance.settings.config_file import LONGEST
from conformance.settings.options import OPTIONS
from conformance.settings.resolve import Settings, UsageError, resolve
from conformance.suite_budgets import FULL, within
from conformance.suite_items import bracketed_part, controls, index, item_id, items_of
from conformance.verdicts import Exit

#: Codes that a failed test of somebody else's in the same run outranks.
_WEAKER_THAN_A_FAILURE = frozenset({Exit.CONFORMS, Exit.NOTHING_TESTED, Exit.UNGRADABLE})


class Controller:
    """The state of our part of one pytest process. Workers of pytest-xdist read; everybody else also sends."""

    def __init__(self, config: pytest.Config, interrupts: Interrupts) -> None:
        self.config = config
        self.interrupts = interrupts
        self.settings = self._settings()
        self.probes: dict[str, Probe] = controls()
        self.selected: list[Item] = []
        self.live: Live | None = None
        self.closing: Closing | None = None
        self.ungradable = ""
        self.failure = ""  #: of the harness, where the journal cannot say it
        self._collected: set[str] = set()
        self._files: set[Path] = set()
        self._reader: Reader | None = None
        self._draw: Draw | None = None

    @property
    def is_worker(self) -> bool:
        """Whether this process is a worker of pytest-xdist."""
        return hasattr(self.config, "workerinput")

    @property
    def is_distributing(self) -> bool:
        """Whether this process hands its items to workers."""
        return not self.is_worker and bool(getattr(self.config.option, "dist", "no") != "no")

    def _settings(self) -> Settings:
        given = {option.name: getattr(self.config.option, option.dest, None) for option in OPTIONS}
        try:
            settings = resolve(given, self.config.invocation_params.dir)
            capabilities_of(settings, profile_of(settings))
            self._address = address_of(settings)
            check_patterns(settings.requirement)
            self._failed = failed_in(settings.only_failed) if settings.only_failed else None
        except UsageError as error:
            raise pytest.UsageError(clean(str(error), LONGEST)) from None
        return settings

    def draw(self) -> Draw:
        """What generated items are drawn from; no live ones where none of them could be in the run."""
        if self._draw is None:
            settings, profile = self.settings, profile_of(self.settings)
            version = settings.api_version or profile.api_version
            drawn = settings.budget == FULL and (self._asked is None or bool(self._asked & reachable(profile.name)))
            count = settings.fuzz if drawn else 0
            self._draw = Draw(profile.name, version, capabilities_of(settings, profile), count, settings.fuzz_seed)
        return self._draw

    @cached_property
    def _asked(self) -> frozenset[str] | None:
        """The requirements that `--requirement` names; None for all."""
        patterns = self.settings.requirement
        return frozenset(entry.id for entry in load_catalogue().select(patterns)) if patterns else None

    # Collecting

    def stands_for_items(self, function: Callable[..., None]) -> bool:
        """Whether a declared function has any items: a generator may have drawn none. Its file counts as collected."""
        self._files.add(Path(inspect.getfile(function)).resolve())
        return bool(items_of(function, self.draw())[0])

    def parametrize(self, metafunc: pytest.Metafunc) -> None:
        """One parameter for each item of a declared function."""
        items, probes = items_of(metafunc.function, self.draw())
        self.probes.update(probes)
        self._collected.update(item.key for item in items)
        self._files.add(Path(metafunc.module.__file__ or "").resolve())
        name = "case" if "case" in metafunc.fixturenames else "traffic"
        metafunc.parametrize(name, [Line(item, self.reader) for item in items], ids=[item_id(item) for item in items])

    def select(self, items: list[pytest.Item]) -> None:
        """Apply `--requirement` and `--budget`; remember what is left."""
        self.interrupts.recall()
        kept = [item for item in items if (line := line_of(item)) is None or self._wanted(line.item)]
        if len(kept) < len(items):
            left = set(kept)
            self.config.hook.pytest_deselected(items=[item for item in items if item not in left])
            items[:] = kept

    def _wanted(self, item: Item) -> bool:
        """Whether the options leave an item in the run."""
        named = self._asked is None or item.requirement in self._asked
        named = named and (self._failed is None or item.key in self._failed.keys)
        return named and bool(within([item], self.settings.budget, self.settings.profile))

    # Running

    def begin(self, session: pytest.Session) -> None:
        """Open and start the run, unless there is nothing to send from this process."""
        if self.is_worker or self.config.option.collectonly or getattr(self.config.option, "setuponly", False):
            return
        if self.is_distributing and self.settings.dry_run:
            raise pytest.UsageError("--dry-run goes without -n")
        self.selected = [line.item for item in session.items if (line := line_of(item))]
        if self.selected and not self.is_distributing:
            self._open()

    def _open(self) -> None:
        everything = {item.key for item in self.selected} >= self._collected and not self._narrowed()
        everything = everything and self._files.issuperset(suite_files())
        try:
            items = within(self.selected, self.settings.budget, self.settings.profile)
            items = self._failed.narrowed(items, self.probes) if self._failed else items
            self.live = open_live(self.settings, items, self.probes, everything)
            self.live.folder = self._folder or self.live.folder
            if self.settings.dry_run:
                self.live.target.close()
                self.config.option.collectonly = True  # the items are not run
                return
            self.interrupts.begun = True
            self.interrupts.recall()
            self.live.begin()
        except UsageError as error:
            if self.live is not None:  # nothing was sent, and there is no journal to close
                self.live.target.close()
                self.live = None
            raise pytest.UsageError(clean(str(error), LONGEST)) from None
        except Ungradable as error:
            self.ungradable = clean(str(error))
            raise pytest.exit.Exception(f"nothing was graded: {self.ungradable}", returncode=Exit.UNGRADABLE) from None

    def _narrowed(self) -> bool:
        return bool(self.settings.requirement) or self._failed is not None or self.settings.budget != FULL

    def stop(self) -> None:
        """Send nothing more."""
        if self.live is not None and self.live.scheduler is not None:
            self.live.scheduler.stop()

    def reader(self) -> Reader:
        """Where items of this process are judged from."""
        if self._reader is None:
            self._reader = self._own_reader(self.live) if self.live else self._worker_reader()
        return self._reader

    def _own_reader(self, live: Live) -> Reader:
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        return Reader(live.journal, self.settings.level, partial(say, reporter), live.is_sending, live.plan.requests[0])

    def _worker_reader(self) -> Reader:
        return Reader(Path(self.config.workerinput["conformance_journal"]), self.settings.level)  # type: ignore[attr-defined]

    # pytest-xdist

    _folder: Path | None = None

    def equip(self, node: Any) -> None:
        """Give a worker the place of the journal before it starts."""
        if self._folder is None:
            from conformance.session.folder import reserve_folder

            self._folder = reserve_folder(self.settings)
        node.workerinput["conformance_journal"] = str((self._folder / "journal.jsonl").absolute())

    def workers_collected(self, ids: list[str]) -> None:
        """Plan and start from the ids of the first worker that reports; all report the same."""
        if self.live is not None or self.ungradable or self.config.option.collectonly:
            return
        named = [Path(arg.partition("::")[0]) for arg in self.config.args]
        files = dict.fromkeys([*suite_files(), *(path.resolve() for path in named if path.suffix == ".py")])
        items, probes = index(files, self.draw())
        self._files.update(files)
        self.probes.update(probes)
        self._collected.update(item.key for item in items.values())
        self.selected = [items[part] for node_id in ids if (part := bracketed_part(node_id)) in items]
        if self.selected:
            self._open()
        if self.live is not None:
            self.interrupts.watch(self.live)

    def worker_ended(self, error: object) -> None:
        """A worker that ended before its time has not judged what it was given."""
        if error:
            self.failure = "the harness failed: a process of pytest-xdist ended before its time"

    # Ending

    def finish(self, session: pytest.Session, status: int) -> int:
        """Grade what was recorded, write the reports; the exit code of the process."""
        self.interrupts.closing = True
        status = self.interrupts.status(status)
        if self.live is None or self.settings.dry_run or self.is_worker:
            return status if not self.ungradable else int(Exit.UNGRADABLE)
        try:
            self.closing = close_run(self.live, status, self.ungradable, failure=self.failure)
        except Exception as error:
            self.failure = why_not_closed(error, self.live.journal)
            return int(Exit.HARNESS_ERROR)
        others_failed = status == pytest.ExitCode.TESTS_FAILED and self.closing.code in _WEAKER_THAN_A_FAILURE
        return int(Exit.VIOLATION if others_failed else self.closing.code)

    def header(self) -> list[str]:
        """The first line of a run."""
        target = self._address or EMBEDDED
        return [f"conformance: {target}, profile {self.settings.profile}, level {self.settings.level.value.lower()}"]

    def summarise(self, reporter: Any) -> None:
        """Write the summary to the terminal."""
        if self.closing is not None:
            more = printed(self.closing.graded, self.closing.facts, os.environ)
            section(reporter, "conformance", self.closing.text, *more)
        elif self.failure:
            section(reporter, "conformance", clean(self.failure))
        elif self.settings.dry_run and self.live is not None:
            section(reporter, "conformance, dry run", *dry_lines(self.live))

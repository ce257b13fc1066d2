"""Clients against a target, from beginning to end: environments, one scenario after another, journal, reports.

The traffic of the clients goes through the recording pass-through into the journal of an ordinary run, so that what a
client complains of stands beside what its exchanges broke.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from conformance.clients.data import FOLDER, Client, Scenario, load_clients, load_scenarios
from conformance.clients.driving import How, Ran, drive
from conformance.clients.environments import Environment, NotInstalled, environment_of
from conformance.clients.judging import Judged, State, judge, wire_of
from conformance.clients.outcome import FILE, Checked, Result, document, holding, text
from conformance.contract import load_catalogue
from conformance.evidence.follow import Follower
from conformance.evidence.run import CLIENT, PLAIN, STREAM, Item
from conformance.proxy import Passthrough
from conformance.proxy import run as passing
from conformance.proxy.watch import Blamed, Watch
from conformance.reporting import ReportError, json_file, write_file
from conformance.session.closing import STOPPED, Closing, close_run
from conformance.session.live import Live, open_live
from conformance.session.target import Ungradable
from conformance.settings.resolve import Settings, UsageError
from conformance.suite_items import controls
from conformance.verdicts import Exit, Graded, exit_code

INTERRUPTED = 2  #: the status of pytest that `close_run` takes for it
KEYLESS = "no-key-is-needed"  #: what a client is given for a target that takes none: it would not start without
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Choice:
    """Which clients and scenarios, where they are installed and described, and the seconds that a scenario may take.

    No names stand for all: of scenarios, and of clients that need not be named.
    """

    cache: Path
    names: tuple[str, ...] = ()
    scenarios: tuple[str, ...] = ()
    seconds: float = 120.0
    folder: Path = FOLDER

    def clients(self, profile: str = "") -> tuple[Client, ...]:
        """Those that were named, or all that need not be; of a profile where one is given. Raises UsageError."""
        known = load_clients(self.folder)
        if unknown := [name for name in self.names if name not in known]:
            raise UsageError(f"there is no client {unknown[0]!r}; there are {', '.join(known)}")
        chosen = self.names or tuple(name for name, client in known.items() if not client.by_name_only)
        return tuple(known[name] for name in dict.fromkeys(chosen) if not profile or profile in known[name].profiles)

    def scenarios_of(self, client: Client) -> tuple[Scenario, ...]:
        """Those that were named of what a client can do. Raises UsageError."""
        known = load_scenarios(self.folder)
        if unknown := [name for name in self.scenarios if name not in known]:
            raise UsageError(f"there is no scenario {unknown[0]!r}; there are {', '.join(known)}")
        return tuple(known[name] for name in client.scenarios if name in (self.scenarios or known))


@dataclass(frozen=True, slots=True)
class Done:
    """The exit code, the text for the terminal, what the clients came to, and the graded run of their exchanges."""

    code: Exit
    text: str
    checked: tuple[Checked, ...] = ()
    graded: Graded | None = None


def install(choice: Choice, say: Say) -> Done:
    """Make the environments that are missing."""
    failures = tuple(
        failure for client in choice.clients() if (failure := made(environment_of(client, choice.cache), say))
    )
    return Done(Exit.HARNESS_ERROR if failures else Exit.CONFORMS, "\n".join(failures) or "every client is installed")


def made(environment: Environment, say: Say) -> str:
    """Make an environment unless it is there; why it could not be made, or ""."""
    if environment.ready:
        return ""
    say(f"installing {environment.client.title}: {', '.join(environment.client.packages)}")
    try:
        environment.make()
    except NotInstalled as problem:
        return str(problem)
    return ""


def check(
    settings: Settings, choice: Choice, say: Say, variables: Mapping[str, str] | None = None, faults: Sequence[str] = ()
) -> Done:
    """Let every chosen client do every scenario. Raises UsageError and Ungradable for what is wrong before."""
    plans = {client: choice.scenarios_of(client) for client in choice.clients(settings.profile)}
    if not any(plans.values()):
        return Done(Exit.NOTHING_TESTED, f"no chosen client can do this under the profile {settings.profile}")
    checked = [Checked(client, failure=made(environment_of(client, choice.cache), say)) for client in plans]
    live = open_live(settings, _items(settings), controls(), False, variables, tuple(faults))
    shared = _Round(live, choice, say, checked, time.monotonic())  # the scheduler counts from a millisecond later
    status, refusal, failure = 0, "", ""
    try:
        live.begin()
        assert live.scheduler is not None
        live.scheduler.wait()
        refusal = STOPPED if live.gone else ""
        if not refusal:
            failure = _all(shared, plans) or passing.narrowed(live)
    except Ungradable as error:
        refusal = str(error)
    except KeyboardInterrupt:
        status = INTERRUPTED
    closing = close_run(live, status, refusal, failure=failure)
    return _reported(closing, tuple(checked), live, shared.blamed)


def _items(settings: Settings) -> list[Item]:
    """Every requirement, since traffic may break any; the controls are sent, and say whether anything can be checked.

    Those that no client put to the test are left out in the end: a check of clients covers what clients do.
    """
    riding = passing.items_for(settings)
    others = load_catalogue().requirements.keys() - {item.requirement for item in riding}
    items = (*riding, *(Item(name, "", (CLIENT,)) for name in sorted(others)))
    return [replace(item, probes=(PLAIN, STREAM, *item.probes)) for item in items]


@dataclass(frozen=True, slots=True)
class _Round:
    """What all scenarios share. `checked` and `blamed` grow, so that an interrupted check keeps what it has."""

    live: Live
    choice: Choice
    say: Say
    checked: list[Checked]
    began: float  #: of the run, on the monotonic clock
    blamed: list[Blamed] = field(default_factory=list)


def _all(shared: _Round, plans: Mapping[Client, Sequence[Scenario]]) -> str:
    """Every client behind the pass-through, and what failed while it recorded, or ""."""
    with _passthrough(shared) as proxy:
        for place, one in enumerate(shared.checked):
            for scenario in () if one.failure else plans[one.client]:
                shared.say(f"{one.client.title}: {scenario.title}")
                one = replace(one, results=(*one.results, _result(shared, proxy, one.client, scenario)))
                shared.checked[place] = one
    return passing.unrecorded(proxy)


def _passthrough(shared: _Round) -> Passthrough:
    live = shared.live
    assert live.writer is not None
    watch = Watch(live.writer, live.terms, lambda line: None, blamed=shared.blamed)
    follower = Follower(live.journal)
    follower.poll()
    last = max((record.seq for record in follower.records), default=0)
    return Passthrough(
        live.desk.endpoint, watch.take, verify=live.target.verify, limits=live.settings.limits, count=last,
        began=shared.began,
    )  # fmt: skip


def _result(shared: _Round, proxy: Passthrough, client: Client, scenario: Scenario) -> Result:
    """One scenario of a client, if it can be asked for."""
    live, seconds = shared.live, shared.choice.seconds
    if why := _unasked(live, scenario):
        return Result(scenario, Judged(State.NOT_ASKED, (why,)))
    key = live.desk.wrong if scenario.wrong_key else live.target.key or KEYLESS
    began = time.monotonic()
    with proxy.window(f"{client.name} {scenario.name}") as window:
        order = dict(scenario.ask) | {
            "scenario": scenario.name, "base_url": client.base_url.format(url=proxy.url), "model": live.desk.model,
        }  # fmt: skip
        try:
            command = environment_of(client, shared.choice.cache).command({**client.environment, client.key: key})
            ran = _clean(drive(command, order, seconds), live)
        except OSError as error:
            return Result(scenario, Judged(State.NOT_CHECKED, (f"its driver cannot be started: {error}",)))
    took, records = time.monotonic() - began, window.records
    found = judge(ran, scenario, client, wire_of(records))
    if ran.how is How.HANG and not records:
        found = Judged(State.NOT_CHECKED, (f"it sent nothing within {seconds:g} s; see --seconds",))
    return Result(scenario, found, ran, tuple(record.seq for record in records), took)


def _unasked(live: Live, scenario: Scenario) -> str:
    if scenario.capability and scenario.capability not in live.terms.capabilities:
        return f"the target does not claim {scenario.capability}"
    return "the target takes no key" if scenario.wrong_key and live.target.key is None else ""


def _clean(ran: Ran, live: Live) -> Ran:
    """The same without what is secret, wherever a driver repeats it."""
    why, version = live.redactor.text(ran.why), live.redactor.text(ran.version)
    return replace(ran, why=why, version=version, error=_without(ran.error, live), seen=_without(ran.seen, live))


def _without(value: Any, live: Live) -> Any:
    if isinstance(value, str):
        return live.redactor.text(value)
    if isinstance(value, list):
        return [_without(one, live) for one in value]
    return {word: _without(one, live) for word, one in value.items()} if isinstance(value, dict) else value


def _reported(closing: Closing, checked: tuple[Checked, ...], live: Live, blamed: Sequence[Blamed]) -> Done:
    """What clients came to, in the folder of the run and for the terminal."""
    codes = holding(checked, live.settings.level) | ({closing.code} - {Exit.CONFORMS})
    about = {"target": live.desk.endpoint, "profile": live.settings.profile, "model": live.desk.model}
    try:
        written = write_file(
            live.folder / FILE, json_file(document(checked, closing.graded, about, blamed)), private=True
        )
        told = f"wrote {written}"
    except ReportError as problem:
        told, codes = str(problem), codes | {Exit.HARNESS_ERROR}
    lines = "\n".join((told, closing.text, text(checked, closing.graded, blamed)))
    return Done(exit_code(None, live.settings.level, codes), lines, checked, closing.graded)

"""A run whose requests somebody else sends: from opening to the usual reports."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any

from conformance._paths import suite_files
from conformance.evidence.follow import Follower
from conformance.evidence.journal import CannotWrite, JournalError
from conformance.evidence.run import CLIENT, Item
from conformance.generation.draws import Draw
from conformance.proxy.passthrough import Passthrough
from conformance.proxy.watch import Blamed, Watch
from conformance.reporting import ReportError, json_file, write_file
from conformance.reporting.clean import clean
from conformance.reporting.facts import REACHED
from conformance.rules.client_requests import NAMED
from conformance.session.closing import Closing, close_run
from conformance.session.earlier import plan_line
from conformance.session.live import Live, open_live
from conformance.session.target import capabilities_of, profile_of
from conformance.settings.resolve import Settings, UsageError
from conformance.suite_items import index
from conformance.verdicts import Exit, exit_code, grade

FILE = "requests.json"
ANY_MODEL = "as the client asks"  #: stands for the model of a run that names none
NO_TARGET = "no target: give the URL of the endpoint that requests are to be forwarded to"
SILENT = "the target answered no request"
_LISTED = 10  #: faults of clients named in the text; all of them are in the file


@dataclass(frozen=True, slots=True)
class Proxied:
    """What came of it."""

    closing: Closing
    text: str


def proxy(
    settings: Settings,
    port: int,
    say: Callable[[str], None],
    tell: Callable[[str], None],
    environment: Mapping[str, str] | None = None,
) -> Proxied:
    """Forward until interrupted, or as many requests or seconds as the settings allow; then grade and report.

    `say` is told where it listens, `tell` of every exchange that broke something. Raises UsageError.
    """
    live = opened(settings, environment)
    watch = Watch(live.open(), live.terms, tell)
    passthrough = _passthrough(live, watch, port)
    try:
        with passthrough, suppress(KeyboardInterrupt):
            say(f"forwarding {passthrough.url} to {passthrough.address.origin}{passthrough.address.base}; end: Ctrl-C")
            passthrough.wait(settings.max_seconds)
    except OSError as error:
        live.finish()
        raise UsageError(f"cannot listen on port {port}: {error.strerror or error}; choose another --port") from None
    failure = unrecorded(passthrough) or narrowed(live)
    silent = bool(watch.requests) and not _answered(live)
    closing = close_run(live, 0, SILENT if silent else "", failure=failure)
    return _reported(closing, watch, live)


def opened(settings: Settings, environment: Mapping[str, str] | None = None) -> Live:
    """A run in which nothing is sent by us: the keys are those of the clients, and so is the choice of the model."""
    if settings.target_url is None:
        raise UsageError(NO_TARGET)
    ours = replace(settings, no_auth=True, model=settings.model or ANY_MODEL)
    live = open_live(ours, items_for(settings), {}, True, environment)
    live.terms = replace(live.terms, authenticated=True, secret_searched=True)
    return live


def items_for(settings: Settings) -> list[Item]:
    """What any traffic may show: every passive item, and what a target has to refuse where a client is at fault."""
    profile = profile_of(settings)
    draw = Draw(settings.profile, settings.api_version or profile.api_version, capabilities_of(settings, profile), 0, 1)
    items, _ = index(suite_files(), draw)
    riding = [replace(item, probes=(CLIENT,), control="") for item in items.values() if not item.active]
    return [*riding, *(Item(name, "", (CLIENT,)) for name in NAMED)]


def _passthrough(live: Live, watch: Watch, port: int) -> Passthrough:
    settings = live.settings
    made = Passthrough(
        live.desk.endpoint, watch.take, port=port, verify=live.target.verify, limits=settings.limits,
        most=settings.max_requests, refused=watch.refused,
    )  # fmt: skip
    watch.pause = made.pace.pause
    return made


def unrecorded(passthrough: Passthrough) -> str:
    """What failed while exchanges were recorded, unless the journal itself will tell."""
    error = passthrough.error
    if error is None or isinstance(error, CannotWrite):
        return ""
    return f"the harness failed while recording: {passthrough.keys.text(f'{type(error).__name__}: {error}')}"


def narrowed(live: Live) -> str:
    """Tell the plan of the run again, now that it is known which requirements the clients' requests put to the test.

    A plan is what was meant to be seen. Here nothing was: what no client asked for is not missing.
    """
    assert live.writer is not None
    try:
        follower = Follower(live.journal)
        follower.poll()
        shown = {row.item.key for row in grade(follower.run()).items if row.verdict in REACHED}
        live.whole = replace(live.whole, items=tuple(item for item in live.whole.items if item.key in shown))
        live.writer.write("plan", **plan_line(live.whole))
    except CannotWrite:
        return ""
    except JournalError as problem:
        return str(problem)
    return ""


def _answered(live: Live) -> bool:
    follower = Follower(live.journal)
    follower.poll()
    return any(record.exchange.status is not None for record in follower.records)


def _reported(closing: Closing, watch: Watch, live: Live) -> Proxied:
    """The same with what the clients did, for the terminal and as a file."""
    try:
        told = f"wrote {write_file(live.folder / FILE, json_file(_document(watch)))}"
    except ReportError as problem:
        told = str(problem)
        holding = frozenset({Exit.HARNESS_ERROR, closing.code} - {Exit.CONFORMS})
        closing = replace(closing, code=exit_code(None, closing.facts.gate, holding))
    return Proxied(closing, "\n".join((told, *_client_lines(watch), closing.text)))


def _document(watch: Watch) -> dict[str, Any]:
    return {
        "version": 1,
        "requests": watch.requests,
        "faulty": len({row.exchange for row in watch.blamed}),
        "faults": [
            {"exchange": r.exchange, "request": r.request, "answer": r.answer, **asdict(r.fault)} for r in watch.blamed
        ],
        "unreadable": watch.unreadable,
    }


def _client_lines(watch: Watch) -> list[str]:
    """What clients did that the contract forbids, the same fault once."""
    found: dict[tuple[str, str], list[Blamed]] = {}
    for row in watch.blamed:
        found.setdefault((row.fault.requirement, row.fault.where), []).append(row)
    if not found and not watch.unreadable:
        return []
    faulty = len({row.exchange for row in watch.blamed})
    head = f"{faulty} of {watch.requests} requests break the contract: their clients' fault, not the target's"
    lines = [f"  {rows[0].text} ({_places(rows)})" for rows in found.values()][:_LISTED]
    lines += [f"  and {len(found) - _LISTED} more, in {FILE}"] if len(found) > _LISTED else []
    lines += [f"  client: not HTTP/1, {len(watch.unreadable)} times: {watch.unreadable[0]}"] if watch.unreadable else []
    return [head, *map(clean, lines), ""]


def _places(rows: list[Blamed]) -> str:
    first = rows[0]
    more = f" and {len(rows) - 1} more" if len(rows) > 1 else ""
    return f"exchange {first.exchange}{more}, {first.answer}"

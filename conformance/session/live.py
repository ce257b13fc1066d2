"""A live run: opened from settings and selected items, sent by a scheduler, closed into a graded journal."""

import secrets
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from conformance.contract import load_catalogue
from conformance.evidence.follow import Follower
from conformance.evidence.journal import CannotWrite, JournalWriter, record_line
from conformance.evidence.run import Item, Record, Terms
from conformance.evidence.spent import Price
from conformance.probing.backoff import Backoff
from conformance.probing.partial import NOTHING, Carried
from conformance.probing.plan import Plan, plan
from conformance.probing.probe import Auth, Probe
from conformance.probing.redaction import Redactor
from conformance.probing.render import Desk, wrong_token
from conformance.probing.scheduler import After, Scheduler
from conformance.probing.sender import Sender
from conformance.probing.sockets import SocketTransport
from conformance.probing.spending import Spending
from conformance.probing.transport import HttpxTransport
from conformance.session.baselines import header_baseline
from conformance.session.caps import caps_of, pace_of, price_of
from conformance.session.credentials import redactor_of
from conformance.session.earlier import narrow, plan_line, read_earlier, write_carried
from conformance.session.folder import reserve_folder
from conformance.session.header import header
from conformance.session.history import ready_history
from conformance.session.models import ask_models, listed_models, only_model
from conformance.session.target import (
    Target,
    Ungradable,
    capabilities_of,
    open_target,
    profile_of,
)
from conformance.session.undisturbed import undisturbed
from conformance.settings.prices import read_prices
from conformance.settings.resolve import Settings, UsageError


@dataclass(slots=True)
class Live:
    """An opened run. `begin` sends, `open` leaves that to others; `finish` ends it. The journal is in its folder."""

    settings: Settings
    target: Target
    terms: Terms
    plan: Plan
    desk: Desk
    folder: Path
    started: str
    everything: bool
    discovery: tuple[Record, ...] = ()
    scheduler: Scheduler | None = None
    writer: JournalWriter | None = None
    baseline: Mapping[str, Any] | None = None  #: as the header holds it
    price: Price | None = None  #: of the model, where there is a file of prices
    carried: Carried = NOTHING  #: from the run that this one resumes
    resumed: Mapping[str, Any] | None = None  #: what the header says of that run
    whole: Plan = field(init=False)  #: `plan` is what is left of it to be sent
    redactor: Redactor = field(default_factory=lambda: Redactor(()))

    def __post_init__(self) -> None:
        self.whole = self.plan

    @property
    def journal(self) -> Path:
        """Where the journal is written."""
        return self.folder / "journal.jsonl"

    def open(self) -> JournalWriter:
        """Begin the journal with header and plan."""
        try:
            with undisturbed():  # a journal without its header says nothing of the run
                self.writer = JournalWriter(self.journal)
                self._write_opening(self.writer)
        except OSError as error:
            raise UsageError(f"cannot write the run into {self.folder}: {error.strerror or error}") from None
        except CannotWrite as error:
            self.finish()
            raise UsageError(str(error)) from None
        return self.writer

    def begin(self) -> None:
        """Write header and plan, run the pre-flight and go on sending. Raises Ungradable when it ends the run."""
        writer = self.open()
        sender = self._sender(writer)
        self.scheduler = Scheduler(self.plan, sender, self.settings.concurrency, self._after(writer), self.carried)
        refusal = self.scheduler.start()
        if refusal is not None:
            self.scheduler.stop()
            raise Ungradable(self._with_models(str(refusal)) if refusal.unknown_model else str(refusal))

    def _write_opening(self, writer: JournalWriter) -> None:
        writer.write("header", **header(self))
        writer.write("plan", **plan_line(self.whole))
        write_carried(writer, self.carried)
        for record in self.discovery:
            writer.write("exchange", **record_line(record))

    @property
    def unwritable(self) -> str:
        """Why the journal could not be written to its end, or ""."""
        return self.writer.failure if self.writer is not None else ""

    def told(self, error: BaseException) -> str:
        """An error in words, without what is secret in this run."""
        return self.redactor.text(str(error) if isinstance(error, CannotWrite) else f"{type(error).__name__}: {error}")

    def is_sending(self) -> bool:
        """Whether anything may still come."""
        return self.scheduler is not None and self.scheduler.running

    @property
    def gone(self) -> bool:
        """Whether the target stopped answering before the plan was through."""
        return self.scheduler is not None and self.scheduler.target_gone

    def stop(self) -> BaseException | None:
        """Send nothing more; what broke the sending, if anything did."""
        if self.scheduler is None:
            return None
        self.scheduler.stop()
        return self.scheduler.error

    def finish(self, holding: Sequence[str] = (), ungradable: str = "", refused: bool = False) -> Follower:
        """Stop sending, end the journal, stop what was started for the target; the journal read back.

        What is known of the end and shown by no exchange goes into the footer: the names of the exit codes that hold
        beside the verdicts, why the target could not be graded, and whether the pre-flight ended the run.
        """
        complete = self.stop() is None and self.scheduler is not None
        if self.writer is not None:
            ends = {"holding": list(holding), "ungradable": ungradable, "refused": refused}
            with suppress(CannotWrite):  # what the journal cannot say, whoever closes the run does
                self.writer.write("footer", ended=now(), complete=complete, **ends)
            self.writer.close()
        self.target.close()
        follower = Follower(self.journal)
        if self.writer is not None:
            follower.poll()
        return follower

    def _after(self, writer: JournalWriter) -> After | None:
        """Reducing failing generated cases, unless the cap on requests is near or none are in the plan."""
        requests, cap = self.settings.shrink, self.settings.max_requests
        near = cap is not None and cap < self.plan.requests[1] + requests
        if not requests or near or not any(item.generated for item in self.plan.items):
            return None
        from conformance.session.shrinking import reduce_failures

        return lambda deliver: reduce_failures(writer, deliver, requests)

    def _sender(self, writer: JournalWriter) -> Sender:
        spending = Spending(caps_of(self.settings), self.price, self.terms.profile.usage, time.monotonic())
        spending.spend(self.discovery)
        return Sender(
            self.desk,
            self.settings.limits,
            HttpxTransport(self.target.verify),
            SocketTransport(self.target.verify),
            self.redactor,
            writer,
            began=spending.began - self.carried.moment,
            controls=self.carried.controls,
            earlier=self.carried.steps,
            spending=spending,
            count=max(len(self.discovery), self.carried.last),
            width=self.settings.concurrency,
            backoff=Backoff(pace_of(self.settings), spending.deadline, self.settings.limits.patience),
        )

    def _with_models(self, sentence: str) -> str:
        listed = listed_models(self.redactor.exchange(ask_models(self.desk, self.settings, self.target)))
        return f"{sentence}; the target lists {', '.join(listed[:10])}" if listed else sentence


def now() -> str:
    """The time in ISO 8601, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def open_live(
    settings: Settings,
    items: Sequence[Item],
    probes: Mapping[str, Probe],
    everything: bool = True,
    environment: Mapping[str, str] | None = None,
    faults: tuple[str, ...] = (),
) -> Live:
    """Find the target, settle the terms and the plan. Sends at most one request (for the list of models).

    `faults` are deliberate breaches of the embedded endpoint.
    Raises UsageError (code 4) and Ungradable (code 6).
    """
    profile = profile_of(settings)
    capabilities = capabilities_of(settings, profile)
    baseline, prices = header_baseline(settings.baseline), read_prices(settings.prices)
    earlier = read_earlier(settings.resume) if settings.resume else None
    ready_history(None if settings.dry_run else settings.history)
    target = open_target(settings, environment, faults)
    try:
        wrong, nonce = wrong_token(len(target.key or "")), earlier.header["nonce"] if earlier else secrets.token_hex(5)
        desk = Desk(
            target.endpoint, settings.api_version or profile.api_version, target.model or "", target.key, wrong,
            nonce, settings.headers, target.operator, Auth(settings.credential), settings.challenge or "",
        )  # fmt: skip
        redactor, found = redactor_of(target, desk, settings)
        discovery: tuple[Record, ...] = ()
        if not desk.model and earlier:  # the list of models was asked for
            desk = replace(desk, model=earlier.header["terms"]["model"])
        if not desk.model:
            exchange = redactor.exchange(ask_models(desk, settings, target))
            desk = replace(desk, model=only_model(exchange))
            discovery = (Record(1, "models", 0, 1, replace(exchange, began=0.0)),)
        terms = Terms(
            profile, load_catalogue(), desk.api_version, desk.model, capabilities, target.key is not None, found
        )
        price = price_of(settings, prices, desk.model)
        planned = plan(items, probes, desk, capabilities, settings.attempts)
        folder = reserve_folder(settings)
        live = Live(
            settings, target, terms, planned, desk, folder, now(), everything, discovery,
            baseline=baseline, price=price, redactor=redactor,
        )  # fmt: skip
        narrow(live, earlier)
        return live
    except BaseException:
        target.close()
        raise

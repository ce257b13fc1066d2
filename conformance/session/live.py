"""A live run: opened from settings and selected items, sent by a scheduler, closed into a graded journal."""

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from conformance.contract import load_catalogue
from conformance.evidence.follow import Follower, header_terms
from conformance.evidence.journal import VERSION, JournalWriter, item_line, record_line
from conformance.evidence.run import Item, Record, Terms
from conformance.probing.plan import Plan, plan
from conformance.probing.probe import Probe
from conformance.probing.redaction import Redactor, Secret
from conformance.probing.render import Desk, wrong_token
from conformance.probing.scheduler import After, Scheduler
from conformance.probing.sender import Sender
from conformance.probing.sockets import SocketTransport
from conformance.probing.transport import HttpxTransport
from conformance.session.baselines import header_baseline
from conformance.session.history import ready_history
from conformance.session.models import ask_models, listed_models, only_model
from conformance.session.target import (
    Target,
    Ungradable,
    capabilities_of,
    open_target,
    profile_of,
    searchable,
)
from conformance.settings.resolve import Settings, UsageError
from conformance.suite_budgets import FULL

#: What we send in every run: a secret that is part of it would be found everywhere.
ORDINARY = ("reference-1", "application/json", "text/event-stream", "messages-conformance", "identity")


def harness_version() -> str:
    """The version of the installed distribution, or "unknown" in a bare checkout."""
    try:
        return version("messages-conformance")
    except PackageNotFoundError:
        return "unknown"


@dataclass(slots=True)
class Live:
    """An opened run. `begin` sends; `finish` ends it. The folder holds `journal.jsonl`."""

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
    _redactor: Redactor = field(default_factory=lambda: Redactor(()))

    @property
    def journal(self) -> Path:
        """Where the journal is written."""
        return self.folder / "journal.jsonl"

    def begin(self) -> None:
        """Write header and plan, run the pre-flight and go on sending. Raises Ungradable when it ends the run."""
        try:
            self.writer = JournalWriter(self.journal)
        except OSError as error:
            raise UsageError(f"cannot write the run into {self.folder}: {error.strerror or error}") from None
        self.writer.write("header", **self._header())
        generated = sorted(self.plan.generated())
        items = [item_line(item) for item in self.plan.items]
        self.writer.write(
            "plan", items=items, aliases=dict(self.plan.aliases), awaited=dict(self.plan.awaited), generated=generated
        )
        for record in self.discovery:
            self.writer.write("exchange", **record_line(record))
        sender = self._sender(self.writer)
        self.scheduler = Scheduler(self.plan, sender, self.settings.concurrency, self._after(self.writer))
        refusal = self.scheduler.start()
        if refusal is not None:
            self.scheduler.stop()
            raise Ungradable(self._with_models(str(refusal)) if refusal.unknown_model else str(refusal))

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
        return Sender(
            self.desk,
            self.settings.limits,
            HttpxTransport(self.target.verify),
            SocketTransport(self.target.verify),
            self._redactor,
            writer,
            began=time.monotonic(),
            max_requests=self.settings.max_requests,
            count=len(self.discovery),
            width=self.settings.concurrency,
        )

    def _header(self) -> dict[str, Any]:
        return {
            "version": VERSION,
            "harness": harness_version(),
            "target": self.desk.endpoint,
            "embedded": self.target.embedded,
            "terms": header_terms(self.terms),
            "level": self.settings.level.value,
            "everything": self.everything,
            "started": self.started,
            "seeds": {"fuzz": self.settings.fuzz, "fuzz-seed": self.settings.fuzz_seed},
            "options": self._shown_options(),
            "header_envs": dict(self.settings.header_variables),
            "api_key_env": self.settings.api_key_env,
            "restricted_key_env": self.settings.restricted_key_env or "",
            "challenge": self.settings.challenge,
            **({"baseline": self.baseline} if self.baseline is not None else {}),
        }

    def _shown_options(self) -> dict[str, str]:
        """The options that shape what is sent, as a reader would spell them."""
        given = self.settings
        shown: dict[str, object] = {"concurrency": given.concurrency, "max-requests": given.max_requests}
        shown["budget"] = given.budget if given.budget != FULL else None
        shown |= {"requirement": ", ".join(given.requirement), "no-auth": given.no_auth or None}
        return {name: str(value) for name, value in shown.items() if value}

    def _with_models(self, sentence: str) -> str:
        listed = listed_models(ask_models(self.desk, self.settings, self.target))
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
) -> Live:
    """Find the target, settle the terms and the plan. Sends at most one request (for the list of models).

    Raises UsageError (code 4) and Ungradable (code 6).
    """
    profile = profile_of(settings)
    capabilities = capabilities_of(settings, profile)
    baseline = header_baseline(settings.baseline)
    ready_history(None if settings.dry_run else settings.history)
    target = open_target(settings, environment)
    try:
        wrong = wrong_token(len(target.key or ""))
        desk = Desk(
            target.endpoint, settings.api_version or profile.api_version, target.model or "", target.key, wrong,
            secrets.token_hex(5), settings.headers, target.operator, settings.challenge or "",
        )  # fmt: skip
        redactor, found = _redactor_of(target, desk, settings)
        discovery: tuple[Record, ...] = ()
        if not desk.model:
            exchange = redactor.exchange(ask_models(desk, settings, target))
            desk = replace(desk, model=only_model(exchange))
            discovery = (Record(1, "models", 0, 1, replace(exchange, began=0.0)),)
        terms = Terms(
            profile, load_catalogue(), desk.api_version, desk.model, capabilities, target.key is not None, found
        )
        planned = plan(items, probes, desk, capabilities, settings.attempts)
        folder = reserve_folder(settings)
        return Live(
            settings, target, terms, planned, desk, folder, now(), everything, discovery, None, None, baseline, redactor
        )
    except BaseException:
        target.close()
        raise


def reserve_folder(settings: Settings) -> Path:
    """The folder of the run: `--out`, or `reports/<target>-<time>` here, with a number added when that exists."""
    if settings.out is not None:
        return settings.out
    name = "embedded" if settings.target_url is None else urlsplit(settings.target_url).netloc.replace(":", "-")
    base = Path("reports") / f"{name}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    return next(
        path for n in range(1, 1000) if not (path := base if n == 1 else base.with_name(f"{base.name}-{n}")).exists()
    )


def _redactor_of(target: Target, desk: Desk, settings: Settings) -> tuple[Redactor, bool]:
    """What takes the secrets of this run out, and whether the key is searched for in answers."""
    credentials = [(name, Secret("HEADER", value)) for name, value in settings.headers]
    for label, key in (("KEY", target.key), ("SECOND", target.operator.restricted_key)):
        if key is not None:
            credentials += [(name, Secret(label, key)) for name in ("Authorization", "x-api-key")]
    ours = (desk.endpoint, desk.model, desk.api_version, *ORDINARY)
    searched = [secret for _, secret in credentials if searchable(secret.value, *ours)]
    found = any(secret.label == "KEY" for secret in searched)
    return Redactor([Secret("TOKEN", desk.wrong), *searched], credentials), found

"""Asking a target what it offers: the inquiries as a plan like any other, and the configuration that follows.

The requests go through planning, scheduler, sender, redaction and journal of a run, under the same pre-flight.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from conformance.contract import Profile, load_profiles
from conformance.evidence.run import PLAIN, Item, Run
from conformance.probing.limits import Limits
from conformance.reporting.clean import clean
from conformance.reporting.diagnosis import Answered, Diagnosis, Offer, Value
from conformance.session.inquiries import MODELS_ID, Inquiry, answered, inquiries, message_shown, output_tokens
from conformance.session.live import Live, open_live
from conformance.session.target import Ungradable, address_of, profile_of
from conformance.settings.options import BY_NAME
from conformance.settings.resolve import Settings, UsageError
from conformance.suite import PLAIN_CONTROL, STREAM_CONTROL
from conformance.wire.reading import Reading

MOST_REQUESTS = 14  #: to one target, repetitions after trouble included
NO_MODELS = "the target lists no models"  #: how a run says that a model must be named, and that it found none
RIDES = "RESP-001"  #: the requirement whose passive item carries the inquiries into the plan


class AskingFailed(Exception):
    """The harness failed while asking: one sentence; exit code 3."""


class Turned(Ungradable):
    """The pre-flight ended the asking; `status` is that of the plain request, None without one."""

    def __init__(self, sentence: str, status: int | None) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass(frozen=True, slots=True)
class Asked:
    """What was recorded, and under which model and API version."""

    run: Run
    model: str
    api_version: str
    gone: bool


def diagnose(settings: Settings, environment: Mapping[str, str] | None = None) -> Diagnosis:
    """Ask the target of these settings what it offers. The journal stays only where `settings.out` names a folder.

    Raises UsageError (code 4), Ungradable (code 6) and AskingFailed (code 3).
    """
    profile = profile_of(settings)
    rows = inquiries(profile)
    try:
        asked = ask(replace(settings, capability=profile.optional, without=()), rows, environment)
    except (UsageError, Ungradable) as error:
        raise _hinted(error, _other_profile(settings, error, environment)) from None
    plain = next(iter(_readings(asked.run, PLAIN)), None)
    answers = tuple(
        answered(row, _readings(asked.run, row.probe.id), plain, asked.run.why_unsent(row.probe.id)) for row in rows
    )
    proposal = proposed(settings, profile, asked, answers)
    records = asked.run.records
    return Diagnosis(
        settings.target_url, profile.name, asked.model, answers, proposal,
        tuple(_notes(profile, asked, answers, proposal)), len(records), sum(output_tokens(r.reading) for r in records),
        not asked.gone,
    )  # fmt: skip


def _readings(run: Run, probe: str) -> tuple[Reading, ...]:
    return tuple(record.reading for record in run.sent(probe))


def ask(settings: Settings, rows: tuple[Inquiry, ...], environment: Mapping[str, str] | None) -> Asked:
    """Send the probes of the inquiries as a run does. Raises as `diagnose` does; a pre-flight that fails is Turned."""
    listing = settings.model is None and settings.target_url is not None  # then the run asks for the models itself
    named = tuple(row.probe.id for row in rows if not (listing and row.probe.id == MODELS_ID))
    probes = {probe.id: probe for probe in (PLAIN_CONTROL, STREAM_CONTROL, *(row.probe for row in rows))}
    with ExitStack() as stack:
        folder = settings.out or Path(stack.enter_context(TemporaryDirectory(prefix="conformance-"))) / "run"
        most = min(settings.max_requests or MOST_REQUESTS, MOST_REQUESTS)
        own = replace(settings, out=folder, max_requests=most, attempts=2, shrink=0, dry_run=False)
        live = open_live(own, [Item(RIDES, "", named)], probes, everything=False, environment=environment)
        return _sent(live)


def _sent(live: Live) -> Asked:
    """Everything that came, once the plan has been sent to its end."""
    refusal = ""
    try:
        live.begin()
        assert live.scheduler is not None
        live.scheduler.wait()
    except Ungradable as error:
        refusal = str(error)
    finally:
        follower = live.finish()
    failure = live.scheduler.error if live.scheduler is not None else None
    if failure is not None:
        raise AskingFailed(f"the harness failed while asking: {clean(live.told(failure))}")
    run = follower.run()
    if refusal:
        plain = _readings(run, PLAIN)
        raise Turned(refusal, plain[-1].exchange.status if plain else None)
    return Asked(run, live.desk.model, live.desk.api_version, live.gone)


# The other profile


def _hinted(error: UsageError | Ungradable, hint: str) -> UsageError | Ungradable:
    sentence = f"{error}{hint}"
    return Turned(sentence, error.status) if isinstance(error, Turned) else type(error)(sentence)


def _other_profile(settings: Settings, error: Exception, environment: Mapping[str, str] | None) -> str:
    """A hint where this path is not known, and the one of another profile is; else ""."""
    unknown = error.status == 404 if isinstance(error, Turned) else NO_MODELS in str(error)
    if not unknown:
        return ""
    for profile in load_profiles().values():
        other = replace(settings, profile=profile.name, capability=(), without=profile.included, out=None)
        if address_of(other) != address_of(settings) and _answers(other, environment):
            return f"; the path of the profile {profile.name} answers there: try --profile {profile.name}"
    return ""


def _answers(other: Settings, environment: Mapping[str, str] | None) -> bool:
    """Whether the path of the other settings is known to the target, to judge by the plain control alone."""
    try:
        plain = _readings(ask(other, (), environment).run, PLAIN)
    except Turned as turned:
        return turned.status is not None and turned.status > 400 and turned.status != 404
    except UsageError as sentence:  # there are several models to choose from
        return NO_MODELS not in str(sentence)
    except (Ungradable, AskingFailed):
        return False
    return any(message_shown(reading) or reading.error for reading in plain)  # a page for people is neither


# What follows


def proposed(settings: Settings, profile: Profile, asked: Asked, answers: tuple[Answered, ...]) -> Mapping[str, Value]:
    """The configuration for this target: what was offered is claimed, what an included capability lacks is not."""
    claimed = [row.name for row in answers if row.outcome is Offer.OFFERED and row.name in profile.optional]
    lacking = [row.name for row in answers if row.outcome is Offer.NOT_OFFERED and row.name in profile.included]
    members: Mapping[str, Value | None] = {
        "target-url": settings.target_url,
        "profile": profile.name,
        "api-version": _version(asked.api_version, _versions(answers)),
        "model": asked.model,
        "capability": claimed or None,
        "without": lacking or None,
        **dict(_access(settings)),
    }
    return {name: value for name, value in members.items() if value is not None}


def _access(settings: Settings) -> Iterator[tuple[str, Value]]:
    """How the target was reached, so that a run reaches it in the same way: names of variables, never their values."""
    if settings.api_key_env != BY_NAME["api-key-env"].default:
        yield "api-key-env", settings.api_key_env
    if settings.credential != BY_NAME["credential"].default:
        yield "credential", settings.credential
    if settings.no_auth:
        yield "no-auth", True
    if settings.ca_bundle is not None:
        yield "ca-bundle", str(settings.ca_bundle)
    usual = asdict(Limits())
    changed = {name.replace("_", "-"): value for name, value in asdict(settings.limits).items() if value != usual[name]}
    if changed:
        yield "limits", changed
    if settings.header_variables:
        yield "headers", dict(settings.header_variables)


def _versions(answers: tuple[Answered, ...]) -> list[str]:
    """The API versions under which the plain request was served."""
    names = (row.name for row in answers if row.outcome is Offer.OFFERED)
    return [name.removeprefix("version ") for name in names if name.startswith("version ")]


def _version(current: str, served: list[str]) -> str:
    return current if current in served or not served else served[0]


def _notes(
    profile: Profile, asked: Asked, answers: tuple[Answered, ...], proposal: Mapping[str, Value]
) -> Iterator[str]:
    """What the table does not say by itself."""
    if answers[0].outcome is not Offer.OFFERED:
        yield "The plain request got no message, so little can be told of the rest; see to that first."
    if proposal["api-version"] != asked.api_version:
        yield (f"The plain request is served under another API version only: ask again with --api-version "
               f"{proposal['api-version']} before you use this.")  # fmt: skip
    unclear = [row.name for row in answers if row.outcome is Offer.UNCLEAR and row.name in profile.capabilities]
    if kept := [name for name in unclear if name in profile.included]:
        yield (f"Unclear, and claimed since the profile includes it: {', '.join(kept)}; --without NAME takes it away.")
    if left := [name for name in unclear if name in profile.optional]:
        yield f"Unclear, and not claimed: {', '.join(left)}; --capability NAME claims it, and a run shows what holds."
    if asked.gone:
        yield "The target stopped serving on the way, so this is not the whole of it; check the server, and ask again."

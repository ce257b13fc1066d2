"""What is tested: a server somebody named, or the embedded reference endpoint."""

import os
import secrets
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from conformance.contract import Profile, load_profiles
from conformance.probing.operator import Operator
from conformance.probing.redaction import SHORTEST
from conformance.probing.render import AddressError, endpoint_url
from conformance.settings.resolve import VARIABLE, Settings, UsageError, checked_key

NOT_ASKED = "not-asked"  #: stands for the model of a dry run that names none
EMBEDDED_WINDOW = 200_000  #: tokens that the context of the embedded model holds
EMBEDDED_BETAS = ("beta-one-2026-01-01", "beta-two-2026-01-01")  #: it accepts any name


class Ungradable(Exception):
    """The target could not be graded: one sentence with the remedy; exit code 6."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where requests go. `key` is None when the target takes none; `close` stops what was started for it."""

    endpoint: str
    key: str | None = field(repr=False)
    model: str | None
    embedded: bool
    close: Callable[[], None]
    verify: ssl.SSLContext | None = None
    operator: Operator = field(default_factory=Operator)


def profile_of(settings: Settings) -> Profile:
    """The profile of a run; UsageError when the API version is none of its."""
    profile = load_profiles()[settings.profile]
    if settings.api_version is not None and settings.api_version not in profile.api_versions:
        known = ", ".join(profile.api_versions)
        raise UsageError(f"--api-version takes one of {known}, not {settings.api_version!r}")
    return profile


def address_of(settings: Settings) -> str | None:
    """The URL of the endpoint, None for the embedded one; UsageError for an address that cannot be used."""
    if settings.target_url is None:
        return None
    try:
        return endpoint_url(settings.target_url, profile_of(settings).path)
    except AddressError as error:
        raise UsageError(str(error)) from None


def capabilities_of(settings: Settings, profile: Profile) -> frozenset[str]:
    """What the target claims; UsageError for a word the profile does not know."""
    for option, words in (("capability", settings.capability), ("without", settings.without)):
        for word in words:
            if word not in profile.capabilities:
                raise UsageError(f"--{option} takes one of {', '.join(profile.capabilities)}, not {word!r}")
    for word in settings.without:
        if word in settings.capability:
            raise UsageError(f"--capability {word} and --without {word} contradict each other; leave one of them out")
    return (frozenset(profile.included) | frozenset(settings.capability)) - frozenset(settings.without)


def open_target(
    settings: Settings, environment: Mapping[str, str] | None = None, faults: tuple[str, ...] = ()
) -> Target:
    """The target of a run, reachable and with its key; the embedded one with these deliberate breaches.

    Raises UsageError (code 4) or Ungradable (code 6).
    """
    _check_names(settings)
    endpoint = address_of(settings)
    if endpoint is None:
        return _embedded(settings, faults)
    if faults:
        raise UsageError("--fault is about the embedded endpoint: give it without a URL")
    verify = _trust(settings)
    variables = os.environ if environment is None else environment
    key, operator = variables.get(settings.api_key_env, ""), operator_of(settings, variables)
    if settings.dry_run:
        given, model = None if settings.no_auth else key.strip() or "not-sent", settings.model or NOT_ASKED
        return Target(endpoint, given, model, False, lambda: None, verify, operator)
    if settings.no_auth:
        return Target(endpoint, None, settings.model, False, lambda: None, verify, operator)
    if not key.strip():
        _try_connection(endpoint, settings.limits.connect)
        raise UsageError(
            f"the environment variable {settings.api_key_env} is not set or empty; put the target's key there, "
            "or say --no-auth if it takes none"
        )
    return Target(
        endpoint, checked_key(key, settings.api_key_env), settings.model, False, lambda: None, verify, operator
    )


def _check_names(settings: Settings) -> None:
    """What is no name of a variable may be a key that was put in the wrong place: it is not repeated."""
    for option, name in (
        ("api-key-env", settings.api_key_env),
        ("restricted-key-env", settings.restricted_key_env),
    ):
        if name is None or VARIABLE.fullmatch(name):
            continue
        raise UsageError(f"--{option} takes the name of an environment variable that holds the key, not the key")


def operator_of(settings: Settings, variables: Mapping[str, str]) -> Operator:
    """What only the operator knows; UsageError for a variable that is named and not set."""
    restricted, name = None, settings.restricted_key_env
    if name is not None:
        restricted = checked_key(variables.get(name, ""), name)
        if not restricted:
            raise UsageError(f"{name}, the environment variable of --restricted-key-env, is not set or empty")
    return Operator(restricted, settings.accepted_betas, settings.context_window, frozenset(settings.include))


def _embedded(settings: Settings, faults: tuple[str, ...] = ()) -> Target:
    """The reference endpoint, started here; what only an operator knows of it is known here too."""
    from conformance.reference import Endpoint  # with all its faults, which a run against somebody's server needs not
    from conformance.reference import Settings as ReferenceSettings

    key, restricted = f"reference-{secrets.token_hex(16)}", f"restricted-{secrets.token_hex(16)}"
    window = settings.context_window or EMBEDDED_WINDOW
    told = ReferenceSettings(
        profile=settings.profile, key=key, restricted_key=restricted, context_window=window, faults=faults
    )
    try:
        endpoint = Endpoint(told)
    except ValueError as error:
        raise UsageError(str(error)) from None
    endpoint.__enter__()
    url = endpoint_url(endpoint.url, profile_of(settings).path)
    model = settings.model or ReferenceSettings().model
    operator = Operator(restricted, settings.accepted_betas or EMBEDDED_BETAS, window, frozenset(settings.include))
    return Target(url, key, model, True, lambda: endpoint.__exit__(None, None, None), operator=operator)


def _trust(settings: Settings) -> ssl.SSLContext | None:
    if settings.ca_bundle is None:
        return None
    try:
        return ssl.create_default_context(cafile=str(settings.ca_bundle))
    except (OSError, ssl.SSLError):
        raise UsageError(f"--ca-bundle {settings.ca_bundle} holds no certificates in PEM format") from None


def _try_connection(endpoint: str, seconds: float) -> None:
    parts = urlsplit(endpoint)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        socket.create_connection((parts.hostname or "", port), timeout=seconds).close()
    except (OSError, ValueError, OverflowError) as error:
        raise Ungradable(f"the target {endpoint} cannot be reached ({error}); check --target-url") from None


def searchable(key: str | None, *others: str) -> bool:
    """Whether the key can be searched for in answers: long enough, and part of nothing else that we send."""
    return key is not None and len(key) >= SHORTEST and not any(key in other for other in others)

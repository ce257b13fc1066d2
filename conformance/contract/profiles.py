"""Profiles: which contract a target is held to, as tables that rules read instead of naming a profile.

Source: `schemas/profiles.yaml`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

from conformance._paths import SCHEMAS
from conformance.contract._reading import ContractError, Entry, frozen, read_yaml


@dataclass(frozen=True, slots=True)
class UsageFields:
    """Where a profile puts its token counts: dotted paths inside `usage`, None where it has no such count."""

    input: str
    output: str
    total: str | None
    cache_read: str | None
    cache_write: str | None
    cache_write_parts: tuple[str, ...]  #: counts that sum to `cache_write`
    reasoning: str | None
    nullable: tuple[str, ...]  #: fields that may be null


@dataclass(frozen=True, slots=True)
class Profile:
    """One contract: its addresses, what it includes, and the words it knows."""

    name: str
    title: str
    path: str  #: of the messages endpoint
    count_tokens_path: str
    models_path: str
    api_version: str  #: the `anthropic-version` sent by default
    api_versions: tuple[str, ...]
    included: tuple[str, ...]  #: capabilities claimed by default
    optional: tuple[str, ...]  #: capabilities a target may claim
    refusals: tuple[int, ...]  #: statuses that refuse an invalid body; the first one is the documented one
    request_id_headers: tuple[str, ...]  #: response headers that may carry the request id, preferred first
    caller_request_id: str | None  #: request header for the caller's own id
    usage: UsageFields
    stop_reasons: tuple[str, ...]
    foreign_stop_reasons: tuple[str, ...]  #: words of other protocols: a breach, never a newer word
    block_types: tuple[str, ...]
    foreign_block_types: tuple[str, ...]
    error_status: Mapping[int, tuple[str, ...]] = field(hash=False)  #: HTTP status -> accepted error types
    error_status_other: tuple[str, ...]  #: accepted error types of statuses not in `error_status`
    error_types: tuple[str, ...]
    foreign_error_types: tuple[str, ...]

    @property
    def capabilities(self) -> tuple[str, ...]:
        """Every capability that can be claimed under this profile."""
        return self.included + self.optional


_LISTS = (
    "api_versions",
    "included",
    "optional",
    "request_id_headers",
    "stop_reasons",
    "foreign_stop_reasons",
    "block_types",
    "foreign_block_types",
    "error_status_other",
    "error_types",
    "foreign_error_types",
)
_PATHS = ("path", "count_tokens_path", "models_path")
_KEYS = frozenset(item.name for item in fields(Profile)) - {"name"}
_USAGE_KEYS = frozenset(item.name for item in fields(UsageFields))


def _usage(entry: Entry) -> UsageFields:
    entry.only(_USAGE_KEYS)
    optional = {key: entry.optional_text(key) for key in ("total", "cache_read", "cache_write", "reasoning")}
    return UsageFields(
        input=entry.text("input"),
        output=entry.text("output"),
        cache_write_parts=entry.texts("cache_write_parts"),
        nullable=entry.texts("nullable"),
        **optional,
    )


def _error_status(entry: Entry) -> Mapping[int, tuple[str, ...]]:
    if not all(type(status) is int and 400 <= status < 600 for status in entry.data):
        raise entry.refusal("needs HTTP error statuses as keys")
    return frozen({status: entry.texts(status) for status in entry.data})


def _consistent(profile: Profile, entry: Entry) -> Profile:
    """Refuse a profile whose tables contradict one another."""
    named = {word for words in profile.error_status.values() for word in words}
    for word in (*sorted(named), *profile.error_status_other):
        if word not in profile.error_types:
            raise entry.refusal(f"gives a status to the unknown error type {word!r}")
    if profile.api_version not in profile.api_versions:
        raise entry.refusal(f"has the unknown default API version {profile.api_version!r}")
    if both := sorted(set(profile.included) & set(profile.optional)):
        raise entry.refusal(f"lists the capability {both[0]!r} as included and as optional")
    if not all(getattr(profile, path).startswith("/") for path in _PATHS):
        raise entry.refusal("has a path that does not begin with '/'")
    return profile


def _profile(name: str, entry: Entry) -> Profile:
    entry.only(_KEYS)
    words: dict[str, Any] = {key: entry.texts(key) for key in _LISTS}
    paths: dict[str, Any] = {key: entry.text(key) for key in _PATHS}
    profile = Profile(
        name=name,
        title=entry.text("title"),
        api_version=entry.text("api_version"),
        refusals=entry.numbers("refusals"),
        caller_request_id=entry.optional_text("caller_request_id"),
        usage=_usage(entry.entry("usage")),
        error_status=_error_status(entry.entry("error_status")),
        **paths,
        **words,
    )
    return _consistent(profile, entry)


def load_profiles(folder: Path | None = None) -> Mapping[str, Profile]:
    """Return the profiles by name, in file order.

    `folder` is a schemas folder (default: the one that travels with the package). Raises ContractError.
    """
    return _profiles_in(folder or SCHEMAS)


@cache  # by the folder itself: named or not, it is read once
def _profiles_in(folder: Path) -> Mapping[str, Profile]:
    file = folder / "profiles.yaml"
    whole = Entry(read_yaml(file), str(file))
    whole.only(("common", "profiles"))
    common = whole.entry("common").data
    found = {}
    for name, own in whole.entry("profiles").data.items():
        entry = Entry(own, f"{file}, profile {name!r},")
        entry.data = {**common, **entry.data}
        found[name] = _profile(name, entry)
    if not found:
        raise ContractError(f"{file} names no profile.")
    return frozen(found)

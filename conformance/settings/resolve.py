"""From command line, environment and configuration file, in this order of precedence, to checked settings."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from conformance.contract import Level
from conformance.probing.limits import Limits, limits_from
from conformance.settings.apart import keep_apart
from conformance.settings.config_file import TABLES, read_config
from conformance.settings.config_file import UsageError as UsageError
from conformance.settings.convert import converted, from_text
from conformance.settings.options import LEAST, MOST, OPTIONS, Option
from conformance.wire.exchange import Headers


@dataclass(frozen=True, slots=True)
class Settings:
    """Checked settings of a run. `target_url` is None for the embedded endpoint; `out` None for the default place."""

    target_url: str | None
    profile: str
    api_version: str | None
    model: str | None
    level: Level
    capability: tuple[str, ...]
    without: tuple[str, ...]
    requirement: tuple[str, ...]
    budget: str
    concurrency: int
    api_key_env: str
    credential: str
    no_auth: bool
    require_target: bool
    out: Path | None
    ca_bundle: Path | None
    dry_run: bool
    fuzz: int
    fuzz_seed: int
    shrink: int
    only_failed: Path | None
    resume: Path | None
    shard: str | None
    max_requests: int | None
    max_output_tokens: int | None
    max_seconds: float | None
    max_cost: float | None
    prices: Path | None
    rate: float | None
    attempts: int
    include: tuple[str, ...]
    restricted_key_env: str | None
    accepted_betas: tuple[str, ...]
    context_window: int | None
    baseline: Path | None
    history: Path | None
    challenge: str | None
    limits: Limits = field(default_factory=Limits)
    headers: Headers = field(default=(), repr=False)  #: extra request headers, values already looked up
    header_variables: Mapping[str, str] = field(default_factory=dict)  #: where each value came from


def resolve(given: Mapping[str, Any], folder: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from parsed options by name (None: not given), the environment and the file in `folder`.

    Raises UsageError.
    """
    environment = os.environ if environment is None else environment
    table = read_config(_config_path(given, environment), folder)
    found = {option.name: _found(option, given, environment, table) for option in OPTIONS}
    tables = {name: table[name] for name in TABLES if name in table}
    keep_apart({name: row[0] for name, row in found.items() if row} | tables, environment)
    values = {option.name: _value(option, found[option.name]) for option in OPTIONS}
    _check(values)
    limits = _limits(table.get("limits", {}), values["timeout"])
    names = {o.name.replace("-", "_"): values[o.name] for o in OPTIONS if o.name not in {"config", "timeout", "level"}}
    settings = Settings(level=Level(values["level"].upper()), **names)
    variables = table.get("headers", {})
    headers = _headers(variables, environment)
    return replace(settings, limits=limits, headers=headers, header_variables=dict(variables))


def _config_path(given: Mapping[str, Any], environment: Mapping[str, str]) -> str | None:
    return given.get("config") or environment.get("CONFORMANCE_CONFIG")


def _found(
    option: Option, given: Mapping[str, Any], environment: Mapping[str, str], table: Mapping[str, Any]
) -> tuple[Any, str] | None:
    """What an option was given, and where; None where it was not."""
    value = given.get(option.name)
    if value is not None and value is not False and value != () and value != []:
        return value, f"--{option.name}"
    if option.variable in environment:
        return from_text(option, environment[option.variable]), option.variable
    if option.name in table:
        return table[option.name], f"{option.name!r} in the configuration file"
    return None


def _value(option: Option, found: tuple[Any, str] | None) -> Any:
    return converted(option, *found) if found else () if option.kind == "many" else option.default


def _check(values: dict[str, Any]) -> None:
    for name, least in LEAST.items():
        if values[name] is not None and not values[name] >= least:
            raise UsageError(f"--{name} must be at least {least:g}, not {values[name]}")
    for name, most in MOST.items():
        if values[name] is not None and values[name] > most:
            raise UsageError(f"--{name} must be at most {most}, not {values[name]}")
    if values["target-url"] is not None and not values["target-url"].strip():
        raise UsageError("--target-url is empty; give the URL of the endpoint, or leave the option out to test the "
                         "embedded reference endpoint")  # fmt: skip
    if values["require-target"] and values["target-url"] is None:
        raise UsageError("no target: --require-target is set, so --target-url URL must be given")
    if values["max-cost"] is not None and values["prices"] is None:
        raise UsageError("--max-cost needs --prices FILE, which says what the tokens of the model cost")
    betas = values["accepted-betas"]
    if betas and (len(set(betas)) < 2 or not all(_TOKEN.fullmatch(name) for name in betas)):
        raise UsageError("--accepted-betas takes two different names or more, of the characters of a header name: "
                         "what is tested is how they are joined")  # fmt: skip
    if values["challenge"] is not None and not _CHALLENGE.fullmatch(values["challenge"]):
        raise UsageError(
            "--challenge takes 8 to 64 letters, digits, dots, hyphens and underscores: it goes into a header"
        )
    if "long-context" in values["include"] and values["context-window"] is None and values["target-url"] is not None:
        raise UsageError(
            "--include long-context needs --context-window, the number of tokens the model's context holds"
        )
    if values["shard"] is not None:
        values["shard"] = "/".join(map(str, shard_of(values["shard"])))
    if values["model"] is not None and not values["model"].isprintable():
        raise UsageError(f"--model {values['model']!r} holds characters that do not print")
    if values["ca-bundle"] is not None and not values["ca-bundle"].is_file():
        raise UsageError(f"--ca-bundle {values['ca-bundle']} is not a file")


def shard_of(text: str) -> tuple[int, int]:
    """The number of a share and how many there are. Raises UsageError."""
    found = _SHARD.fullmatch(text)
    index, count = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= index <= count:
        raise UsageError(f"--shard takes the number of a share and how many there are, such as 1/3, not {text!r}")
    return index, count


def _limits(table: Any, timeout: float | None) -> Limits:
    if not isinstance(table, dict):
        raise UsageError("'limits' in the configuration file must be a table")
    try:
        limits = limits_from(table)
    except ValueError as error:
        raise UsageError(f"in the configuration file: {error}") from None
    return replace(limits, first_byte=timeout) if timeout is not None else limits


VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")  #: what can be the name of an environment variable
#: Headers that a run sends as its requests need them; another value would change what they test.
OWN_HEADERS = frozenset({
    "accept-encoding", "anthropic-version", "authorization", "connection", "content-length", "content-type", "host",
    "transfer-encoding", "x-api-key",
})  # fmt: skip
_SHARD = re.compile(r"([0-9]{1,3})/([0-9]{1,3})")
_CHALLENGE = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  #: a field name, RFC 9110 §5.1


def sendable(value: str) -> bool:
    """Whether a text can be the value of a header: latin-1 without control characters."""
    return all(" " <= char <= "\xff" and char != "\x7f" for char in value)


def checked_key(key: str, variable: str) -> str:
    """The key in a variable, without the space around it. Raises UsageError where no header can carry it."""
    if not key.isascii() or any(c in key for c in "\r\n\0") or not sendable(key.strip()):
        raise UsageError(f"the key in {variable} holds characters that no header can carry")
    return key.strip()


def _headers(table: Any, environment: Mapping[str, str]) -> Headers:
    if not isinstance(table, dict) or not all(isinstance(name, str) for name in table.values()):
        raise UsageError("'headers' in the configuration file maps header names to names of environment variables")
    for header, name in table.items():
        if header.lower() in OWN_HEADERS:
            raise UsageError(f"'headers' in the configuration file may not hold {header}: every request has its own; "
                             "leave it out")  # fmt: skip
        if not VARIABLE.fullmatch(name):  # perhaps the value itself, in the wrong place: it is not repeated
            raise UsageError(f"the header {header} takes the name of an environment variable that holds its value")
        if not environment.get(name):
            raise UsageError(f"{name}, the environment variable that the header {header} is taken from, is not set")
        if not sendable(environment[name]) or not _TOKEN.fullmatch(header):
            raise UsageError(f"the header {header} or its value in {name} holds characters that no header can carry")
    return tuple((header, environment[name]) for header, name in table.items())

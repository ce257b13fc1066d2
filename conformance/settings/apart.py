"""A credential in the wrong place: what an option says stands in the journal, in reports and in names of folders."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import unquote

from conformance.contract import load_profiles
from conformance.probing.redaction import SHORTEST
from conformance.settings.config_file import UsageError
from conformance.settings.options import BY_NAME

#: Options that name the environment variable of a credential.
NAMING = ("api-key-env", "restricted-key-env")
#: Options that name a file whose words go into the journal.
CARRIED = ("baseline", "prices")
LARGEST = 1_000_000  #: bytes of such a file that are looked at


def keep_apart(given: Mapping[str, Any], environment: Mapping[str, str]) -> None:
    """Refuse any value, by the name of its option or table, that holds the value of a credential of the run.

    Neither the fixed words of an option nor what the contract's own path holds is a secret. Raises UsageError.
    """
    names = [BY_NAME["api-key-env"].default, *(given.get(name) for name in NAMING)]
    secrets = {environment.get(name, "").strip().casefold() for name in names if isinstance(name, str)}
    secrets = {secret for secret in secrets if len(secret) >= SHORTEST}
    for place, text in _places(given) if secrets else ():
        if any(secret in text for secret in secrets if not _published(secret)):
            raise UsageError(
                f"{place} holds the value of a credential, which the journal and every report would repeat; give it "
                "without: a key is taken from its environment variable alone"
            )


def _places(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every text that was given, in lower case and with percent-encoding undone, with its place."""
    for name, value in given.items():
        option = BY_NAME.get(name)
        place = f"--{name}" if option else f"{name!r} in the configuration file"
        fixed = option.choices if option else ()
        texts = [text for text in _texts(value) if text not in fixed]
        yield from ((place, word.casefold()) for text in texts for word in (text, unquote(text)))
        if name in CARRIED:
            yield from ((f"the file of {place}", content.casefold()) for text in texts for content in _content(text))


def _texts(value: Any) -> Iterator[str]:
    """Every text in a value; what is no text as it would be shown."""
    parts = [*value, *value.values()] if isinstance(value, Mapping) else value
    if isinstance(parts, list | tuple):
        for part in parts:
            yield from _texts(part)
    else:
        yield str(parts)


def _content(path: str) -> Iterator[str]:
    """The beginning of a file; nothing where it cannot be read, which whoever needs it will tell."""
    with suppress(OSError, ValueError), open(path, "rb") as file:  # noqa: PTH123
        yield file.read(LARGEST).decode("utf-8", "replace")


def _published(secret: str) -> bool:
    return any(secret in profile.path for profile in load_profiles().values())

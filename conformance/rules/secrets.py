"""A credential never comes back (AUTH-009). Rests on the markers that take its place at capture."""

import re
from collections.abc import Iterable, Iterator

from conformance.evidence.run import Terms
from conformance.rules.answers import is_answer
from conformance.rules.findings import Finding, Where, broken, held
from conformance.rules.registry import exchange_rule
from conformance.wire.exchange import Exchange
from conformance.wire.markers import MARKER, joined, parts
from conformance.wire.reading import Reading

_RANDOM_TOKEN = "[TOKEN*"
#: What a marker of a configured header says, the shortest one included.
_HEADERS = frozenset({"HEADER", "HEADE"})


@exchange_rule("AUTH-009")
def no_credential_in_an_answer(reading: Reading, terms: Terms) -> Iterable[Finding]:
    """What was sent is not looked at: only headers, body and surplus bytes of the answer."""
    if not is_answer(reading.exchange):
        return
    found = list(_leaks(reading))
    for where in found:
        yield broken("AUTH-009", "no credential in an answer", "a credential that was sent", where)
    if not found and (terms.secret_searched or _sent_a_random_token(reading.exchange)):
        yield held("AUTH-009")


def _leaks(reading: Reading) -> Iterator[Where]:
    exchange = reading.exchange
    for name, value in exchange.headers:
        if _credential(name) or _credential(value):
            yield Where(header=name)
    if match := _credential(reading.body.decode("latin-1")):
        yield Where(byte=match.start())
    elif (place := _in_parts(reading.body)) is not None:
        yield Where(byte=place)
    if match := _credential(exchange.surplus.decode("latin-1")):
        yield Where(byte=len(exchange.body) + match.start())


def _in_parts(body: bytes) -> int | None:
    """Where a marker begins that came in several deltas or blocks."""
    places = parts(body)
    match = _credential(joined(body, places).decode("latin-1"))
    left = match.start() if match else -1
    for start, end in places:
        if 0 <= left < end - start:
            return start + left
        left -= end - start
    return None


def _credential(text: str) -> re.Match[str] | None:
    """The first marker of a key or token; the value of a configured header may well be echoed."""
    return next((found for found in MARKER.finditer(text) if found.group(1) not in _HEADERS), None)


def _sent_a_random_token(exchange: Exchange) -> bool:
    return any(_RANDOM_TOKEN in value for _, value in exchange.request.headers)

"""Every behaviour of the hostile endpoint, met by both transports: how it ends, which limit fired, what was kept."""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from hostile_certificates import certificate
from hostile_endpoint import Hostile, behaviours

from conformance.evidence.journal import record_from, record_line
from conformance.evidence.run import Record
from conformance.probing.limits import Limits
from conformance.probing.redaction import Redactor, Secret
from conformance.probing.sockets import SocketTransport
from conformance.probing.tally import CODED_STEP, PLAIN_STEP
from conformance.probing.transport import HttpxTransport, Outgoing, Transport
from conformance.wire.content import MAX_DECODED
from conformance.wire.exchange import Ending, Exchange, Limit, Request
from conformance.wire.reading import Reading

KEY = "hostile-key-0123456789"
LIMITS = Limits(
    connect=0.4, first_byte=0.8, between_bytes=0.3, whole=1.2, after_stop=0.2,
    header=30_000, body=200_000, chunks=2_000, lines=8_000, events=2_000,
)  # fmt: skip
KINDS: Mapping[str, Callable[[ssl.SSLContext | None], Transport]] = {
    "httpx": HttpxTransport,
    "socket": SocketTransport,
}


@dataclass(frozen=True, slots=True)
class Ends:
    """How an exchange has to end: by a limit, or as the target ended it; and its status."""

    how: Ending
    limit: Limit | None = None
    status: int | None = 200


def _cut(limit: Limit, status: int | None = 200) -> Ends:
    return Ends(Ending.CUT, limit, status)


WHOLE, NO_HTTP = Ends(Ending.COMPLETE), Ends(Ending.MALFORMED, status=None)
NOTHING, EARLY = Ends(Ending.NO_ANSWER, status=None), Ends(Ending.CLOSED_EARLY)
RESET, GARBLED = Ends(Ending.RESET), Ends(Ending.MALFORMED)
UNREACHED = Ends(Ending.NO_CONNECTION, status=None)
ENDS: dict[str, Ends] = {
    "silent": _cut(Limit.FIRST_BYTE, None),
    "headers-byte-by-byte": _cut(Limit.FIRST_BYTE, None),
    "one-byte-a-minute": _cut(Limit.BETWEEN_BYTES),
    "body-byte-by-byte": _cut(Limit.WHOLE),
    "headers-without-end": _cut(Limit.HEADER, None),
    "header-of-10-mb": _cut(Limit.HEADER, None),
    "headers-by-the-thousand": _cut(Limit.HEADER, 400),
    "body-without-end": _cut(Limit.BODY),
    "chunks-without-end": _cut(Limit.BODY),
    "chunks-of-one-byte": _cut(Limit.CHUNKS),
    "stream-silent": _cut(Limit.BETWEEN_BYTES),
    "stream-of-pings": _cut(Limit.EVENTS),
    "stream-of-slow-pings": _cut(Limit.WHOLE),
    "stream-of-deltas": _cut(Limit.BODY),
    "stream-of-comments": _cut(Limit.EVENTS),
    "stream-of-blank-lines": _cut(Limit.EVENTS),
    "stream-of-one-line": _cut(Limit.BODY),
    "stream-of-data-lines": _cut(Limit.LINES),
    "event-of-100-mb": _cut(Limit.BODY),
    "a-million-events": _cut(Limit.EVENTS),
    "open-after-stop": _cut(Limit.AFTER_STOP),
    "asks-for-time-for-ever": Ends(Ending.COMPLETE, status=429),
    "asks-for-time-every-other-time": Ends(Ending.COMPLETE, status=429),
    "reset-at-once": NOTHING,
    "reset-before-status": NOTHING,
    "reset-in-status-line": NOTHING,
    "reset-in-headers": NOTHING,
    "reset-in-body": RESET,
    "reset-in-stream": RESET,
    "half-close": EARLY,
    "length-negative": NO_HTTP,
    "length-double": NO_HTTP,
    "length-no-number": NO_HTTP,
    "length-of-a-million-digits": _cut(Limit.HEADER, None),
    "length-too-long": EARLY,
    "length-too-short": WHOLE,
    "chunk-too-long": EARLY,
    "chunk-too-short": GARBLED,
    "chunk-size-no-number": GARBLED,
    "chunk-size-beyond-all": GARBLED,
    "chunk-line-without-end": _cut(Limit.HEADER),
    "trailers-without-end": _cut(Limit.HEADER),
    "length-and-chunks": WHOLE,
    "http-0.9": NOTHING,
    "http-2-preface": NO_HTTP,
    "http-2-as-request": NO_HTTP,
    "tls-alert-on-plain-port": NO_HTTP,
    "plain-on-tls-port": UNREACHED,
    "tls-without-handshake": Ends(Ending.NO_CONNECTION, Limit.CONNECT, None),
    "certificate-expired": UNREACHED,
    "certificate-of-another-host": UNREACHED,
    "certificate-of-nobody": UNREACHED,
    "redirect-to-itself": Ends(Ending.COMPLETE, status=307),
    "redirect-elsewhere": Ends(Ending.COMPLETE, status=308),
    "redirect-to-a-file": Ends(Ending.COMPLETE, status=302),
    "redirect-to-nonsense": Ends(Ending.COMPLETE, status=307),
    "redirect-of-50-kb": _cut(Limit.HEADER, 307),
    "continue-storm": _cut(Limit.FIRST_BYTE, None),
    "early-hints-flood": _cut(Limit.FIRST_BYTE, None),
    "switching-protocols": NO_HTTP,
    "204-with-body": Ends(Ending.COMPLETE, status=204),
    "304-with-body": Ends(Ending.COMPLETE, status=304),
    "gzip-bomb": _cut(Limit.BODY),
    "gzip-bomb-of-events": _cut(Limit.EVENTS),
    "gzip-bomb-in-layers": _cut(Limit.BODY),
    "gzip-bomb-in-an-error": _cut(Limit.BODY, 400),
    "json-only-nul": _cut(Limit.BODY),
    "json-deep": _cut(Limit.BODY),
    "json-deep-objects": _cut(Limit.BODY),
    "json-long-integer": _cut(Limit.BODY),
    "json-long-fraction": _cut(Limit.BODY),
    "json-long-exponent": _cut(Limit.BODY),
    "json-duplicate-keys": _cut(Limit.BODY),
    "json-long-key": _cut(Limit.BODY),
    "json-many-blocks": _cut(Limit.BODY),
    "stream-of-open-blocks": _cut(Limit.BODY),
    "stream-of-partial-json": _cut(Limit.BODY),
}
#: What may be seen of the same bytes, by what of them has come when it is looked.
ALSO: dict[str, tuple[Ends, ...]] = {
    "asks-for-time-every-other-time": (WHOLE,),
    "reset-at-once": (UNREACHED,),
    "headers-by-the-thousand": (_cut(Limit.HEADER, None),),
    "redirect-of-50-kb": (_cut(Limit.HEADER, None),),
}


def _meet(
    name: str, kind: str, folder: Path, limits: Limits = LIMITS, verify: ssl.SSLContext | None = None
) -> Exchange:
    behaviour = behaviours()[name]

    async def send(url: str) -> Exchange:
        body = b'{"stream": true}' if behaviour.streams else b'{"max_tokens": 1}'
        headers = (("Content-Type", "application/json"), ("Authorization", f"Bearer {KEY}"))
        request = Request("POST", f"{url}/anthropic/v1/messages", headers, body)
        transport = KINDS[kind](verify)
        try:
            return await transport.send(Outgoing(request), limits)
        finally:
            await transport.close()

    with Hostile(behaviour, folder) as endpoint:
        return asyncio.run(send(endpoint.url))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", behaviours())
def test_each_behaviour_ends_by_the_limit_that_it_goes_beyond(name: str, kind: str, tmp_path: Path) -> None:
    exchange = _meet(name, kind, tmp_path)
    expected = (ENDS.get(name, WHOLE), *ALSO.get(name, ()))
    assert Ends(exchange.end.how, exchange.end.limit, exchange.status) in expected
    assert len(exchange.body) <= LIMITS.body + PLAIN_STEP
    assert len(exchange.chunks) <= LIMITS.chunks + 1
    assert sum(len(name) + len(value) for name, value in exchange.headers) <= LIMITS.header + 2 * 65_536
    kept = record_line(Record(1, "p", 0, 1, Redactor([Secret("KEY", KEY)]).exchange(exchange)))
    _read_through(record_from(kept).exchange)


def _read_through(exchange: Exchange) -> None:
    """Every view of it, none of which may raise, within its bounds."""
    reading = Reading(exchange)
    assert len(reading.body) <= MAX_DECODED
    assert len(reading.events) <= LIMITS.events + PLAIN_STEP + CODED_STEP * 1_100 // 36
    assert isinstance(reading.text, str) and reading.json.faults is not None
    assert reading.walk.state is not None and (reading.accumulated is None or reading.accumulated)


def test_the_table_of_endings_names_behaviours_alone() -> None:
    assert set(ENDS) | set(ALSO) <= set(behaviours())


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("certificate-expired", "certificate has expired"),
        ("certificate-of-another-host", "certificate is not valid for"),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_certificate_is_looked_at_even_where_its_maker_is_trusted(
    name: str, words: str, kind: str, tmp_path: Path
) -> None:
    trusting = ssl.create_default_context(cafile=certificate(tmp_path, behaviours()[name].secure))
    exchange = _meet(name, kind, tmp_path, verify=trusting)
    assert exchange.end.how is Ending.NO_CONNECTION and words in exchange.end.detail


@pytest.mark.parametrize("kind", KINDS)
def test_a_certificate_of_somebody_whom_the_operator_trusts_is_taken(kind: str, tmp_path: Path) -> None:
    trusting = ssl.create_default_context(cafile=certificate(tmp_path, "unknown"))
    assert _meet("certificate-of-nobody", kind, tmp_path, verify=trusting).status == 200


@pytest.mark.parametrize("name", ["redirect-to-itself", "redirect-elsewhere", "redirect-to-a-file"])
def test_a_redirect_is_one_request(name: str, tmp_path: Path) -> None:
    with Hostile(behaviours()[name], tmp_path) as endpoint:
        request = Request("POST", f"{endpoint.url}/v1/messages", (("Authorization", f"Bearer {KEY}"),), b"{}")

        async def send() -> Exchange:
            transport = HttpxTransport()
            try:
                return await transport.send(Outgoing(request), LIMITS)
            finally:
                await transport.close()

        exchange = asyncio.run(send())
        assert len(endpoint.requests) == endpoint.connections == 1 and exchange.header("location")

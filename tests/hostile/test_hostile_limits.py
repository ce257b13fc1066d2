"""Every behaviour of the hostile endpoint, met by both transports: how it ends, which limit fired, what was kept."""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hostile_certificates import certificate
from hostile_endpoint import Hostile, behaviours
from hostile_expected import ALSO, ENDS, MEETINGS, WHOLE, Ends

from conformance.evidence.journal import record_from, record_line
from conformance.evidence.run import Record
from conformance.probing.limits import Limits
from conformance.probing.redaction import Redactor, Secret
from conformance.probing.sockets import SocketTransport
from conformance.probing.tally import CODED_STEP, PLAIN_STEP
from conformance.probing.transport import HttpxTransport, Outgoing, Transport
from conformance.wire.content import MAX_DECODED
from conformance.wire.exchange import Ending, Exchange, Request
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


def test_the_tables_of_what_is_expected_name_behaviours_alone_and_each_has_a_meeting() -> None:
    assert set(ENDS) | set(ALSO) <= set(behaviours()) == set(MEETINGS)


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

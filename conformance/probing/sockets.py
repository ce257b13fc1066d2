"""The socket transport: for requests that httpx refuses to send and answers whose surplus bytes it would hide.

It writes a request at once and reads while it does: whoever refuses a chunked body on seeing its headers may be gone
before the last chunk is written, and httpx would lose the answer.

The request line and headers are written exactly as given. h11 reads the answer; what follows the end that the framing
announces (a body after HEAD or 204, bytes behind the declared length) is kept in `Exchange.surplus`.
"""

import asyncio
import ssl
from contextlib import suppress
from urllib.parse import urlsplit

import h11

from conformance.probing.limits import Limits
from conformance.probing.transport import TOO_LONG, Cut, Outgoing, Tape, trusted, within
from conformance.wire.exchange import End, Ending, Exchange, Limit, Request

_SURPLUS_WAIT = 0.5  #: seconds to wait for bytes behind the end of an answer, the connection being asked to close
_READ = 65536


class SocketTransport:
    """One connection for each request, closed after it."""

    def __init__(self, verify: ssl.SSLContext | None = None) -> None:
        self._verify = verify or trusted()

    async def send(self, outgoing: Outgoing, limits: Limits) -> Exchange:
        """See `Transport.send`."""
        tape = Tape(outgoing, limits)
        writer = None
        try:
            reader, writer = await asyncio.wait_for(self._open(outgoing.request.url), limits.connect)
            writer.write(request_bytes(outgoing.request, outgoing.chunk_at))
            with suppress(ConnectionError):  # whoever has closed already may have answered
                await within(tape, writer.drain())
            await _read(reader, tape)
        except Cut as cut:
            return tape.exchange(cut.end)
        except h11.RemoteProtocolError as error:
            return tape.exchange(protocol_end(error, tape))
        except OSError as error:
            return tape.exchange(_broken_off(error, tape, connected=writer is not None))
        finally:
            if writer is not None:
                writer.transport.abort()  # a close would wait for a target that reads nothing any more
        return tape.exchange(End(Ending.COMPLETE))

    async def close(self) -> None:
        """Nothing is kept open; connections let go of their sockets in the next turn of the loop."""
        await asyncio.sleep(0)

    async def _open(self, url: str) -> tuple["_Reader", asyncio.StreamWriter]:
        loop, reader, parts = asyncio.get_running_loop(), _Reader(), urlsplit(url)
        secure = parts.scheme == "https"
        transport, protocol = await loop.create_connection(
            lambda: asyncio.StreamReaderProtocol(reader),
            parts.hostname or "",
            parts.port or (443 if secure else 80),
            ssl=self._verify if secure else None,
        )
        return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


class _Reader(asyncio.StreamReader):
    """Gives what came before the connection broke, and the error behind it."""

    broken: Exception | None = None

    def set_exception(self, exc: Exception) -> None:
        self.broken = exc
        self.feed_eof()

    async def next(self) -> bytes:
        """What came, or b"" at the end; OSError where that is none."""
        data = await self.read(_READ)
        if not data and self.broken is not None:
            raise self.broken
        return data


def request_bytes(request: Request, chunk_at: int = 0) -> bytes:
    """The request as it goes over the wire, headers untouched; asks for the connection to be closed.

    With `chunk_at` the body is in two chunks, the first of so many bytes; the headers have to say so.
    """
    parts = urlsplit(request.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [f"{request.method} {target} HTTP/1.1", f"Host: {parts.netloc}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in request.headers]
    if not chunk_at and (request.body or request.method in {"POST", "PUT", "PATCH"}):
        lines.append(f"Content-Length: {len(request.body)}")
    body = _chunked(request.body, chunk_at) if chunk_at else request.body
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def _chunked(body: bytes, at: int) -> bytes:
    return b"".join(f"{len(part):x}\r\n".encode() + part + b"\r\n" for part in (body[:at], body[at:], b""))


async def _read(reader: _Reader, tape: Tape) -> None:
    parser = parser_for(tape)
    while not heard(parser, tape):
        parser.receive_data(await within(tape, reader.next()))
    tape.surplus = parser.trailing_data[0] + await _rest(reader)


def parser_for(tape: Tape) -> h11.Connection:
    """What reads the answer to the request of a tape."""
    parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=tape.limits.header)
    parser.send(h11.Request(method=tape.outgoing.request.method, target="/", headers=[("Host", "x")]))
    parser.send(h11.EndOfMessage())
    return parser


def heard(parser: h11.Connection, tape: Tape) -> bool:
    """Put what the parser was given on the tape; whether the answer has ended.

    Raises `Cut` and h11.RemoteProtocolError.
    """
    while True:
        event = parser.next_event()
        if event is h11.NEED_DATA:
            return False
        if isinstance(event, h11.Response):
            headers = tuple((n.decode("latin-1"), v.decode("latin-1")) for n, v in event.headers.raw_items())
            tape.answer(event.status_code, headers, event.http_version.decode("ascii"))
        elif isinstance(event, h11.Data):
            tape.add(bytes(event.data))
        elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed):
            return True


async def _rest(reader: _Reader) -> bytes:
    try:
        return await asyncio.wait_for(reader.next(), _SURPLUS_WAIT)
    except (TimeoutError, OSError):
        return b""


def _broken_off(error: OSError, tape: Tape, connected: bool) -> End:
    how = Ending.RESET if tape.status else Ending.NO_ANSWER if connected else Ending.NO_CONNECTION
    limit = Limit.CONNECT if isinstance(error, TimeoutError) and not connected else None
    return End(how, limit, f"{type(error).__name__}: {error}")


def protocol_end(error: h11.RemoteProtocolError, tape: Tape) -> End:
    """How an exchange ended whose answer h11 does not read to its end."""
    words = str(error)
    if TOO_LONG in words:
        return End(Ending.CUT, Limit.HEADER)
    if any(word in words for word in ("without sending complete", "unexpectedly", "ConnectionClosed")):
        return End(Ending.CLOSED_EARLY if tape.status else Ending.NO_ANSWER, None, words)
    return End(Ending.MALFORMED, None, words)

"""What is not HTTP, frames that lie, protocols in each other's place, and redirects."""

from hostile_endpoint import Asked, Line, behaves
from loopback import chunk, message, response

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
#: A fatal alert, as a TLS server answers to what is no handshake.
ALERT = b"\x15\x03\x03\x00\x02\x02\x46"
#: What an HTTP/2 server says first: an empty SETTINGS frame.
SETTINGS = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def _with_length(*lengths: bytes, body: bytes = b"{}") -> bytes:
    return HEAD + b"".join(b"content-length: " + length + b"\r\n" for length in lengths) + b"\r\n" + body


def _answer_once(line: Line, data: bytes) -> None:
    """Write it, end our direction and wait until the client has gone."""
    line.send(data)
    line.half_close()
    line.wait()


@behaves("length-negative")
def _negative(line: Line, asked: Asked) -> None:
    _answer_once(line, _with_length(b"-2"))


@behaves("length-double")
def _double(line: Line, asked: Asked) -> None:
    _answer_once(line, _with_length(b"2", b"3"))


@behaves("length-no-number")
def _no_number(line: Line, asked: Asked) -> None:
    _answer_once(line, _with_length(b"two"))


@behaves("length-of-a-million-digits")
def _long_length(line: Line, asked: Asked) -> None:
    _answer_once(line, _with_length(b"9" * 1_000_000))


@behaves("length-too-long")
def _too_long(line: Line, asked: Asked) -> None:
    _answer_once(line, _with_length(b"100000"))


@behaves("length-too-short")
def _too_short(line: Line, asked: Asked) -> None:
    _answer_once(line, _with_length(b"1", body=b"{} and more that nobody announced"))


def _chunked(*pieces: bytes) -> bytes:
    return HEAD + b"transfer-encoding: chunked\r\n\r\n" + b"".join(pieces)


@behaves("chunk-too-long")
def _chunk_too_long(line: Line, asked: Asked) -> None:
    _answer_once(line, _chunked(b"ffff\r\n{}"))


@behaves("chunk-too-short")
def _chunk_too_short(line: Line, asked: Asked) -> None:
    _answer_once(line, _chunked(b"1\r\n{}\r\n", chunk(b"")))


@behaves("chunk-size-no-number")
def _chunk_size(line: Line, asked: Asked) -> None:
    _answer_once(line, _chunked(b"-2\r\n{}\r\n", chunk(b"")))


@behaves("chunk-size-beyond-all")
def _chunk_size_large(line: Line, asked: Asked) -> None:
    _answer_once(line, _chunked(b"F" * 30 + b"\r\n{}\r\n", chunk(b"")))


@behaves("chunk-line-without-end")
def _chunk_line(line: Line, asked: Asked) -> None:
    line.send(_chunked(chunk(b"{}"), b"2;x="))
    line.endless(b"a" * 65_536)


@behaves("trailers-without-end")
def _trailers(line: Line, asked: Asked) -> None:
    line.send(_chunked(chunk(b"{}"), b"0\r\n"))
    line.endless(b"x-more: and more of it\r\n" * 1_000)


@behaves("length-and-chunks")
def _both(line: Line, asked: Asked) -> None:
    _answer_once(line, HEAD + b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n" + chunk(b"{}") + chunk(b""))


@behaves("http-0.9")
def _http_09(line: Line, asked: Asked) -> None:
    _answer_once(line, b'{"type": "message"}')


@behaves("http-2-preface")
def _http_2(line: Line, asked: Asked) -> None:
    _answer_once(line, SETTINGS)


@behaves("http-2-as-request")
def _http_2_request(line: Line, asked: Asked) -> None:
    _answer_once(line, PREFACE + SETTINGS)


@behaves("tls-alert-on-plain-port", unasked=True)
def _tls_alert(line: Line, asked: Asked) -> None:
    _answer_once(line, ALERT)


@behaves("plain-on-tls-port", unasked=True, secure="plain")
def _plain(line: Line, asked: Asked) -> None:
    _answer_once(line, message())


@behaves("tls-without-handshake", unasked=True, secure="plain")
def _no_handshake(line: Line, asked: Asked) -> None:
    while True:
        line.wait()


@behaves("certificate-expired", secure="expired")
def _expired(line: Line, asked: Asked) -> None:
    line.send(message())


@behaves("certificate-of-another-host", secure="foreign")
def _foreign(line: Line, asked: Asked) -> None:
    line.send(message())


@behaves("certificate-of-nobody", secure="unknown")
def _unknown(line: Line, asked: Asked) -> None:
    line.send(message())


@behaves("redirect-to-itself")
def _to_itself(line: Line, asked: Asked) -> None:
    path = asked.head.split(b" ")[1].decode("latin-1")
    line.send(response(b"", 307, location=path))


@behaves("redirect-elsewhere")
def _elsewhere(line: Line, asked: Asked) -> None:
    line.send(response(b"", 308, location="http://192.0.2.1/anthropic/v1/messages"))


@behaves("redirect-to-a-file")
def _to_a_file(line: Line, asked: Asked) -> None:
    line.send(response(b"", 302, location="file:///etc/passwd"))


@behaves("redirect-to-nonsense")
def _to_nonsense(line: Line, asked: Asked) -> None:
    line.send(response(b"", 307, location="http://[::1:99999999999/\u00ff"))


@behaves("redirect-of-50-kb")
def _to_far_away(line: Line, asked: Asked) -> None:
    line.send(response(b"", 307, location="/" + "a" * 50_000))


@behaves("continue-storm")
def _continue(line: Line, asked: Asked) -> None:
    line.endless(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)


@behaves("early-hints-flood")
def _hints(line: Line, asked: Asked) -> None:
    line.endless(b"HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n" * 100)


@behaves("switching-protocols")
def _switching(line: Line, asked: Asked) -> None:
    line.send(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n" + SETTINGS)
    line.wait()


@behaves("204-with-body")
def _no_content(line: Line, asked: Asked) -> None:
    line.send(response(b'{"a": 1}', 204))


@behaves("304-with-body")
def _not_modified(line: Line, asked: Asked) -> None:
    line.send(response(b'{"a": 1}', 304))

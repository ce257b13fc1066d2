"""A recorded request as one `curl` command that runs as printed in a POSIX shell.

Credentials were taken out at capture; their markers become environment variables. What the shell or an argument
cannot hold is read from a file written beside the report.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import urlsplit

from conformance.wire.exchange import Request
from conformance.wire.jsontext import parse
from conformance.wire.markers import MARKER

LONGEST_INLINE = 8 * 1024  #: bytes of a body that is still printed in the command
NO_FILE = "body.bin"  #: the name printed for a body that needs a file when none was given
_EXPECTS_CONTINUE = 1024  #: bytes; above it some releases of curl send `Expect: 100-continue`

#: Headers that the harness always sends with these values, and that are shown only when they differ.
UNREMARKABLE: Mapping[str, str] = MappingProxyType(
    {"user-agent": "messages-conformance", "accept-encoding": "identity", "accept": "*/*"}
)

#: What a CI service would read as a command to itself; two quotes in the middle change nothing for a shell.
_COMMAND = re.compile(r"(#|\n[ \t]*)(#\w*\[|::)")
_WRONG_TOKEN = "ct-wrong-token-"
_PLAIN_WORD = re.compile(r"[A-Za-z0-9_./:=@%+,-]+")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Names:
    """The environment variables that stand for credentials: the key's, and by header name those of extra headers."""

    key: str = "CONFORMANCE_API_KEY"
    headers: Mapping[str, str] = field(default_factory=dict)
    header: str = "CONFORMANCE_HEADER"  #: for a marked header that `headers` does not know
    second: str = "CONFORMANCE_SECOND_KEY"  #: the operator's second key

    def variable(self, label: str, header: str) -> str:
        """The variable for a marker with this label (KEY, SECOND, HEADER) in the named header ("" for the URL)."""
        known = {name.lower(): variable for name, variable in self.headers.items()}
        keys = {"KEY": self.key, "SECOND": self.second, "SECON": self.second}
        name = keys.get(label) or known.get(header.lower(), self.header)
        return name if _NAME.fullmatch(name) else self.header


DEFAULT_NAMES = Names()


def needs_file(body: bytes) -> bool:
    """Whether a body cannot be an argument: too long, not UTF-8, or with characters that do not print."""
    if len(body) > LONGEST_INLINE:
        return True
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return True
    return not all(char.isprintable() or char == "\n" for char in text)


def curl(request: Request, body_file: str | None = None, names: Names = DEFAULT_NAMES) -> str:
    """The command, one option per line; `body_file` is the file with the body as it is to be printed."""
    options = (*_switches(request), *_headers(request, names), *_data(request, body_file))
    return " \\\n  ".join(("curl -sS " + ("-I" if request.method == "HEAD" else "-i"), *options, _url(request, names)))


def _switches(request: Request) -> Iterator[str]:
    implied = "POST" if _has_data(request) else "GET"
    if request.method not in {"HEAD", implied}:
        yield f"-X {word(request.method)}"
    if _streams(request.body):
        yield "--http1.1 -N"
    if "/." in urlsplit(request.url).path:
        yield "--path-as-is"
    if set(request.url) & set("[]{}"):
        yield "-g"  # curl would take brackets and braces for a pattern


def _streams(body: bytes) -> bool:
    value = parse(body).value
    return isinstance(value, dict) and value.get("stream") is True


def _has_data(request: Request) -> bool:
    """Whether a body, be it empty, is sent: without one curl announces no length for a POST."""
    return request.method == "POST" or (bool(request.body) and request.method != "HEAD")


def _headers(request: Request, names: Names) -> Iterator[str]:
    for name, value in request.headers:
        if UNREMARKABLE.get(name.lower()) != value:
            yield f"-H {_header(name, value, names)}"
    sent = {name.lower() for name, _ in request.headers}
    yield from (f"-H '{name}:'" for name in _unwanted(request) if name.lower() not in sent)


def _unwanted(request: Request) -> Iterator[str]:
    """What curl adds by itself."""
    yield from ("Accept", "User-Agent")
    if _has_data(request):
        yield "Content-Type"
        if len(request.body) > _EXPECTS_CONTINUE:
            yield "Expect"


def _header(name: str, value: str, names: Names) -> str:
    """The argument of -H. Headers were read as latin-1 and are written back as the same bytes."""
    if not value.strip(" \t"):
        return word(f"{name};", "latin-1")  # to curl a name with an empty value means: do not send it
    return _with_variables(f"{name}: {value}", name, names, "latin-1")


def _url(request: Request, names: Names) -> str:
    return _with_variables(request.url, "", names, "utf-8")


def _with_variables(text: str, header: str, names: Names, encoding: str) -> str:
    """The text as one word in which each marker is a variable, or for a wrong token a literal of its length."""
    text = re.sub(r"\[TOKEN\*+\]", lambda found: _wrong_token(len(found.group())), text)
    parts, last = [], 0
    for found in MARKER.finditer(text):
        parts += [_quoted(text[last : found.start()], encoding), f'"${names.variable(found.group(1), header)}"']
        last = found.end()
    return "".join((*parts, _quoted(text[last:], encoding))) or "''"


def _wrong_token(length: int) -> str:
    return _WRONG_TOKEN.ljust(length, "0")


def _data(request: Request, body_file: str | None) -> Iterator[str]:
    if not _has_data(request):
        return
    if body_file is not None or needs_file(request.body):
        yield f"--data-binary {word('@' + (body_file or NO_FILE))}"
    else:
        yield f"--data-raw {_quoted(request.body.decode()) or chr(39) * 2}"


def word(text: str, encoding: str = "utf-8") -> str:
    """The text as one word of a shell command, quoted where it has to be."""
    if _PLAIN_WORD.fullmatch(text):
        return text
    return _quoted(text, encoding) or "''"


def _quoted(text: str, encoding: str = "utf-8") -> str:
    """The text in single quotes, or built by printf when it holds what cannot be shown; "" for an empty text."""
    if not text:
        return ""
    showable = all(char.isprintable() or char == "\n" for char in text)
    if showable and (text.isascii() or encoding == "utf-8"):
        return "'" + _COMMAND.sub(r"\1''\2", text.replace("'", "'\\''")) + "'"
    return f"\"$(printf '{''.join(map(_octal, _bytes(text, encoding)))}')\""


def _bytes(text: str, encoding: str) -> bytes:
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _octal(byte: int) -> str:
    char = chr(byte)
    return char if char.isascii() and (char.isalnum() or char in " :;/=.,_") else f"\\{byte:03o}"

"""A credential goes to the target that was named: not where that points to, nor where the environment does."""

import ast
import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from loopback import Loopback, Received, message, response

import conformance
from conformance.cli import main
from conformance.evidence.run import Item
from conformance.probing.limits import Limits
from conformance.probing.sockets import SocketTransport
from conformance.probing.transport import HttpxTransport, Outgoing, Transport
from conformance.session.closing import close_run
from conformance.session.live import open_live
from conformance.session.target import Ungradable
from conformance.settings.resolve import resolve
from conformance.suite import PLAIN_CONTROL, STREAM_CONTROL
from conformance.verdicts import Exit
from conformance.wire.exchange import Ending, Exchange, Request

KEY = "sk-stays-at-home-0123456789"
ENVIRONMENT = {"CONFORMANCE_API_KEY": KEY}
LIMITS = Limits(connect=5, first_byte=5, between_bytes=5, whole=10, after_stop=1)
REDIRECTS = (301, 302, 303, 307, 308)
TRANSPORTS: tuple[type[HttpxTransport] | type[SocketTransport], ...] = (HttpxTransport, SocketTransport)


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """A place that listens and is never connected to."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(BlockingIOError):
            listener.accept()


def _request(url: str) -> Outgoing:
    return Outgoing(Request("POST", f"{url}/v1/messages", (("Authorization", f"Bearer {KEY}"),), b"{}"))


async def _sent(transport: Transport, url: str) -> Exchange:
    try:
        return await transport.send(_request(url), LIMITS)
    finally:
        await transport.close()


def _exchange(
    kind: type[HttpxTransport] | type[SocketTransport], url: str, verify: ssl.SSLContext | None = None
) -> Exchange:
    return asyncio.run(_sent(kind(verify), url))


def _redirecting(status: int, place: str) -> Loopback:
    return Loopback(lambda request, number: [response(b"{}", status, location=place)])


@pytest.mark.parametrize("kind", TRANSPORTS)
@pytest.mark.parametrize("status", REDIRECTS)
@pytest.mark.parametrize(
    "place", ["{elsewhere}/v1/messages", "//{host}/v1/messages", "/v1/messages", "file:///etc/passwd"]
)
def test_a_redirect_is_recorded_and_not_followed(
    kind: type[HttpxTransport] | type[SocketTransport], status: int, place: str, elsewhere: str
) -> None:
    place = place.format(elsewhere=elsewhere, host=elsewhere.removeprefix("http://"))
    with _redirecting(status, place) as target:
        exchange = _exchange(kind, target.url)
        assert len(target.received) == 1
    assert (exchange.status, exchange.header("location"), exchange.end.how) == (status, place, Ending.COMPLETE)


@pytest.mark.parametrize("status", REDIRECTS)
@pytest.mark.parametrize("served", [0, 1], ids=["from the first", "later"])
def test_a_run_follows_no_redirect(status: int, served: int, elsewhere: str, tmp_path: Path) -> None:
    def answer(request: Received, number: int) -> list[bytes]:
        return [message() if number < served else response(b"{}", status, location=f"{elsewhere}/v1/messages")]

    ungradable = ""
    with Loopback(answer) as target:
        given = {"target-url": target.url, "model": "m-1", "out": str(tmp_path / "run")}
        probes = {probe.id: probe for probe in (PLAIN_CONTROL, STREAM_CONTROL)}
        item = Item("RESP-003", "", ("plain", "stream"))
        live = open_live(resolve(given, tmp_path, {}), [item], probes, False, ENVIRONMENT)
        try:
            live.begin()
            assert live.scheduler is not None
            live.scheduler.wait()
        except Ungradable as error:
            ungradable = str(error)
        closing = close_run(live, 0, ungradable, reports=False)
        assert len(target.received) == len(closing.graded.run.records)
    if not served:
        assert closing.code is Exit.UNGRADABLE and "redirect" in ungradable
    assert status in {record.exchange.status for record in closing.graded.run.records}


@pytest.mark.parametrize("words", [(), ("--model", "m-1")], ids=["list of models", "plain request"])
def test_asking_what_a_target_offers_follows_no_redirect(
    words: tuple[str, ...], elsewhere: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONFORMANCE_API_KEY", KEY)
    with _redirecting(307, elsewhere) as target:
        result = CliRunner().invoke(main, ["doctor", target.url, *words])
        assert target.received
    assert result.exit_code in {Exit.USAGE, Exit.UNGRADABLE}


PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


@pytest.mark.parametrize("kind", TRANSPORTS)
@pytest.mark.parametrize("variable", PROXIES)
def test_no_proxy_of_the_environment_is_used(
    kind: type[HttpxTransport] | type[SocketTransport], variable: str, elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (*PROXIES, "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, elsewhere)
    with Loopback(lambda request, number: [message()]) as target:
        assert _exchange(kind, target.url).status == 200
        assert len(target.received) == 1


def test_a_netrc_file_adds_no_credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login someone password something-else\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with Loopback(lambda request, number: [message()]) as target:
        _exchange(HttpxTransport, target.url)
        assert target.received[0].head.lower().count(b"authorization") == 1 and KEY.encode() in target.received[0].head


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that no authority has signed, and its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "nobody")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - timedelta(days=1),
                                   now + timedelta(days=1))  # fmt: skip
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False)
    made = made.add_extension(x509.BasicConstraints(True, None), True)
    (folder / "cert.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return folder / "cert.pem", folder / "key.pem"


@contextmanager
def _secure(folder: Path) -> Iterator[tuple[str, Path, list[bytes]]]:
    """A TLS server with such a certificate: its URL, the certificate, and all that was said to it."""
    certificate, key = _certificate(folder)
    context, heard = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), list[bytes]()
    context.load_cert_chain(certificate, key)

    def serve() -> None:
        connection, _ = listener.accept()
        with suppress(OSError), context.wrap_socket(connection, server_side=True) as secured:
            said = secured.recv(65536)
            heard.append(said)
            while said and not heard[0].endswith(b"\r\n\r\n{}"):  # closing on what is unread resets the connection
                said = secured.recv(65536)
                heard[0] += said
            secured.sendall(message(connection="close"))
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}", certificate, heard
        thread.join()


@pytest.mark.parametrize("kind", TRANSPORTS)
def test_a_certificate_that_nobody_vouches_for_is_told_no_key(
    kind: type[HttpxTransport] | type[SocketTransport], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _secure(tmp_path) as (url, certificate, heard):
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))  # only --ca-bundle says whom to trust
        exchange = _exchange(kind, url)
    assert exchange.end.how is Ending.NO_CONNECTION and "CERTIFICATE_VERIFY_FAILED" in exchange.end.detail
    assert heard == []


@pytest.mark.parametrize("kind", TRANSPORTS)
def test_a_certificate_that_the_operator_vouches_for_is(
    kind: type[HttpxTransport] | type[SocketTransport], tmp_path: Path
) -> None:
    with _secure(tmp_path) as (url, certificate, heard):
        exchange = _exchange(kind, url, ssl.create_default_context(cafile=str(certificate)))
    assert exchange.status == 200 and KEY.encode() in heard[0]


#: Who may start a process, and by what: our own command once more, and for `conformance clients` its clients and what
#: installs them, whose environments are tried in tests/clients. Nothing else is started.
STARTING: Mapping[str, str] = {
    "cli/repeat.py": "subprocess",
    "clients/driving.py": "subprocess",
    "clients/environments.py": "subprocess",
    "load/crowd.py": "subprocess",
    "proof/pool.py": "multiprocessing",
}
_STARTERS = frozenset({"subprocess", "multiprocessing", "pty", "popen2", "sh", "plumbum"})
_CALLS = frozenset({"system", "popen", "fork", "forkpty", "posix_spawn", "posix_spawnp", "startfile"})


def _starters(path: Path) -> Iterator[str]:
    """What a module takes that can start a process."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os":
            names = [node.attr] if node.attr in _CALLS or node.attr.startswith(("exec", "spawn")) else []
            yield from names
        yield from (name.split(".")[0] for name in names if name.split(".")[0] in _STARTERS)


def test_only_our_own_command_and_clients_are_started() -> None:
    package = Path(conformance.__file__).parent
    found = {(path.relative_to(package).as_posix(), word) for path in package.rglob("*.py") for word in _starters(path)}
    assert ("cli/repeat.py", "subprocess") in found and found <= set(STARTING.items())

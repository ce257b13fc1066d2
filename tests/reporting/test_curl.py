"""The printed command, run by a real shell with a `curl` that writes down its arguments."""

import os
import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from reporting_runs import PLAIN_BODY, URL, request

from conformance.probing.render import USER_AGENT
from conformance.reporting.curl import LONGEST_INLINE, NO_FILE, UNREMARKABLE, Names, curl, needs_file
from conformance.wire.exchange import Request
from conformance.wire.markers import marker

Shell = Callable[..., list[bytes]]
KEY = "k'e\"y $HOME `x` \\ !"


@pytest.fixture
def arguments(tmp_path: Path) -> Shell:
    """A function that runs a command in `sh` and returns the arguments curl was given, as bytes."""
    fake = tmp_path / "bin" / "curl"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\nfor word do printf '%s\\0' \"$word\"; done\n")
    fake.chmod(0o755)

    def run(command: str, **variables: str) -> list[bytes]:
        path = f"{fake.parent}{os.pathsep}{os.environ['PATH']}"
        environment = {"PATH": path, "CONFORMANCE_API_KEY": KEY, **variables}
        done = subprocess.run(["sh", "-c", command], env=environment, capture_output=True, check=True)
        assert done.stderr == b""
        return done.stdout.split(b"\0")[:-1]

    return run


def headers_of(words: list[bytes]) -> list[bytes]:
    return [value for flag, value in pairwise(words) if flag == b"-H"]


def test_a_plain_request(arguments: Shell) -> None:
    command = curl(request())
    assert command == (
        "curl -sS -i \\\n"
        "  -H 'Accept: application/json' \\\n"
        "  -H 'anthropic-version: 2023-06-01' \\\n"
        "  -H 'Content-Type: application/json' \\\n"
        "  -H 'Authorization: Bearer '\"$CONFORMANCE_API_KEY\" \\\n"
        '  --data-raw \'{"model":"m","max_tokens":32}\' \\\n'
        f"  '{URL}'"
    )
    assert arguments(command) == [
        *(b"-sS", b"-i", b"-H", b"Accept: application/json", b"-H", b"anthropic-version: 2023-06-01"),
        *(b"-H", b"Content-Type: application/json", b"-H", b"Authorization: Bearer " + KEY.encode()),
        *(b"--data-raw", PLAIN_BODY, URL.encode()),
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"it's 'quoted'",
        b"'",
        b"two\nlines\n\n",
        b'say "hi" $HOME `id` $(id) \\ \\n !! !x * ? ~ # & ; | < >',
        "ünï 文字 \U0001f600".encode(),
        b"@/etc/hostname",
        b"-x",
        b"%s %d \\051",
        bytes(range(32, 127)),
        b"",
    ],
)
def test_a_printable_body_arrives_byte_for_byte(arguments: Shell, body: bytes) -> None:
    words = arguments(curl(request(body)))
    assert words[words.index(b"--data-raw") + 1] == body


@pytest.mark.parametrize(
    "body",
    [b"\xff", b"a\0b", b"\x1b[31m", b"\r\n", b"\t", "\u202e".encode(), b"\x7f", b"x" * (LONGEST_INLINE + 1)],
)
def test_a_body_no_shell_can_hold_comes_from_a_file(arguments: Shell, body: bytes) -> None:
    assert needs_file(body)
    words = arguments(curl(request(body), "it's/a folder/exchange-1.bin"))
    assert words[words.index(b"--data-binary") + 1] == b"@it's/a folder/exchange-1.bin"
    assert f"--data-binary @{NO_FILE}" in curl(request(body))


def test_a_body_at_the_limit_is_still_printed() -> None:
    assert not needs_file(b"x" * LONGEST_INLINE)


def test_every_byte_of_a_header_value_arrives(arguments: Shell) -> None:
    value = bytes(range(1, 256)).decode("latin-1")
    command = curl(request(x_odd=value))
    assert command.isascii()
    assert "\x1b" not in command
    assert b"x-odd: " + bytes(range(1, 256)) in headers_of(arguments(command))


def test_what_curl_would_add_is_taken_away(arguments: Shell) -> None:
    words = headers_of(arguments(curl(request(accept=None, content_type=None, user_agent=None))))
    assert words[-3:] == [b"Accept:", b"User-Agent:", b"Content-Type:"]
    bare = headers_of(arguments(curl(request(b"x" * 2000))))
    assert bare[-1] == b"Expect:"


def test_usual_headers_are_left_out_and_unusual_ones_are_kept() -> None:
    assert UNREMARKABLE["user-agent"] == USER_AGENT
    command = curl(request(user_agent="other/1", accept_encoding="gzip"))
    assert "-H 'User-Agent: other/1'" in command
    assert "-H 'Accept-Encoding: gzip'" in command


def test_an_empty_header_is_sent_and_not_removed(arguments: Shell) -> None:
    assert b"x-empty;" in headers_of(arguments(curl(request(x_empty=""))))


def test_a_trailing_space_and_a_scheme_alone_are_kept(arguments: Shell) -> None:
    assert b"Authorization: Bearer " in headers_of(arguments(curl(request(authorization="Bearer "))))
    assert b"Authorization: Bearer" in headers_of(arguments(curl(request(authorization="Bearer"))))


def test_a_key_in_both_places(arguments: Shell) -> None:
    command = curl(request(x_api_key=marker("KEY", 20)), names=Names(key="MY_KEY"))
    words = headers_of(arguments(command, MY_KEY="secret"))
    assert b"Authorization: Bearer secret" in words
    assert b"x-api-key: secret" in words


def test_a_wrong_token_is_a_literal_of_its_length(arguments: Shell) -> None:
    words = headers_of(arguments(curl(request(authorization=f"Bearer {marker('TOKEN', 24)}"))))
    assert words[-1] == b"Authorization: Bearer ct-wrong-token-000000000"
    assert len(words[-1]) == len("Authorization: Bearer ") + 24


def test_an_extra_header_has_the_variable_that_is_known_for_it(arguments: Shell) -> None:
    asked = request(x_team=marker("HEADER", 12), x_other=marker("HEADER", 12))
    command = curl(asked, names=Names(headers={"X-Team": "TEAM_TOKEN"}))
    words = headers_of(arguments(command, TEAM_TOKEN="t", CONFORMANCE_HEADER="h"))
    assert words[-2:] == [b"x-team: t", b"x-other: h"]


def test_a_name_that_is_no_variable_is_never_put_into_the_command() -> None:
    command = curl(request(), names=Names(key='X";id;"'))
    assert '"$CONFORMANCE_HEADER"' in command
    assert "id" not in command


def test_a_marker_in_the_url_and_glob_characters_and_dots(arguments: Shell) -> None:
    words = arguments(curl(request(url=f"{URL}/../x?k={marker('KEY', 9)}&a[]={{b}}")))
    assert words[-1] == f"{URL}/../x?k={KEY}&a[]={{b}}".encode()
    assert b"-g" in words
    assert b"--path-as-is" in words


def test_a_marker_in_a_body_stays_as_it_was_sent(arguments: Shell) -> None:
    assert b"[KEY***]" in arguments(curl(request(b"[KEY***]")))


@pytest.mark.parametrize(("body", "streams"), [(b'{"stream":true}', True), (b'{"stream":1}', False), (b"[", False)])
def test_a_stream_is_not_buffered(arguments: Shell, body: bytes, streams: bool) -> None:
    words = arguments(curl(request(body)))
    assert (b"-N" in words, b"--http1.1" in words) == (streams, streams)


@pytest.mark.parametrize(
    ("method", "body", "expected"),
    [
        ("GET", b"", []),
        ("GET", b"{}", [b"-X", b"GET"]),
        ("PUT", b"{}", [b"-X", b"PUT"]),
        ("DELETE", b"", [b"-X", b"DELETE"]),
        ("POST", b"", []),
        ("ODD METHOD", b"", [b"-X", b"ODD METHOD"]),
    ],
)
def test_the_method(arguments: Shell, method: str, body: bytes, expected: list[bytes]) -> None:
    words = arguments(curl(request(body, method)))
    assert [word for word in words if word in {b"-X", method.encode()}] == expected
    assert (b"--data-raw" in words) == (bool(body) or method == "POST")


def test_head_asks_for_headers_alone(arguments: Shell) -> None:
    words = arguments(curl(request(b"", "HEAD")))
    assert words[:2] == [b"-sS", b"-I"]
    assert not {b"-X", b"--data-raw", b"-i"} & set(words)


def test_an_empty_request_has_a_command(arguments: Shell) -> None:
    assert arguments(curl(Request("GET", "", (), b"")))[-1] == b""

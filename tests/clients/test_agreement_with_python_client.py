"""The table of needs beside the official Python client that is installed: on the same bytes they say the same.

The bytes come through a mock transport; nothing is sent. The client's version decides which column of the table it is
held against: 1.0 and later are "Python 2" (what they raise on is the same), those before are "Python 0.75".
"""

import importlib.util
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import anthropic
import httpx2
import pytest
from client_samples import FAULTY, FINE, JSON_SAMPLES, PLAIN_CALL, Sample, exchange
from pydantic import BaseModel

import conformance.rules.expectations  # noqa: F401  (it must come before the modules that register kinds)
from conformance.probing.probe import Call
from conformance.probing.render import Desk
from conformance.rules.client_needs import missed, status_error
from conformance.rules.client_views import Client, View
from conformance.wire.reading import Reading

INSTALLED = Client.PYTHON if int(anthropic.__version__.partition(".")[0]) >= 1 else Client.PYTHON_LEGACY
STREAMS = FINE | FAULTY

#: The caller, not the client, falls over the missing content here: with another exception than among blocks.
OTHERWISE = {"start content null and no blocks": "TypeError"}

#: The client remarks on values of a wrong type before it raises or goes on.
pytestmark = pytest.mark.filterwarnings("ignore:Pydantic serializer warnings:UserWarning")

Handler = Callable[[httpx2.Request], httpx2.Response]


@contextmanager
def client(answer: Handler) -> Iterator[anthropic.Anthropic]:
    with (
        httpx2.Client(transport=httpx2.MockTransport(answer)) as http,
        anthropic.Anthropic(api_key="k" * 24, base_url="http://127.0.0.1:1", http_client=http, max_retries=0) as made,
    ):
        yield made


def plain_call(made: anthropic.Anthropic) -> Any:
    return made.messages.create(**PLAIN_CALL)


def streamed_call(made: anthropic.Anthropic) -> Any:
    with made.messages.stream(**PLAIN_CALL) as stream:
        return stream.get_final_message()


def raised(call: Callable[[anthropic.Anthropic], Any], answer: Handler) -> BaseException | None:
    """What the client or its caller raises until the content was walked."""
    with client(answer) as made:
        try:
            for block in call(made).content:
                assert block.type is None or isinstance(block, BaseModel)
        except Exception as error:
            return error
    return None


def served(sample: Sample, **headers: str) -> Handler:
    label = {"content-type": sample.content_type} if sample.content_type else {}
    return lambda _: httpx2.Response(200, headers=label | headers, content=sample.body)


def agree(name: str, sample: Sample, stream: bool) -> None:
    error = raised(streamed_call if stream else plain_call, served(sample))
    found = missed(View(Reading(exchange(sample, stream)), INSTALLED))
    assert (error is not None) == (found is not None), (error, found)
    if error is not None and found is not None:
        expected = OTHERWISE.get(name, found[0].raises[INSTALLED])
        assert expected in {kind.__name__ for kind in type(error).__mro__}, (error, found)


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_raises_where_the_table_says_so(name: str) -> None:
    agree(name, STREAMS[name], stream=True)


@pytest.mark.parametrize("name", JSON_SAMPLES)
def test_a_plain_call_raises_where_the_table_says_so(name: str) -> None:
    agree(name, JSON_SAMPLES[name], stream=False)


def test_bytes_that_belie_their_coding_raise() -> None:
    error = raised(plain_call, served(JSON_SAMPLES["message"], **{"content-encoding": "gzip"}))
    assert type(error).__name__ in {"DecodingError", "APIConnectionError"}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 418, 422, 429, 500, 502, 503, 504, 529])
def test_the_exceptions_by_status(status: int) -> None:
    error = raised(plain_call, lambda _: httpx2.Response(status, json={}))
    assert status_error(status) in {kind.__name__ for kind in type(error).__mro__}


def test_no_answer_is_a_connection_error() -> None:
    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused", request=request)

    assert type(raised(plain_call, refuse)).__name__ == status_error(None)


def suite() -> ModuleType:
    path = Path(__file__).parents[2] / "suites" / "test_clients.py"
    spec = importlib.util.spec_from_file_location("suite_test_clients", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sent_by_client(call: Callable[[anthropic.Anthropic], Any]) -> httpx2.Request:
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(500)

    raised(call, answer)
    return seen[0]


#: They differ from machine to machine (codings by the libraries there are), from version to version, or are the
#: transport's own.
OWN = {"host", "connection", "content-length", "user-agent", "x-stainless-package-version", "x-stainless-os"}
OWN |= {"x-stainless-arch", "x-stainless-runtime-version", "accept-encoding"}


def sent_by_suite(case: str) -> tuple[dict[str, str], dict[str, Any]]:
    """The headers and the body of the request that a case of the suite stands for."""
    generation = "current" if INSTALLED is Client.PYTHON else "legacy"
    declared = suite().test_the_official_clients_complete_their_calls.__conformance__
    item = next(item for item in declared.items if item.case == f"{generation}_{case}")
    (call,) = declared.probes[item.probes[0]].calls
    assert isinstance(call, Call)
    desk = Desk("http://127.0.0.1:1/v1/messages", "2023-06-01", "m-1", "k" * 24, "w" * 24, "n")
    request = desk.outgoing(call).request
    return {name.lower(): value for name, value in request.headers}, json.loads(request.body)


@pytest.mark.parametrize(("case", "call"), [("plain", plain_call), ("tool", plain_call), ("stream", streamed_call)])
def test_the_suite_sends_what_the_client_sends(case: str, call: Callable[[anthropic.Anthropic], Any]) -> None:
    request = sent_by_client(call)
    headers, body = sent_by_suite(case)
    ours, theirs = (
        {name: value for name, value in rows.items() if name not in OWN} for rows in (headers, request.headers)
    )
    assert ours == theirs
    assert headers["user-agent"].partition(" ")[0].startswith("Anthropic/Python")
    assert body.get("stream") == json.loads(request.content).get("stream")

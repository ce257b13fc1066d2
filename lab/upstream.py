"""A small chat-completions server with a plain, obedient model, to stand behind gateways that translate.

Standard library only, loopback only. It speaks the OpenAI format: JSON and server-sent events, usage, tool calls,
stop sequences, limits. Tokens are short runs of letters, single marks and spaces.

    python lab/upstream.py --port 0      prints its base address on the first line

`--fault NAME` gives its streams a habit of real servers (`lab/upstream_faults.py`); `--list-faults` tells them.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import secrets
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from obedient import called, pieces, spoken, text_of
from upstream_faults import FAULTS, Cut, changed, listed

MODEL = "obedient"
KEY_VARIABLE = "LAB_UPSTREAM_KEY"
ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
STOPS_AT_MOST = 4
Answer = tuple[list[dict[str, Any]], str, dict[str, int]]  # deltas in order, finish reason, usage of the whole


class Refusal(Exception):
    """A request the server turns down: HTTP status, the error type and a message."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status, self.kind = status, kind


def limited(text: str, limit: int | None, stops: list[str]) -> tuple[list[str], str]:
    """The tokens that leave the server and the finish reason; the earliest stop sequence is cut off."""
    found = [at for at in (text.find(stop) for stop in stops) if at >= 0]
    tokens = pieces(text[: min(found)] if found else text)
    if limit is not None and len(tokens) > limit:
        return tokens[:limit], "length"
    return tokens, "stop"


def prompt_tokens(body: dict[str, Any]) -> int:
    """Tokens of all messages and tools, three more per message for its frame."""
    messages = body["messages"]
    texts = [text_of(message) + json.dumps(message.get("tool_calls") or "") for message in messages]
    return 3 * len(messages) + sum(len(pieces(text)) for text in [*texts, json.dumps(body.get("tools") or "")])


def checked(body: Any) -> dict[str, Any]:
    """The body when the server accepts it; raises Refusal for what the chat-completions format forbids."""
    if not isinstance(body, dict):
        raise Refusal(400, "invalid_request_error", "the body must be a JSON object")
    messages, limit = body.get("messages"), limit_of(body)
    listed = isinstance(messages, list) and messages
    stop, tools = body.get("stop") or [], body.get("tools") or []
    faults = {
        "model must be a string": not isinstance(body.get("model"), str),
        "messages must be a non-empty array": not listed,
        "each message needs a known role": listed
        and not all(isinstance(m, dict) and m.get("role") in ROLES for m in messages or ()),
        "max_tokens must be an integer of at least 1": limit is not None and (type(limit) is not int or limit < 1),
        "stream must be a boolean": not isinstance(body.get("stream") or False, bool),
        "stop must be a string or up to four of them": not isinstance(stop, str)
        and (len(stop) > STOPS_AT_MOST or not all(isinstance(text, str) and text for text in stop)),
        "each tool needs a name": not all(TOOL_NAME.fullmatch(tool["function"]["name"]) for tool in tools),
        "temperature must be between 0 and 2": not 0 <= (body.get("temperature") or 0) <= 2,
        "top_p must be between 0 and 1": not 0 <= (body.get("top_p") or 0) <= 1,
    }
    if wrong := next((text for text, holds in faults.items() if holds), None):
        raise Refusal(400, "invalid_request_error", wrong)
    if body["model"] != MODEL:
        raise Refusal(404, "invalid_request_error", f"the model {body['model']!r} does not exist")
    return body


def limit_of(body: dict[str, Any]) -> Any:
    """The output limit in tokens under either of its names, or None."""
    return body.get("max_completion_tokens", body.get("max_tokens"))


def answered(body: dict[str, Any]) -> Answer:
    """The deltas of the answer in order, the finish reason and the usage of the whole."""
    limit, used = limit_of(body), 0
    deltas: list[dict[str, Any]] = []
    if calls := called(body):
        finish = "tool_calls"
        for index, (name, arguments) in enumerate(calls):
            tokens, cut = limited(arguments, None if limit is None else max(limit - used, 0), [])
            finish, used = ("length" if cut == "length" else finish), used + len(tokens)
            opening = {"index": index, "id": f"call_{secrets.token_hex(12)}", "type": "function"}
            deltas.append({"tool_calls": [opening | {"function": {"name": name, "arguments": ""}}]})
            deltas += [{"tool_calls": [{"index": index, "function": {"arguments": t}}]} for t in tokens]
    else:
        stop = body.get("stop") or []
        tokens, finish = limited(spoken(body["messages"]), limit, [stop] if isinstance(stop, str) else stop)
        deltas, used = [{"content": token} for token in tokens], len(tokens)
    sent = prompt_tokens(body)
    return deltas, finish, {"prompt_tokens": sent, "completion_tokens": used, "total_tokens": sent + used}


def added_up(deltas: list[dict[str, Any]]) -> dict[str, Any]:
    """The message that a list of deltas adds up to."""
    calls: list[dict[str, Any]] = []
    for part in (delta["tool_calls"][0] for delta in deltas if "tool_calls" in delta):
        if "id" in part:
            calls.append({k: v for k, v in part.items() if k != "index"} | {"function": dict(part["function"])})
        else:
            calls[part["index"]]["function"]["arguments"] += part["function"]["arguments"]
    text = "".join(delta.get("content", "") for delta in deltas)
    return {"role": "assistant", "content": None if calls else text} | ({"tool_calls": calls} if calls else {})


def chunks(answer: Answer, with_usage: bool) -> Iterator[dict[str, Any]]:
    """The chunks of a streamed answer, the usage last where it was asked for."""
    deltas, finish, usage = answer
    head = head_of("chat.completion.chunk")
    for delta in [{"role": "assistant", "content": ""}, *deltas]:
        yield head | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    yield head | {"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]}
    if with_usage:
        yield head | {"choices": [], "usage": usage}


def head_of(kind: str) -> dict[str, Any]:
    """The members every answer and chunk begins with."""
    ident = f"chatcmpl-{secrets.token_hex(12)}"
    return {"id": ident, "object": kind, "created": int(time.time()), "model": MODEL}


class Handler(BaseHTTPRequestHandler):
    """``POST …/chat/completions`` and ``GET /health``."""

    protocol_version = "HTTP/1.1"
    faults: tuple[str, ...] = ()

    def do_GET(self) -> None:
        """Tell that the server is up."""
        self.reply(200 if self.path == "/health" else 404, {})

    def do_POST(self) -> None:
        """Answer a chat-completions request, streamed or whole."""
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        try:
            body = self.accepted(raw)
            answer = answered(body)
        except Refusal as refusal:
            self.refuse(refusal)
        except (ValueError, TypeError, KeyError, AttributeError, IndexError) as wrong:
            self.refuse(Refusal(400, "invalid_request_error", f"the body cannot be read: {wrong!r}"))
        else:
            self.stream(answer, body) if body.get("stream") else self.whole(answer)

    def whole(self, answer: Answer) -> None:
        """Send an answer as one JSON document."""
        deltas, finish, usage = answer
        choice = {"index": 0, "message": added_up(deltas), "finish_reason": finish}
        self.reply(200, head_of("chat.completion") | {"choices": [choice], "usage": usage})

    def refuse(self, refusal: Refusal) -> None:
        """Send a refusal in the error format."""
        error = {"message": str(refusal), "type": refusal.kind, "param": None, "code": None}
        self.reply(refusal.status, {"error": error})

    def accepted(self, raw: bytes) -> dict[str, Any]:
        """The checked body of a request; raises Refusal for a wrong path, key or body."""
        key = os.environ.get(KEY_VARIABLE)
        if not self.path.endswith("/chat/completions"):
            raise Refusal(404, "invalid_request_error", f"no such path: {self.path}")
        if key and self.headers.get("authorization") != f"Bearer {key}":
            raise Refusal(401, "invalid_request_error", "incorrect API key provided")
        return checked(json.loads(raw))

    def reply(self, status: int, content: dict[str, Any]) -> None:
        """Send one JSON document."""
        data = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def stream(self, answer: Answer, body: dict[str, Any]) -> None:
        """Send the chunks as server-sent events; a client that goes away ends the stream."""
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        with_usage = bool((body.get("stream_options") or {}).get("include_usage"))
        try:
            for chunk in changed(chunks(answer, with_usage), self.faults):
                self.event(json.dumps(chunk))
            self.event("[DONE]")
            self.wfile.write(b"0\r\n\r\n")
        except (OSError, Cut):
            self.close_connection = True

    def event(self, data: str) -> None:
        """Send one event as a chunk of the transfer coding."""
        sent = f"data: {data}\n\n".encode()
        self.wfile.write(f"{len(sent):x}\r\n".encode() + sent + b"\r\n")

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent: the harness keeps its own journal."""


def main() -> None:
    """Serve on loopback until the process is ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--fault", action="append", default=[], choices=sorted(FAULTS), help="repeatable")
    parser.add_argument("--list-faults", action="store_true", help="tell the faults, and end")
    given = parser.parse_args()
    if given.list_faults:
        print(listed())
        return
    Handler.faults = tuple(given.fault)
    server = ThreadingHTTPServer(("127.0.0.1", given.port), Handler)
    server.daemon_threads = True
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":
    main()

"""Decoding and grading one long stream, beside what others do with the same bytes.

Usage: python benchmarks/throughput.py [--deltas N] [--repeat N] [--write]

The contenders take turns on the same pieces of the body, as a socket gives them; a figure is the median of its turns.
`--write` puts the table into docs/performance.md.
"""

import argparse
import gc
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from statistics import median

import anthropic
import httpx
import httpx2
from _page import measured, write_section
from _streams import KINDS, body, chunks
from httpx_sse import EventSource

from conformance.contract import load_catalogue, load_profiles
from conformance.evidence.run import Record, Terms
from conformance.rules.all import load_rules
from conformance.rules.traffic import exchange_findings
from conformance.wire.exchange import Chunk, End, Ending, Exchange, Request

#: What the profile showed before and after, kept by hand: both were measured with this script, minutes apart.
BEFORE = (
    "",
    "Before the profile was acted on, the harness took 14.5, 14.9 and 14.9 times as long as httpx-sse (text, "
    "tool, thinking), and 0.9, 0.9 and 1.2 times as long as the SDK. What the profile showed, and what became of "
    "it: the data of every event was parsed twice, by a JSON reader made anew each time (now once, by one that is "
    "kept, and looked at more closely only where that one stumbles); a breach was made for every clause that "
    "held; every line went through the machine for odd lines, though nearly all events have one name and one line "
    "of data; and objects held for each event kept the garbage collector at work.",
)
HEADING = "Throughput on a long stream"
HEADERS = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache", "request-id": "req_01"}
ASKED = {"model": "reference-1", "max_tokens": 32_000, "stream": True, "messages": [{"role": "user", "content": "Go."}]}
TOOL = {"name": "note", "description": "Takes a note.", "input_schema": {"type": "object", "properties": {}}}

Pieces = list[bytes]


def split(pieces: Pieces) -> int:
    """The bytes cut at blank lines, and nothing more: what nobody can do without."""
    rest, found = b"", 0
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n\n")
        found += len(whole)
    return found


def plain_client(pieces: Pieces) -> int:
    """httpx-sse, and the data of every event as JSON."""
    source = EventSource(httpx.Response(200, headers=HEADERS, content=iter(pieces)))
    return sum("type" in json.loads(event.data) for event in source.iter_sse())


def official_sdk(pieces: Pieces) -> int:
    """The official SDK's stream helper, read to the message that it accumulates."""
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, headers=HEADERS, content=_Pieces(pieces)))
    with (
        httpx2.Client(transport=transport) as http,
        anthropic.Anthropic(api_key="k", base_url="http://127.0.0.1:1", http_client=http, max_retries=0) as client,
        client.messages.stream(
            model="reference-1", max_tokens=32_000, messages=[{"role": "user", "content": "Go."}]
        ) as stream,
    ):
        return len(stream.get_final_message().content)


class _Pieces(httpx2.SyncByteStream):
    def __init__(self, pieces: Pieces) -> None:
        self.pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.pieces)


@dataclass(frozen=True, slots=True)
class Harness:
    """Everything that the harness asks of one exchange: the bytes decoded, and every rule about an exchange and its
    message."""

    terms: Terms

    def __call__(self, pieces: Pieces) -> int:
        sent = json.dumps(ASKED | {"tools": [TOOL]}).encode()
        headers = (("content-type", "application/json"), ("accept-encoding", "identity"))
        asked = Request("POST", "http://127.0.0.1:1/anthropic/v1/messages", headers, sent)
        came = tuple(Chunk(number / 1000, piece) for number, piece in enumerate(pieces))
        exchange = Exchange(asked, 200, tuple(HEADERS.items()), came, End(Ending.COMPLETE), 0.0, 0.1, 20.0)
        return sum(1 for _ in exchange_findings(Record(1, "stream", 0, 1, exchange), self.terms))


OURS = "conformance: decoded, every rule"
PLAIN, SDK, BARE = "httpx-sse and json.loads", "anthropic, stream helper", "bytes split at blank lines"


def contenders() -> Mapping[str, Callable[[Pieces], int]]:
    """Who takes part, by name."""
    load_rules()
    profile = load_profiles()["myrouter"]
    terms = Terms(profile, load_catalogue(), profile.api_version, "reference-1", frozenset(profile.included))
    return {BARE: split, PLAIN: plain_client, SDK: official_sdk, OURS: Harness(terms)}


def times(pieces: Pieces, repeat: int) -> dict[str, float]:
    """The median seconds of each contender, who take turns."""
    found: dict[str, list[float]] = {name: [] for name in contenders()}
    for _ in range(repeat):
        for name, run in contenders().items():
            gc.collect()
            began = time.perf_counter()
            run(pieces)
            found[name].append(time.perf_counter() - began)
    return {name: median(rows) for name, rows in found.items()}


def table(found: Mapping[str, Mapping[str, float]], size: Mapping[str, int], deltas: int) -> list[str]:
    """Rows of seconds for each kind of stream, with what the harness is held to."""
    lines = [
        "| stream | bytes | contender | seconds | µs a delta | MB/s | × httpx-sse | × SDK |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for kind, rows in found.items():
        lines += [
            f"| {kind} | {size[kind]:,} | {name} | {taken:.3f} | {taken / deltas * 1e6:.1f} "
            f"| {size[kind] / taken / 1e6:.1f} | {taken / rows[PLAIN]:.2f} | {taken / rows[SDK]:.2f} |"
            for name, taken in rows.items()
        ]
    return lines


def main() -> None:
    """Measure, print, and write if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--deltas", type=int, default=20_000)
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    bodies = {kind: body(kind, given.deltas) for kind in KINDS}
    found = {kind: times(chunks(data), given.repeat) for kind, data in bodies.items()}
    lines = table(found, {kind: len(data) for kind, data in bodies.items()}, given.deltas)
    print("\n".join(lines))
    if given.write:
        write_section(HEADING, about(given.deltas, given.repeat), [*lines, *BEFORE])


def about(deltas: int, repeat: int) -> str:
    """What the table rests on."""
    versions = f"httpx-sse with httpx {httpx.__version__}, anthropic {anthropic.__version__}"
    return (
        f"{measured('throughput.py --write')}; {versions}. One stream of {deltas:,} deltas in pieces of up to 64 KiB, "
        f"medians of {repeat} turns. Bounds: 5 × httpx-sse with `json.loads`, 1 × the SDK's stream helper. The SDK "
        "reads the arguments of a tool anew with every delta, so that its time there grows with the square of them."
    )


if __name__ == "__main__":
    main()

"""What is free, and the variations that take the freedom: variations of one factor exclude one another.

The order is that in which they act at one seam: what is said before how it is written, and that before how it is cut
and sent.
"""

from collections.abc import Mapping

FACTORS: Mapping[str, tuple[str, ...]] = {
    # what is asked and answered
    "forced tools": ("forced-thinking-refused",),
    "sampling": ("sampling-refused-by-name",),
    "integers": ("integral-float-refused",),
    "prefill": ("silence-after-prefill", "prefill-refused", "space-after-prefill"),
    "model": ("uncooperative",),
    "stop reasons": ("refusal", "unknown-stop-reason"),
    "adaptive thinking": ("adaptive-without-thinking",),
    "thinking": ("redacted-thinking", "all-thinking-redacted"),
    "tiny limits": ("tiny-limit-spent-thinking", "one-token-unsaid"),
    "talk beside calls": ("talk-before-call",),
    "tool results": ("silence-after-tool-result",),
    "counting": ("input-counted-larger",),
    "output at the start": ("output-0-at-start", "output-88-at-start"),
    "cache": ("input-all-cached", "input-mostly-cached", "input-cache-written"),
    # the message and its events
    "model name": ("model-snapshot",),
    "message ids": ("other-ids",),
    "text": ("text-divided",),
    "usage": ("both-namings", "usage-minimal", "usage-complete"),
    "stop_sequence": ("stop-sequence-untold",),
    "unknown blocks": ("unknown-block-first",),
    "unknown last blocks": ("unknown-block-last",),
    "fallback": ("fallback-block",),
    "unknown fields": ("unknown-fields",),
    "newer fields": ("newer-keys",),
    "server tools": ("content-in-message-start",),
    "arguments": ("arguments-indented",),
    "deltas of arguments": ("json-delta-at-once", "json-delta-without-empty"),
    "cut calls": ("cut-inside-call",),
    "size of deltas": ("empty-deltas", "one-delta", "character-deltas"),
    "usage of message_delta": ("delta-usage-without-input", "delta-usage-bare"),
    "message_delta": ("several-message-deltas",),
    "unknown deltas": ("unknown-delta",),
    "fields of events": ("unknown-event-fields",),
    "unknown events": ("unknown-events",),
    "pings": ("pings-everywhere", "ping-before-message-delta", "pings-never"),
    "fields of pings": ("pings-with-fields",),
    # errors
    "methods": ("methods-hidden",),
    "media type of a request": ("media-type-400",),
    "error types": ("unknown-error-type",),
    "error texts": ("errors-terse", "errors-in-german"),
    "details of errors": ("error-details",),
    "request ids in errors": ("error-request-id-untold",),
    # how a stream is written
    "JSON of a stream": ("data-escaped", "data-keys-reversed"),
    "white space": ("data-padded",),
    "data lines": ("several-data-lines",),
    "order of lines": ("data-before-event",),
    "colons": ("no-space-after-colon",),
    "blank lines": ("blank-lines",),
    "comments": ("comments",),
    "unknown lines": ("unknown-sse-fields",),
    "ids": ("ids-and-retry", "ids-without-value"),
    "line ends": ("lines-end-in-cr", "lines-end-in-crlf", "lines-end-mixed"),
    "events in a chunk": ("line-chunks", "pair-chunks"),
    "chunks": ("one-byte-chunks", "odd-chunks", "one-chunk"),
    # how an answer is written
    "edge limits": ("edge-limit-page",),
    "edge timeouts": ("edge-timeout-page",),
    "patience": ("now-and-then-429", "now-and-then-429-by-date", "now-and-then-529"),
    "request ids": ("other-request-ids", "request-id-of-a-router"),
    "JSON of an answer": ("json-pretty", "json-escaped", "json-keys-reversed"),
    "end of JSON": ("json-line-end",),
    "charset of streams": ("stream-without-charset", "stream-charset-capital"),
    "charset of JSON": ("json-with-charset",),
    "coding of JSON": ("compressed", "deflated"),
    "coding of streams": ("compressed-stream",),
    "framing of JSON": ("json-chunked", "json-in-pieces"),
    "proxies": ("further-headers",),
    "headers of sites": ("headers-of-a-site",),
    "limits told": ("token-limits-told", "limits-untold"),
    # bytes and time
    "end of a stream": ("stream-until-closed",),
    "trailers": ("trailers",),
    "sizes of chunks": ("chunk-sizes-padded",),
    "extensions of chunks": ("chunk-extensions",),
    "header names": ("header-names-capital", "header-names-shout"),
    "header values": ("header-values-padded", "header-values-bare"),
    "connections": ("connection-closed",),
    "status line": ("reason-missing",),
    "interim responses": ("early-hints",),
    "pace of starts": ("slow-starts",),
    "pace of streams": ("slow-streams",),
}

FACTOR_OF: Mapping[str, str] = {name: factor for factor, names in FACTORS.items() for name in names}
"""The factor of each variation, by its id, in the order in which they act."""

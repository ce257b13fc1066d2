"""Which answers say something about the request, which only about the moment. Source: DESIGN "What makes a verdict
trustworthy", contract.md §1 "Verdicts"."""

from conformance.wire.exchange import Ending, Exchange, Limit

#: Transient: a closed list of statuses; retried, recorded, and never a verdict by themselves.
TRANSIENT_STATUSES = frozenset({408, 429, 503, 504, 529})
#: Of these no number of repetitions makes an answer: the target asks for patience.
PATIENCE_STATUSES = frozenset({429, 529})
#: Client errors that say nothing about the body: credentials, payment, quota, absent model or path, timing.
UNRELATED_STATUSES = frozenset({401, 402, 403, 404, 407}) | TRANSIENT_STATUSES
#: Where the plain control is not accepted at that time either, these are about the time; 409 tells of a conflict.
MOMENTARY_STATUSES = UNRELATED_STATUSES | {409}
#: An edge in front of the endpoint may answer with these itself, and not in JSON (contract.md §6).
EDGE_STATUSES = frozenset({413, 502, 504})
#: A failure of the server on a valid request, asked for once more before it is judged.
ASK_AGAIN_STATUSES = frozenset({500, 502})


def trouble(exchange: Exchange) -> str:
    """A word for what kept a request from being answered, or "" when it was answered."""
    if exchange.status is not None and exchange.status in TRANSIENT_STATUSES:
        return f"status {exchange.status}"
    if exchange.status is None and exchange.end.how is Ending.CUT:
        limit = exchange.end.limit or Limit.WHOLE
        return f"cut by our limit {limit.value}"
    if exchange.status is None and exchange.end.how not in {Ending.HUNG_UP, Ending.MALFORMED}:
        return exchange.end.how.value
    return ""


def is_garbled(exchange: Exchange) -> bool:
    """Whether what came instead of a status line is not HTTP."""
    return exchange.status is None and exchange.end.how is Ending.MALFORMED


def is_transient(exchange: Exchange) -> bool:
    """Whether the answer belongs to the closed list of transient ones."""
    return bool(trouble(exchange))


def is_served(exchange: Exchange) -> bool:
    """Whether the request was accepted."""
    return exchange.status == 200


def is_client_error(exchange: Exchange) -> bool:
    """Status 4xx."""
    return exchange.status is not None and 400 <= exchange.status < 500


def is_server_error(exchange: Exchange) -> bool:
    """Status 5xx."""
    return exchange.status is not None and exchange.status >= 500

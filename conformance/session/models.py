"""The list of models that a target offers, and the model that a run asks for when none was named."""

import asyncio

from conformance.evidence.run import Record
from conformance.probing.preflight import preflight_refusal
from conformance.probing.probe import Call
from conformance.probing.render import Desk
from conformance.probing.transport import HttpxTransport
from conformance.rules.outcome import trouble
from conformance.session.target import Target, Ungradable
from conformance.settings.resolve import Settings, UsageError
from conformance.wire.exchange import Exchange


def ask_models(desk: Desk, settings: Settings, target: Target) -> Exchange:
    """The answer to `GET …/models`."""

    async def ask() -> Exchange:
        transport = HttpxTransport(target.verify)
        try:
            return await transport.send(desk.outgoing(Call(method="GET", path="~models"), number=1), settings.limits)
        finally:
            await transport.close()

    return asyncio.run(ask())


def listed_models(exchange: Exchange) -> tuple[str, ...]:
    """The ids in a list of models; empty when the answer is none."""
    parsed = Record(0, "models", 0, 1, exchange).reading.json
    value = parsed.value
    rows = value.get("data") if exchange.status == 200 and isinstance(value, dict) else None
    rows = rows if isinstance(rows, list) else []
    return tuple(row["id"] for row in rows if isinstance(row, dict) and isinstance(row.get("id"), str))


def only_model(exchange: Exchange) -> str:
    """The one model of a list; UsageError where there is a choice, Ungradable where no list came."""
    if exchange.status in {None, 401, 402, 403, 407}:  # no choice of model would help
        raise Ungradable(str(preflight_refusal(exchange)))
    if trouble(exchange):
        raise Ungradable(f"the target did not list its models ({trouble(exchange)}); try again later, or give --model")
    models = listed_models(exchange)
    if len(models) == 1 and models[0].isprintable():
        return models[0]
    offer = f"the target lists {', '.join(models[:10])}" if models else "the target lists no models"
    if exchange.status == 404:
        offer += f" at {exchange.request.url} (status 404), so that the path of --target-url may be wrong, or --profile"
    raise UsageError(f"say with --model which model to ask for: {offer}")

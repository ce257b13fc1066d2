"""From settings to what a run may take: caps, pace, and the price of its tokens."""

from conformance.evidence.spent import Price
from conformance.probing.spending import Caps
from conformance.session.target import NOT_ASKED
from conformance.settings.prices import Prices
from conformance.settings.resolve import Settings, UsageError


def caps_of(settings: Settings) -> Caps:
    """The caps of a run."""
    return Caps(settings.max_requests, settings.max_output_tokens, settings.max_seconds, settings.max_cost)


def pace_of(settings: Settings) -> float:
    """Seconds between the beginnings of two requests at least."""
    return 0.0 if settings.rate is None else 1 / settings.rate


def price_of(settings: Settings, prices: Prices | None, model: str) -> Price | None:
    """The price of the model, None without prices. Raises UsageError."""
    if prices is None:
        return None
    if settings.dry_run and model == NOT_ASKED and not prices.has(model):
        raise UsageError("--prices needs --model here: the target is not asked which models it has")
    return prices.of(model)

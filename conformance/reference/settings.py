"""What an endpoint is told before it starts, and the two profiles of the contract it can speak."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

VERSIONS = ("2023-06-01", "2026-10-21")
"""The API versions this endpoint speaks, oldest first (contract, section 3)."""


@dataclass(frozen=True, slots=True)
class Profile:
    """The points in which one profile of the contract differs from the other (contract, section 3).

    `usage` maps the documented field names to counts: `input`, `output`, `total`, `reasoning`, `cached`,
    `written` or `none`; a nested mapping is a nested object, any other string stands for itself behind an equals sign.
    """

    name: str
    base: str
    closed: bool
    prewarm: bool
    clamps: bool
    rate_limits: bool
    usage: Mapping[str, Any]

    @property
    def messages_path(self) -> str:
        """The path of the messages endpoint, from the root of the server."""
        return f"{self.base}/v1/messages"


PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        "myrouter": Profile(
            name="myrouter",
            base="/anthropic",
            closed=False,
            prewarm=False,
            clamps=True,
            rate_limits=False,
            usage={
                "input_tokens": "input",
                "output_tokens": "output",
                "total_tokens": "total",
                "cache_read_tokens": "cached",
                "cache_write_tokens": "written",
                "reasoning_tokens": "reasoning",
            },
        ),
        "anthropic": Profile(
            name="anthropic",
            base="",
            closed=True,
            prewarm=True,
            clamps=False,
            rate_limits=True,
            usage={
                "input_tokens": "input",
                "cache_creation_input_tokens": "written",
                "cache_read_input_tokens": "cached",
                "cache_creation": {
                    "ephemeral_5m_input_tokens": "written",
                    "ephemeral_1h_input_tokens": "none",
                },
                "output_tokens": "output",
                "output_tokens_details": {"thinking_tokens": "reasoning"},
                "service_tier": "=standard",
            },
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Settings:
    """One endpoint: its profile, credential, model and pace, its deliberate breaches and the freedoms it takes.

    `delay` is the time in seconds before the first byte of an answer, `event_interval` the time in seconds between
    two events of a stream, `idle` the time after which a connection without a request is closed, 0 for never.
    `token_rate` is what is counted for each token of the input. `context_window`, `max_output_tokens` are in tokens,
    `body_limit` in bytes (decoded). `restricted_key` is a second, valid credential that may not use the messages
    endpoint. Raises ValueError for an unknown profile.
    """

    profile: str = "myrouter"
    key: str = "reference-key-0123456789"
    model: str = "reference-1"
    delay: float = 0.0
    event_interval: float = 0.0
    idle: float = 0.0
    token_rate: float = 1.0
    uncooperative: bool = False
    faults: tuple[str, ...] = ()
    variations: tuple[str, ...] = ()
    restricted_key: str | None = None
    context_window: int = 16_000_000
    max_output_tokens: int = 64_000
    body_limit: int = 32 * 1024 * 1024

    def __post_init__(self) -> None:
        if self.profile not in PROFILES:
            raise ValueError(f"unknown profile {self.profile!r}: choose one of {', '.join(sorted(PROFILES))}")

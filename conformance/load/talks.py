"""The conversations that a user of a load repeats, as data, and the word that each of them carries.

The word is the nonce of the probe, drawn anew for each conversation: what another one asked for is told by it.
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from conformance.probing.probe import NONCE, Call, Probe, Shape, fill
from conformance.rules.crowds import MARK
from conformance.suite import probe
from conformance.suite_bodies import asked, twin
from conformance.suite_tools import choosing, reply, tooled

WORD = f"{MARK}{NONCE}"
ROOM = 64  #: tokens; the word with what a talkative model puts around it

KEEP = {
    "name": "keep_code",
    "description": "Keeps a code.",
    "input_schema": {"type": "object", "properties": {"code": {"type": "string"}}, "required": ["code"]},
}
PLAIN = probe("load: a word", asked(f"Reply with exactly this code and nothing else: {WORD}", ROOM))
STREAMED = twin(PLAIN)
CALL = twin(
    tooled(
        "load: a word to keep",
        choosing({"type": "tool", "name": "keep_code"}, f"Keep this code: {WORD}", KEEP),
        shape=Shape.UNTIL,
        until="calls-tool",
    )
)
RESULT = reply("load: a word that was kept", CALL)


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation: probes in order, each but the first a reply to the one before; `share` of all conversations."""

    name: str
    probes: tuple[Probe, ...]
    share: int = 1

    @property
    def requests(self) -> int:
        """The most requests it takes."""
        return sum(len(probe.calls) for probe in self.probes)


TALKS: tuple[Talk, ...] = (
    Talk("plain", (PLAIN,)),
    Talk("streamed", (STREAMED,), share=2),
    Talk("tools", (CALL, RESULT)),
)


def talks_for(capabilities: Collection[str]) -> tuple[Talk, ...]:
    """The conversations for a target that claims these capabilities, each as often as its share says."""
    told = (talk for talk in TALKS if all(set(probe.capabilities) <= set(capabilities) for probe in talk.probes))
    return tuple(chain.from_iterable([talk] * talk.share for talk in told))


def probes_of(talks: Sequence[Talk]) -> dict[str, Probe]:
    """Their probes by id."""
    return {probe.id: probe for talk in talks for probe in talk.probes}


def new_word() -> str:
    """What stands for the nonce in one conversation."""
    return secrets.token_hex(5)


def spoken(call: Call, word: str) -> Call:
    """The call with the conversation's word in it."""
    return replace(call, body=fill(call.body, {NONCE: lambda: word}))

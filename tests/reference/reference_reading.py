"""What the reference endpoint writes, read back by the package's own eyes."""

import h11
from reference_corpus import Item, settings

from conformance.reference import Settings
from conformance.reference.faults import select
from conformance.reference.pipeline import new_context, perform
from conformance.reference.seams import Seams
from conformance.reference.transfer import Step
from conformance.reference.variations import select_variations
from conformance.wire.exchange import Chunk, End, Ending, Exchange, Request
from conformance.wire.reading import Reading


def varied(item: Item, profile: str, *variations: str, chosen: Settings | None = None) -> tuple[Step, ...]:
    """The steps an item is answered with by an endpoint that takes some freedoms."""
    chosen = chosen or settings(profile)
    chosen = Settings(
        **{name: getattr(chosen, name) for name in Settings.__dataclass_fields__} | {"variations": variations}
    )
    seams = Seams(select(chosen), select_variations(chosen))
    return perform(new_context(item.request(profile), chosen, seams))


def reading(item: Item, profile: str, steps: tuple[Step, ...]) -> Reading:
    """The exchange that the steps make with their request, ready to be judged."""
    sent = item.request(profile)
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method=sent.method, target=sent.target, headers=[("host", "127.0.0.1")]))
    client.send(h11.EndOfMessage())
    status, headers, chunks = 0, [], []
    for step in (*steps, Step()):
        if step.data:
            client.receive_data(step.data)
        while not isinstance(event := client.next_event(), type) and not isinstance(event, h11.EndOfMessage):
            if isinstance(event, h11.Response):
                status, headers = event.status_code, [(k.decode(), v.decode()) for k, v in event.headers.raw_items()]
            elif not isinstance(event, h11.InformationalResponse):
                assert isinstance(event, h11.Data)
                chunks.append(Chunk(0.1, bytes(event.data)))
        if isinstance(event, h11.EndOfMessage):
            break
    request = Request(sent.method, f"http://127.0.0.1{sent.target}", sent.headers, sent.body)
    return Reading(Exchange(request, status, tuple(headers), tuple(chunks), End(Ending.COMPLETE)))

"""What all connections of a pass-through share."""

from collections.abc import Callable
from dataclasses import dataclass
from ssl import SSLContext

from conformance.probing.limits import Limits
from conformance.proxy.address import Address
from conformance.proxy.exchanging import Exchanging
from conformance.proxy.recording import Window
from conformance.wire.exchange import Request

Ticket = tuple[int, Window]  #: an exchange's place in the order of sending, and the window that it belongs to


@dataclass(slots=True)
class Desk:
    """The target, the limits of what is kept, and whom to ask and tell."""

    address: Address
    verify: SSLContext | None
    limits: Limits
    admit: Callable[[], Ticket | None]  #: asked before a request is forwarded; None: it is not to be
    keep: Callable[[Ticket, Request, str, float], Exchanging]  #: what is to be kept of it from now on
    refused: Callable[[str], None]  #: told what a client sent that is no HTTP
    behind: Callable[[], bool]  #: whether clients have to wait until more is recorded

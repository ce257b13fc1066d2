"""The official clients of today and of the time before complete a plain, a tool and a streamed call (EQV-004).

Each request is one that such a client sends, header by header; no client needs to be installed. Clients of today send
the key as a bearer token and the newer API version, so that an endpoint which refuses either breaks this as well as
AUTH-001 or HDR-004. Those of the time before send `x-api-key` alone (AUTH-002).
"""

from conformance.suite import PLAIN, Auth, Call, Judged, Probe, cases, expects, probe, requirement
from conformance.suite_bodies import CURRENT, CURRENT_STREAM, LEGACY, LEGACY_STREAM
from conformance.suite_tools import FORCED

TIME_LIMIT = (("x-stainless-timeout", "600"),)


def calls(client: str, headers: tuple[tuple[str, str], ...], auth: Auth, stream: Probe) -> dict[str, Probe]:
    """The three calls of a client by the names of their cases."""
    plain, tool = (Call(body, headers=headers + TIME_LIMIT, auth=auth) for body in (PLAIN, FORCED.calls[0].body))
    return {
        f"{client}_plain": probe(f"{client} client", plain),
        f"{client}_tool": probe(f"{client} client, tool", tool, capabilities=("tools",)),
        f"{client}_stream": stream,
    }


@requirement("EQV-004")
@cases(expects("client-completes", clients="current"), **calls("current", CURRENT, Auth.BEARER, CURRENT_STREAM))
@cases(expects("client-completes", clients="legacy"), **calls("legacy", LEGACY, Auth.X_API_KEY, LEGACY_STREAM))
def test_the_official_clients_complete_their_calls(case: Judged) -> None:
    case.judge()

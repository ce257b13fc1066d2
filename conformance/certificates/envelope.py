"""The DSSE envelope of a statement: one payload, one Ed25519 signature, written in one canonical form."""

import json
from collections.abc import Mapping
from typing import Any

from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner, SSlibKey

from conformance.evidence.chain import dumped

TYPE = "application/vnd.in-toto+json"


class Refused(Exception):
    """A certificate is not accepted; one sentence that says why."""


class Unreadable(Refused):
    """A file that a reader named, or one beside it, cannot be read; one sentence with the file and the reason."""


def wrapped(statement: Mapping[str, Any], signer: CryptoSigner) -> bytes:
    """The certificate file of a statement."""
    envelope = Envelope(dumped(statement).encode("ascii"), TYPE, {})
    envelope.sign(signer)
    return _file(envelope)


def _file(envelope: Envelope) -> bytes:
    return f"{dumped(envelope.to_dict())}\n".encode("ascii")


def opened(data: bytes, trusted: Mapping[str, SSlibKey]) -> dict[str, Any]:
    """The statement in a certificate file that a trusted key signed. Raises Refused.

    What is not byte for byte the canonical form of what it says is refused: nothing beside the signed bytes can vary.
    """
    envelope = _envelope(data)
    (signer,) = envelope.signatures
    if signer not in trusted:
        raise Refused(
            f"the certificate is signed by the key {signer}, which is none of the {len(trusted)} that you trust: get "
            "the signer's public key from a source of your own and name it by --trusted-key"
        )
    try:
        envelope.verify([trusted[signer]], 1)
    except VerificationError:
        raise Refused("the signature does not belong to what the certificate says: it was changed") from None
    return _statement(envelope.payload)


def _envelope(data: bytes) -> Envelope:
    try:
        envelope = Envelope.from_dict(json.loads(data))
        same = _file(envelope) == data
    except Exception:  # the library raises what its parts raise
        same = False
    if not same:
        raise Refused("the certificate is not a DSSE envelope in its canonical form: it was changed or is none")
    if envelope.payload_type != TYPE or len(envelope.signatures) != 1:
        raise Refused(f"the certificate does not hold one statement of the type {TYPE} with one signature")
    return envelope


def _statement(payload: bytes) -> dict[str, Any]:
    try:
        statement = json.loads(payload)
        same = dumped(statement).encode("ascii") == payload
    except (ValueError, RecursionError):
        same = False
    if not same or not isinstance(statement, dict):
        raise Refused("what the certificate says is not JSON in its canonical form")
    return statement

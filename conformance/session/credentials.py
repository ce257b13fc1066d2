"""The credentials of a run: what is blanked out of everything that is recorded."""

from conformance.probing.redaction import Redactor, Secret
from conformance.probing.render import Desk
from conformance.session.target import Target, searchable
from conformance.settings.resolve import Settings

#: What we send in every run: a secret that is part of it would be found everywhere.
ORDINARY = ("reference-1", "application/json", "text/event-stream", "messages-conformance", "identity")


def redactor_of(target: Target, desk: Desk, settings: Settings) -> tuple[Redactor, bool]:
    """What takes the secrets of this run out, and whether the key is searched for in answers."""
    credentials = [(name, Secret("HEADER", value)) for name, value in settings.headers]
    for label, key in (("KEY", target.key), ("SECOND", target.operator.restricted_key)):
        if key is not None:
            credentials += [(name, Secret(label, key)) for name in ("Authorization", "x-api-key")]
    ours = (desk.endpoint, desk.model, desk.api_version, *ORDINARY)
    searched = [secret for _, secret in credentials if searchable(secret.value, *ours)]
    found = any(secret.label == "KEY" for secret in searched)
    return Redactor([Secret("TOKEN", desk.wrong), *searched], credentials), found

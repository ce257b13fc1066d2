"""Errors in the documented envelope, and the status each type belongs to (contract, section 4.4)."""

from dataclasses import dataclass
from typing import Any

ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    413: "request_too_large",
    415: "invalid_request_error",
    500: "api_error",
}


@dataclass(slots=True)
class Refusal(Exception):
    """A request that is not served: its HTTP status, the sentence for the caller, the rule that refused it.

    `kind` overrides the error type that belongs to the status; `allow` lists the methods of a 405.
    """

    status: int
    message: str
    rule: str = ""
    kind: str = ""
    allow: tuple[str, ...] = ()

    def envelope(self, request_id: str) -> dict[str, Any]:
        """The body of the error response."""
        kind = self.kind or ERROR_TYPES.get(self.status, "api_error")
        error = {"type": kind, "message": self.message}
        return {"type": "error", "error": error, "request_id": request_id}

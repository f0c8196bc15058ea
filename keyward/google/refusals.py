"""From what Google said to the errors that the rest of the program knows (DESIGN.md section 6)."""

from dataclasses import dataclass

from keyward.google.advice import advise
from keyward.google.errors import GoogleError
from keyward.model.errors import Ambiguous, Conflict, Gone, KeywardError, Refused, SourceError


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked, for messages: `what` as in "listing the keys of acme-prod", of which API, in which project, by whom."""

    what: str
    api: str
    project: str
    caller: str = ""
    permission: str = ""

    def advice(self, error: GoogleError) -> str:
        """The command that mends it, or an empty text."""
        return advise(error, self.api, self.project, error.caller or self.caller)


def reading(error: GoogleError, asked: Asked) -> KeywardError:
    """What a read that failed should raise: Gone or SourceError."""
    if error.status == "NOT_FOUND":
        return Gone(_sentence(asked, error))
    return _source(error, asked)


def writing(error: GoogleError, asked: Asked) -> KeywardError:
    """What a change that failed should raise.

    Refused, Gone and Conflict mean that nothing was done; so does SourceError (never sent, or throttled: try later). Everything else
    is Ambiguous.
    """
    if not error.sent or error.throttled:
        return _source(error, asked)
    if not error.definite:
        return Ambiguous(_sentence(asked, error), hint="It may have been done; look before you repeat it.")
    if error.status == "NOT_FOUND":
        return Gone(_sentence(asked, error))
    if error.status == "ABORTED":
        return Conflict(f"{asked.what}: it was changed meanwhile ({error}).", hint="Read it again and decide anew.")
    return Refused(
        _sentence(asked, error),
        reason=error.reason or error.status,
        permission=_permission(error, asked),
        hint=asked.advice(error),
    )


def _source(error: GoogleError, asked: Asked) -> SourceError:
    return SourceError(
        _sentence(asked, error),
        status=_status(error),
        permission=_permission(error, asked),
        api=error.metadata.get("service", asked.api),
        retry_after=error.retry_after,
        hint=asked.advice(error),
    )


def _sentence(asked: Asked, error: GoogleError) -> str:
    """What was asked and what came back; Google's own sentences end with a full stop already."""
    return f"{asked.what}: {str(error).rstrip('.')}."


def _status(error: GoogleError) -> str:
    if error.disabled:
        return "disabled"
    if error.throttled:
        return "failed"
    if error.code in {401, 403}:
        return "denied"
    return "unreachable" if error.code in {0, 502, 503, 504} else "failed"


def _permission(error: GoogleError, asked: Asked) -> str:
    if error.permission:
        return error.permission
    if error.quota_denied:
        return "serviceusage.services.use"
    # Google does not always name it; what was asked for needs exactly this one.
    return asked.permission if error.code == 403 and not error.disabled and not error.throttled else ""

"""How the token endpoint refuses: `{"error", "error_description"}` as RFC 6749 section 5.2 has it, in Google's words.

Seen in public reports: `Invalid JWT Signature.` (also for a key that is deleted or rotated), `Invalid grant: account
not found` (also for a disabled account, as Google's own PHP library maintainers say), the audience check, the
time frame. Unverified: that a disabled key is answered like a deleted one, and all `invalid_request` texts.
"""

from __future__ import annotations

from typing import Any

from keyward.emulator.errors import ApiError


class OAuthError(ApiError):
    """A refusal in the form of OAuth 2.0; `error` is its word, for example `invalid_grant`."""

    def __init__(self, error: str, description: str, code: int = 400) -> None:
        super().__init__(code, "INVALID_ARGUMENT" if code == 400 else "UNAUTHENTICATED", description)
        self.error = error

    def body(self) -> dict[str, Any]:
        """Give the two fields."""
        return {"error": self.error, "error_description": self.message}


def bad_signature() -> OAuthError:
    """Give the refusal of a signature by no live key of the account."""
    return OAuthError("invalid_grant", "Invalid JWT Signature.")


def no_account() -> OAuthError:
    """Give the refusal of an account that does not exist or is disabled."""
    return OAuthError("invalid_grant", "Invalid grant: account not found")


def bad_times() -> OAuthError:
    """Give the refusal of an assertion that is too old, too long-lived or from the future."""
    message = (
        "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat "
        "and exp values in the JWT claim."
    )
    return OAuthError("invalid_grant", message)


def bad_audience(right: str) -> OAuthError:
    """Give the refusal of an assertion that is meant for somebody else."""
    return OAuthError("invalid_grant", f"Invalid JWT: Failed audience check. The right audience is {right}")


def malformed(what: str) -> OAuthError:
    """Give the refusal of something that is no assertion."""
    return OAuthError("invalid_request", what)

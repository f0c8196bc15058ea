"""The errors that Secret Manager answers with, in its words where a fact confirms them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyward.emulator.errors import refuse

if TYPE_CHECKING:
    from keyward.emulator.errors import ApiError
    from keyward.emulator.secretmanager.resources import Guard, State


def invalid(message: str) -> ApiError:
    """A request that can never work."""
    return refuse("INVALID_ARGUMENT", message)


def precondition(message: str) -> ApiError:
    """A request that the state of the resource forbids."""
    return refuse("FAILED_PRECONDITION", message)


def no_secret(name: str) -> ApiError:
    """No secret has this name."""
    return refuse("NOT_FOUND", f"Secret [{name}] not found.")


def no_versions(name: str) -> ApiError:
    """Nothing can be `latest`: the secret is missing or empty."""
    return refuse("NOT_FOUND", f"Secret [{name}] not found or has no versions.")


def no_version(name: str) -> ApiError:
    """The secret has no such version or alias."""
    return refuse("NOT_FOUND", f"Secret Version [{name}] not found.")


def secret_exists(name: str) -> ApiError:
    """A secret of this name is there already."""
    return refuse("ALREADY_EXISTS", f"Secret [{name}] already exists.")


def version_state(name: str, state: State) -> ApiError:
    """The version is not enabled, so it cannot be read; or it is destroyed, so it cannot change."""
    return precondition(f"Secret Version [{name}] is in {state} state.")


def stale(name: str, guard: Guard) -> ApiError:
    """Somebody changed the resource since the caller read it."""
    return refuse(
        guard.stale, f"Etag mismatch for [{name}]: the request has [{guard.etag}], which is not the present one."
    )

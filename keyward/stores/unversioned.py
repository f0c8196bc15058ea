"""What stores without versions, aliases and room for pending secrets have in common: they say no."""

# ruff: noqa: ARG002  # the arguments are the interface's

from collections.abc import Sequence

from keyward.model.context import Ctx
from keyward.model.errors import Refused
from keyward.model.ids import SecretRef
from keyward.model.secretinfo import SecretInfo, VersionState


class Unversioned:
    """Part of a store that keeps one payload a secret, of secrets that others made."""

    def set_state(self, ref: SecretRef, version: str, state: VersionState, ctx: Ctx) -> None:
        """Always refused: there is only the current payload."""
        raise Refused(f"{ref} has no versions, so none can be {state.value}.")

    def remove(self, ref: SecretRef, ctx: Ctx) -> None:
        """Always refused: keyward made nothing here."""
        raise Refused(f"{ref} is not removed: keyward removes only pending secrets that it made.")

    def create(self, ref: SecretRef, like: SecretRef | None, ctx: Ctx) -> SecretInfo:
        """Always refused: this is no place for a pending secret."""
        raise Refused(f"{ref} is not made: keyward writes here only where something is already.")

    def leftovers(self, ref: SecretRef, ctx: Ctx) -> Sequence[str]:
        """None: a write leaves nothing beside it."""
        return ()

    def move_alias(self, ref: SecretRef, alias: str, version: str, ctx: Ctx) -> None:
        """Always refused: there are no aliases."""
        raise Refused(f"{ref} has no aliases.")

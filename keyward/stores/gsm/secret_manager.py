"""The store `gsm` (DESIGN.md section 6)."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from keyward.model.capability import Can, Readiness
from keyward.stores.gsm import changes, wire
from keyward.stores.gsm.preflight import preflight
from keyward.stores.gsm.secrets import Secrets

if TYPE_CHECKING:
    from keyward.google.parts import GoogleParts
    from keyward.model.context import Ctx
    from keyward.model.ids import SecretRef
    from keyward.model.secret import Secret
    from keyward.model.secretinfo import Payload, SecretInfo, Version, VersionState
    from keyward.stores.gsm.client import Connection


class SecretManager:
    """Google Secret Manager. A scope is a project id.

    `latest` is the newest version whatever its state, so the current version is that one, and a write adds one. Versions never
    change. Safe to call from many threads.

    Args:
        parts: the Google parts.
        connection: to Secret Manager.
    """

    name = wire.NAME
    can = frozenset(
        {
            Can.LIST,
            Can.READ,
            Can.WRITE,
            Can.VERSIONS,
            Can.ALIASES,
            Can.ROLLBACK,
            Can.SECRET_STORE,
            Can.REMOVE,
        }
    )

    def __init__(self, parts: "GoogleParts", connection: "Connection") -> None:
        self.parts = parts
        self._secrets = Secrets(connection)

    def list(self, scope: str, ctx: "Ctx") -> Iterator["SecretInfo"]:
        """Every secret of the project with its versions; one request a page, and one a secret."""
        return self._secrets.all(scope, ctx)

    def get(self, ref: "SecretRef", ctx: "Ctx") -> "SecretInfo":
        """One secret as it is now."""
        return self._secrets.get(ref, ctx)

    def read(self, ref: "SecretRef", ctx: "Ctx", version: str | None = None) -> "Payload":
        """The payload of that version (a number or an alias), or of the newest; an audited read."""
        return self._secrets.read(ref, version, ctx)

    def write(self, ref: "SecretRef", data: "Secret", ctx: "Ctx", *, expect: str, mark: str) -> "Version":  # noqa: ARG002  # versions need no mark
        """Add a version. `mark` is not needed: versions have numbers, and what they hold can be read."""
        return changes.add(self._secrets, ref, data, ctx, expect)

    def set_state(self, ref: "SecretRef", version: str, state: "VersionState", ctx: "Ctx") -> None:
        """Enable, disable or destroy a version."""
        changes.set_state(self._secrets, ref, version, state, ctx)

    def remove(self, ref: "SecretRef", ctx: "Ctx") -> None:
        """Remove a secret whose name says that keyward made it for a while."""
        changes.remove(self._secrets, ref, ctx)

    def create(self, ref: "SecretRef", like: "SecretRef | None", ctx: "Ctx") -> "SecretInfo":
        """Make an empty secret with the replication and encryption of `like`."""
        return changes.create(self._secrets, ref, like, ctx)

    def move_alias(self, ref: "SecretRef", alias: str, version: str, ctx: "Ctx") -> None:
        """Point the alias at that version."""
        changes.move_alias(self._secrets, ref, alias, version, ctx)

    def sweep(self, ref: "SecretRef", mark: str, ctx: "Ctx") -> bool:  # noqa: ARG002  # the protocol's signature
        """Nothing is ever left beside a secret."""
        return False

    def preflight(self, ref: "SecretRef", want: frozenset[Can], ctx: "Ctx") -> Sequence[Readiness]:
        """Whether the secret is there, and each permission."""
        return tuple(preflight(self._secrets, ref, want, ctx))

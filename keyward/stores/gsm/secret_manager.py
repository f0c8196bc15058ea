"""The store `gsm` (DESIGN.md section 6)."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from keyward.google.about import around
from keyward.model.capability import Can, Readiness
from keyward.stores.gsm import changes, wire
from keyward.stores.gsm.about import about
from keyward.stores.gsm.preflight import preflight
from keyward.stores.gsm.secrets import Secrets
from keyward.stores.interface import NOTHING_KNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyward.google.parts import GoogleParts
    from keyward.model.about import About
    from keyward.model.context import Ctx
    from keyward.model.ids import SecretRef
    from keyward.model.index import Indexed
    from keyward.model.secret import Secret
    from keyward.model.secretinfo import Payload, SecretInfo, Version, VersionState
    from keyward.stores.gsm.client import Connection


class SecretManager:
    """Google Secret Manager. A scope is a project id for its global secrets, PROJECT@REGION for those of a region.

    `latest` is the newest version whatever its state, so the current version is that one, and a write adds one. Versions never
    change. Safe to call from many threads.

    Args:
        parts: the Google parts.
        connection: to Secret Manager.
        regions: whose secrets are looked for too, in every project.
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
            Can.INDEX,
        }
    )

    def __init__(self, parts: "GoogleParts", connection: "Connection", regions: Sequence[str] = ()) -> None:
        self.parts = parts
        self._secrets = Secrets(connection)
        self._regions = tuple(dict.fromkeys(regions))

    def within(self, scope: str) -> Sequence[str]:
        """The scopes of the regions that the settings name, in that project."""
        return tuple(wire.in_region(scope, region) for region in self._regions)

    def around(self, scope: str, ctx: "Ctx") -> "Sequence[About]":
        """What is known around the project."""
        return around(self.parts, wire.place(scope)[0], ctx)

    def about(self, ref: "SecretRef", ctx: "Ctx") -> "Sequence[About]":
        """Who may read the secret, by its own policy."""
        return about(self._secrets, ref, ctx)

    def blind(self) -> Sequence[str]:
        """Secrets of regions that nobody named: there is no list of the regions that hold any."""
        asked = f"secrets of regions other than {', '.join(self._regions)}" if self._regions else "regional secrets"
        return (f"Not looked for: {asked}; [scan] regions names the regions to ask.",)

    def list(
        self, scope: str, ctx: "Ctx", *, known: "Mapping[SecretRef, SecretInfo]" = NOTHING_KNOWN
    ) -> Iterator["SecretInfo"]:
        """Every secret of the project with its versions; one request a page, and one a secret that is not known."""
        return self._secrets.all(scope, ctx, known)

    def indexed(self, roots: Sequence[str], scopes: Sequence[str], ctx: "Ctx") -> "Indexed[SecretInfo]":
        """The secrets with their versions as the asset index has them: no question for each secret."""
        return self._secrets.indexed(roots, scopes, ctx)

    def get(self, ref: "SecretRef", ctx: "Ctx", *, versions: bool = True) -> "SecretInfo":
        """One secret as it is now."""
        return self._secrets.get(ref, ctx, versions=versions)

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

    def leftovers(self, ref: "SecretRef", ctx: "Ctx") -> Sequence[str]:  # noqa: ARG002  # the interface's
        """None."""
        return ()

    def preflight(
        self, ref: "SecretRef", want: frozenset[Can], ctx: "Ctx", known: "SecretInfo | None" = None
    ) -> Sequence[Readiness]:
        """Whether the secret is there, and each permission."""
        return tuple(preflight(self._secrets, ref, want, ctx, known))

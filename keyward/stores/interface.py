"""What a store of values does (DESIGN.md section 6)."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

from keyward.model.capability import Can, Readiness
from keyward.model.context import Ctx
from keyward.model.ids import SecretRef
from keyward.model.secret import Secret
from keyward.model.secretinfo import Payload, SecretInfo, Version, VersionState

NOTHING_KNOWN: Mapping[SecretRef, SecretInfo] = MappingProxyType({})


class Store(Protocol):
    """Keeps secrets, each with one or more versions."""

    name: str
    can: frozenset[Can]

    def list(
        self, scope: str, ctx: Ctx, *, known: Mapping[SecretRef, SecretInfo] = NOTHING_KNOWN
    ) -> Iterator[SecretInfo]:
        """Every secret of the scope with its versions, as pages arrive. No value is read.

        The versions of secrets that are in `known` are taken from there, where asking for them costs a request.

        Raises:
            SourceError: the scope could not be read; says status, permission, api.
        """
        ...

    def get(self, ref: SecretRef, ctx: Ctx, *, versions: bool = True) -> SecretInfo:
        """One secret as it is now, with its versions; without them where only labels and aliases are wanted and they cost a request.

        Raises:
            Gone: there is no such secret.
            SourceError: it could not be read.
        """
        ...

    def read(self, ref: SecretRef, ctx: Ctx, version: str | None = None) -> Payload:
        """The payload of that version, or of the current one.

        Raises:
            Gone: there is no such secret or version.
            Refused: the version is disabled or destroyed, the keyring is locked, the file is not a text file.
            SourceError: it could not be read; status "denied" when that is the reason.
        """
        ...

    def write(self, ref: SecretRef, data: Secret, ctx: Ctx, *, expect: str, mark: str) -> Version:
        """Make this the current payload, if the current one still has the token `expect`.

        `mark` is the rotation's id: it names temporary files and annotations so that a later run recognises them.

        Raises:
            Conflict: the current payload is another one; nothing was written.
            Refused: definitely not written (too large, not carried by the format, unsafe file).
            Ambiguous: perhaps written; read and compare.
        """
        ...

    def set_state(self, ref: SecretRef, version: str, state: VersionState, ctx: Ctx) -> None:
        """Enable, disable or destroy a version; returns when it is so already.

        Raises:
            Refused: this store cannot, or the version is destroyed.
            Ambiguous: perhaps done.
        """
        ...

    def remove(self, ref: SecretRef, ctx: Ctx) -> None:
        """Remove a pending secret that keyward made; one that is not there counts as removed."""
        ...

    def create(self, ref: SecretRef, like: SecretRef | None, ctx: Ctx) -> SecretInfo:
        """Make an empty secret with the settings of `like`; one that is there already is returned."""
        ...

    def move_alias(self, ref: SecretRef, alias: str, version: str, ctx: Ctx) -> None:
        """Point the alias at that version; returns when it does already.

        Raises:
            Conflict: somebody else changed the secret meanwhile.
            Refused: this store has no aliases.
        """
        ...

    def sweep(self, ref: SecretRef, mark: str, ctx: Ctx) -> bool:
        """Remove what an interrupted write of this rotation left beside the secret (a temporary file); whether there was any."""
        ...

    def leftovers(self, ref: SecretRef, ctx: Ctx) -> Sequence[str]:
        """The marks of interrupted writes that left something beside the secret; what `sweep` removes."""
        ...

    def preflight(
        self, ref: SecretRef, want: frozenset[Can], ctx: Ctx, known: SecretInfo | None = None
    ) -> Sequence[Readiness]:
        """Whether reading and writing would work, without doing anything. `known` is what `get` just said, so it is not asked again."""
        ...

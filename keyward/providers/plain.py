"""What most providers have in common: they make all material themselves, always in the same way, and need no person."""

# ruff: noqa: ARG002  # the arguments are the interface's

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from keyward.model.capability import Act, CrashClass
from keyward.model.context import Ctx
from keyward.model.credential import Credential
from keyward.model.errors import Refused
from keyward.model.ids import CredentialRef
from keyward.model.secret import Secret
from keyward.providers.interface import NO_CLUES, Clues, Marker, Want

ROTATION = re.compile(r"[0-9a-hjkmnp-tv-z]{26}")
"""The id of a rotation: a ULID in lower case."""


class Plain:
    """Part of a provider: the answers of one that knows its keys by name or label and can be asked for everything."""

    name: str
    crash: CrashClass
    quiet = timedelta(days=7)

    def list(self, scope: str, ctx: Ctx) -> Iterator[Credential]:
        """Every credential of the scope; the provider's own."""
        raise NotImplementedError

    def crash_for(self, want: Want, ctx: Ctx) -> CrashClass:
        """Always the same."""
        return self.crash

    def siblings(self, want: Want, ctx: Ctx) -> Sequence[Credential]:
        """The keys of the scope with the same bound account."""
        return tuple(one for one in self.list(want.scope, ctx) if one.bound_identity == want.bound_identity)

    def material(self, want: Want, ctx: Ctx) -> Secret:
        """Always refused."""
        raise Refused(f"{self.name} makes the material of its keys itself.")

    def compose(self, credential: Credential, material: Secret, ctx: Ctx) -> Secret:
        """Always refused."""
        raise Refused(f"{self.name} makes the material of its keys itself.")

    def marked(self, credential: Credential) -> Marker | None:
        """By the annotations that keyward gives its keys, where the provider has annotations."""
        rotation = credential.annotations.get("keyward", "")
        if not ROTATION.fullmatch(rotation):
            return None
        return Marker(rotation, replaces=credential.annotations.get("keyward-replaces", ""))

    def suspects(self, want: Want, marker: Marker, ctx: Ctx, clues: Clues = NO_CLUES) -> Sequence[Credential]:
        """None: what is its own shows it."""
        return ()

    def tolerate(self, old: Credential, want: Want, used: Mapping[str, int] | None) -> Sequence[str]:
        """Nothing that keyward knows of."""
        return ()

    def needs(self, act: Act) -> frozenset[str]:
        """None that are known."""
        return frozenset()

    def by_hand(self, act: Act | None, ref: CredentialRef) -> str:
        """Nothing."""
        return ""

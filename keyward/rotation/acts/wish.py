"""What a person wants done to a key, and what he takes upon himself."""

from dataclasses import dataclass

from keyward.model.capability import Act
from keyward.model.credential import State

ENDS = frozenset({Act.REVOKE, Act.DISABLE})
"""Acts after which the key opens nothing any more."""

_WANTED = {
    Act.REVOKE: frozenset({State.RESTORABLE, State.DELETED}),
    Act.DISABLE: frozenset({State.DISABLED}),
    Act.RESTORE: frozenset({State.ACTIVE}),
    Act.ENABLE: frozenset({State.ACTIVE}),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """One act on some keys.

    `unused` has the provider check once more that the key is not in use. `even_if_used` and `even_if_broken` are the user's own words that
    a key goes although it is (or may be) in use, or a place still holds it. `even_if_foreign` passes over another tool that manages it.
    `gone` is a person's word that he deleted the key where keyward cannot.
    """

    act: Act
    unused: bool = False
    even_if_used: bool = False
    even_if_broken: bool = False
    even_if_foreign: bool = False
    gone: bool = False
    waive: tuple[str, ...] = ()
    reason: str = ""
    yes: bool = False
    interactive: bool = False

    @property
    def ends(self) -> bool:
        """Whether the key opens nothing any more afterwards."""
        return self.act in ENDS


def is_so(act: Act, state: State | None) -> bool:
    """Whether a key in that state (None: it is no more) is already as the act would leave it."""
    return act is Act.REVOKE if state is None else state in _WANTED[act]

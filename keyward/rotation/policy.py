"""How a rotation is to go: what the user and the settings ask for."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Retire(StrEnum):
    """When the old key goes: when it is quiet, without waiting for quiet, or never."""

    AUTO = "auto"
    NOW = "now"
    NEVER = "never"


class OnFailure(StrEnum):
    """What a failed unattended rotation does: stays open with both keys alive, or rolls back."""

    STAY = "stay"
    ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True)
class Into:
    """What the successor shall be instead of a likeness: a migration. Empty fields stay as they are.

    `kind` is a word of `keyward.model.credential.Kind` (such as `auth-key`), `account` the service account that it is bound to, `scope`
    another project, `apis` the services that it is restricted to.
    """

    kind: str = ""
    account: str = ""
    scope: str = ""
    apis: tuple[str, ...] = ()

    @property
    def nothing(self) -> bool:
        """Whether the successor is a likeness."""
        return not (self.kind or self.account or self.scope or self.apis)


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that decides how keys are rotated; kept with each rotation, so later ticks go by what was agreed.

    `grace` is how long both keys work after cut-over; `soak` how long a disabled key stays restorable before it is deleted; `quiet`
    how long the old key must be unused; `retire_by` when a person is asked although use goes on or is unknown; `refresh` how long
    readers may keep a value they read. `waive` names placements that need not be re-read, `accept_target` those that a person
    accepts now, `allow` patterns of place ids that the settings accept. `accept_targets` accepts all that the plan lists except NEW.
    `accept_unproved` lets a key go on whose value cannot be tried; `accept_unread` lets the old key go although a target could be
    written but not read back. `interactive` says that a person sits there. `settings_hash` identifies the settings that a saved
    plan was made under.

    `quiet` None means as long as the key's provider needs. `home` is where pending values are kept, such as `gsm:ops/*`; empty chooses
    the store of a target that can, else the OS keyring. `old_gone` is a person's word that the old key was deleted where keyward cannot;
    `disowned` names leftovers of which a person said that somebody else made them, `owned` those that this rotation made. `into` is a
    migration. `by_hand` says that a person is there who makes the successor and hands in its value (class E). `usual_grace` is what the
    settings say, so that a printed command names what differs from them.
    """

    grace: timedelta = timedelta(hours=24)
    soak: timedelta = timedelta(hours=72)
    quiet: timedelta | None = None
    retire_by: timedelta = timedelta(days=30)
    refresh: timedelta = timedelta(minutes=5)
    retire: Retire = Retire.AUTO
    on_failure: OnFailure = OnFailure.STAY
    waive: tuple[str, ...] = ()
    accept_target: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    accept_targets: bool = False
    accept_unproved: bool = False
    accept_unread: bool = False
    even_if_foreign: bool = False
    even_if_broken: bool = False
    emergency: bool = False
    yes: bool = False
    interactive: bool = False
    max_per_run: int = 5
    reason: str = ""
    settings_hash: str = ""
    home: str = ""
    old_gone: bool = False
    by_hand: bool = False
    disowned: tuple[str, ...] = ()
    owned: tuple[str, ...] = ()
    into: Into = Into()
    to: tuple[str, ...] = ()
    allow_less_guarded: bool = False
    usual_grace: timedelta = timedelta(hours=24)

    @property
    def reader_delay(self) -> timedelta:
        """How long readers are given to notice a new value: never longer than the overlap that was asked for."""
        return min(self.refresh, self.grace)

    def waives(self, *names: str) -> bool:
        """Whether one of these names of a placement (with or without its version) is waived."""
        return any(name in self.waive for name in names)

"""What the catalog says of one provider. Every statement carries how it is known, so that a doubtful one can be told from a sure one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from keyward.model.handling import Evidence, Handling, Statement, Tier


class Automation(StrEnum):
    """What the vendor's API would allow: everything without a person, all but one step, or nothing."""

    FULL = "full"
    ASSISTED = "assisted"
    MANUAL = "manual"


class Lifecycle(StrEnum):
    """How much of making, listing and revoking the vendor's API can do: all, some, nothing."""

    FULL = "full"
    PARTIAL = "partial"
    NONE = "none"


class Strategy(StrEnum):
    """How a key is replaced.

    A new one beside the old one; the other of two slots; a new value in place, without an overlap; the old one makes the new one; a
    person does it.
    """

    SWAP = "create-swap-revoke"
    TWO_SLOT = "two-slot"
    ROLL = "roll-in-place"
    SELF = "self-rotating"
    GUIDED = "guided"


@dataclass(frozen=True, slots=True)
class Pages:
    """Where a person makes (`create`) and deletes (`revoke`) a key, and sees its use; addresses. `how` is what to mind there."""

    create: str
    revoke: str
    usage: str = ""
    how: str = ""
    evidence: Evidence = Evidence.PRIOR


@dataclass(frozen=True, slots=True)
class Probe:
    """One harmless request that shows whether a key works.

    The key goes into the header `header`, after the word `scheme`; `more` are further headers. `variable` names the environment variable
    by which the vendor's own SDK is sent elsewhere than to `base`. `proof` is a member that a true answer has, `truth` one that is true
    there, `falsity` members of which none is true: a key that works shows all of that. `dead`, `recognised` and `unproved` are the
    statuses that mean so. `kinds` are the shapes that can be tried so; empty: all.
    """

    base: str
    path: str
    header: str
    method: str = "GET"
    scheme: str = ""
    more: Mapping[str, str] = field(default_factory=dict)
    variable: str = ""
    proof: str = ""
    truth: str = ""
    falsity: tuple[str, ...] = ()
    dead: tuple[int, ...] = (401,)
    recognised: tuple[int, ...] = (403,)
    unproved: tuple[int, ...] = ()
    kinds: tuple[str, ...] = ()
    evidence: Evidence = Evidence.PRIOR


@dataclass(frozen=True, slots=True)
class Revocation:
    """How long a deleted key works on: `usual` seconds, and over how many failed probes must `run` before it counts as dead."""

    usual: float = 60.0
    run: float = 120.0
    note: str = ""
    evidence: Evidence = Evidence.PRIOR


@dataclass(frozen=True, slots=True)
class Source:
    """Where statements come from; `as_of` is the date of what was read, None when it has none."""

    url: str
    evidence: Evidence
    as_of: date | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One provider.

    `id` is the catalog's name for it, `label` is for people, `aliases` are other names that people type. `kinds` are the key shapes that
    it issues, `variables` the environment variables that usually hold its keys. `no_probe` says why there is no probe. `seen` says where
    the vendor shows the use of a key. `checked` is when the statements were last checked.

    A service that takes keys of others names the entries of those as `issuers`, what kinds of key it takes from them as `takes`, and the
    API that has to be on as `service`; its `kinds` are then shapes that it takes.
    """

    id: str
    label: str
    automation: Automation
    checked: date
    pages: Pages
    kinds: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    probe: Probe | None = None
    no_probe: str = ""
    revocation: Revocation = Revocation()
    seen: str = ""
    sources: tuple[Source, ...] = ()
    aliases: tuple[str, ...] = ()
    issuers: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    service: str = ""
    lifecycle: Lifecycle = Lifecycle.NONE
    rotation: Strategy = Strategy.GUIDED
    limits: str = ""
    tiers: tuple[Tier, ...] = ()
    statements: tuple[Statement, ...] = ()

    @property
    def handling(self) -> Handling:
        """What is known of how it handles data."""
        return Handling(
            self.id, self.label, self.statements, self.tiers, self.kinds, self.issuers, self.takes, self.service
        )

    def probe_for(self, kind: str) -> Probe | None:
        """How a key of that shape is tried; an empty shape is one that only a person knows."""
        probe = self.probe
        return None if probe is None or (kind and probe.kinds and kind not in probe.kinds) else probe

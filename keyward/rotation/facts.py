"""What a plan is made from: the present world as it was just read, without a value."""

from dataclasses import dataclass, field
from datetime import datetime

from keyward.ledger.records import RotationState
from keyward.model.capability import CrashClass, Readiness
from keyward.model.credential import Credential
from keyward.model.source import SourceReport
from keyward.model.usage import NOT_SCANNED, LastUse
from keyward.providers.interface import Want
from keyward.rotation.places import Holds
from keyward.rotation.state import KeyFacts


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """One place of a key, read again just now.

    `at` is the place id without a version, `version` the one that is current. `here` says that this host can read it. `holds` is what
    it holds now, None when it could not be read, which `problem` then explains. `new` says that it appeared since the key's last
    rotation. `aliases` point at the current version, `pins` (alias, version) at an older one that holds the key. `foreign` names
    another owner, `hands_off` a wish to be left alone, `unsafe` why a store would not write there. `how` says who accepted it when.
    """

    at: str
    secret: str
    part: str
    store: str
    scope: str
    version: str = ""
    host: str = ""
    here: bool = True
    holds: Holds | None = None
    problem: str = ""
    accepted: bool = False
    how: str = ""
    new: bool = False
    first_seen: datetime | None = None
    form: str = ""
    versions: bool = False
    aliases: tuple[str, ...] = ()
    pins: tuple[tuple[str, str], ...] = ()
    foreign: str = ""
    hands_off: bool = False
    unsafe: str = ""
    readiness: tuple[Readiness, ...] = ()
    audited: bool = False

    @property
    def current(self) -> bool:
        """Whether readers get the key from here, as far as is known: it holds it, or could not be read."""
        return self.holds in (Holds.OLD, None)


@dataclass(frozen=True, slots=True)
class OpenRotation:
    """A rotation of this key that is under way."""

    id: str
    state: RotationState
    waiting_on: str
    why: str


@dataclass(frozen=True, slots=True)
class KeyAsRead:
    """One key as its provider, its places and the ledger tell, just now. `problem` is why it could not be read."""

    id: str
    credential: Credential | None = None
    facts: KeyFacts | None = None
    want: Want | None = None
    crash: CrashClass | None = None
    can: tuple[str, ...] = ()
    readiness: tuple[Readiness, ...] = ()
    last_use: LastUse = NOT_SCANNED
    places: tuple[PlaceFacts, ...] = ()
    sources: tuple[SourceReport, ...] = ()
    under_way: OpenRotation | None = None
    hands_off: bool = False
    dead_after: tuple[float, float] = (0.0, 0.0)
    problem: str = ""
    audited_reads: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that a plan is a function of, besides the policy. `at` is UTC."""

    at: datetime
    keys: tuple[KeyAsRead, ...]
    actor: str = ""
    identity: str = ""
    world: str = ""
    host: str = ""
    endpoints: tuple[str, ...] = field(default=())

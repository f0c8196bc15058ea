"""What a plan is made from: the present world as it was just read, without a value."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from keyward.ledger.records import RotationState
from keyward.model.capability import CrashClass, Readiness, Ready
from keyward.model.credential import Credential
from keyward.model.source import SourceReport
from keyward.model.usage import NOT_SCANNED, LastUse
from keyward.providers.interface import Want
from keyward.rotation.places import Holds
from keyward.rotation.policy import Policy
from keyward.rotation.state import KeyFacts


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """One place of a key, read again just now.

    `at` is the place id without a version, `version` the one that is current. `here` says that this host can read it; of a place that
    only its own host can read it is told what was read there at `last_read` (UTC). `holds` is what
    it holds now, None when it could not be read, which `problem` then explains, and `fix` how that is mended. `beside` is the part with the
    id, of a key that is an id and a secret. `new` says that it appeared since the key's last
    rotation. `aliases` point at the current version, `pins` (alias, version) at an older one that holds the key. `foreign` names
    another owner, `hands_off` a wish to be left alone, `unsafe` why a store would not write there. `how` says who accepted it when,
    `consumers` which commands a change of it runs. `fresh` places never held the key and get it by this rotation; `in_the_way` says what
    keeps it from getting there: (who can move it, what it is, what to do).
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
    fix: str = ""
    beside: str = ""
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
    consumers: tuple[str, ...] = ()
    fresh: bool = False
    in_the_way: tuple[tuple[str, str, str], ...] = ()
    last_read: datetime | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """What it can be called when it is waived: place, secret, place on its host."""
        return (self.at, self.secret, self.named)

    @property
    def named(self) -> str:
        """The place with its host, where it is one that not all hosts share."""
        return f"{self.at} on {self.host}" if self.host else self.at

    @property
    def said(self) -> str:
        """What to call it on this host."""
        return self.at if self.here else self.named

    @property
    def current(self) -> bool:
        """Whether readers get the key from here, as far as is known: it holds it, or could not be read."""
        return self.holds in (Holds.OLD, None)

    @property
    def broken(self) -> str:
        """Why nothing can be written here just now, whoever accepts it; empty when it can, as far as is known."""
        if not self.here:
            return f"it is on host {self.host}"
        missing = next((f"{item.what}: {item.why}" for item in self.readiness if item.ready is Ready.NO), "")
        return self.unsafe or ("" if self.holds is not None else self.problem or "it cannot be read now") or missing


@dataclass(frozen=True, slots=True)
class Home:
    """Where what its provider shows only once would be kept. `pattern` is such as `gsm:ops/*`; empty: there is none, and `why`."""

    pattern: str = ""
    why: str = ""
    readiness: tuple[Readiness, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenRotation:
    """A rotation of this key that is under way, or has replaced it; `successor` says that it made this key, not that it replaces it."""

    id: str
    state: RotationState
    waiting_on: str
    why: str
    successor: bool = False


@dataclass(frozen=True, slots=True)
class KeyAsRead:
    """One key as its provider, its places and the ledger tell, just now. `problem` is why it could not be read.

    `by_hand` is where a person makes a successor and where he deletes the key, in words; both empty where keyward does that.

    `misfits` are why it cannot become what a migration wants, `tolerate` what its users have to cope with afterwards. `foreign` names
    others that look after the key or hold copies of it. `seen` is everywhere that its value was ever seen (asked for in an emergency only).
    """

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
    paused: str = ""
    dead_after: tuple[float, float] = (0.0, 0.0)
    problem: str = ""
    audited_reads: int = 0
    quiet: timedelta = timedelta(days=7)
    home: Home = Home()
    by_hand: tuple[str, str] = ("", "")
    misfits: tuple[str, ...] = ()
    tolerate: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()

    def elsewhere(self, policy: Policy) -> tuple[str, ...]:
        """The other hosts that have places of it which are not left out."""
        places = (one for one in self.places if not one.here and one.current and not policy.waives(*one.names))
        return tuple(dict.fromkeys(place.host for place in places))


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that a plan is a function of, besides the policy. `at` is UTC; `tfstate` are the Terraform states that were looked at."""

    at: datetime
    keys: tuple[KeyAsRead, ...]
    actor: str = ""
    identity: str = ""
    world: str = ""
    host: str = ""
    endpoints: tuple[str, ...] = field(default=())
    tfstate: tuple[str, ...] = ()

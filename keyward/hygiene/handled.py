"""What is found of the data handling of one key or project: whether a service is reached, on which tier, and which statements hold."""

from dataclasses import dataclass
from enum import StrEnum

from keyward.model.credential import State
from keyward.model.handling import Answer, Attestation, Handling, Statement, Tier, Topic


class How(StrEnum):
    """How it is known that something holds here.

    Proved: an API answered. Stated: its provider says so of everybody. Attested: a person says so. Asked: only a person can say, and
    nobody did. Unknown: it could not be asked, or nobody looked it up.
    """

    PROVED = "proved"
    STATED = "stated"
    ATTESTED = "attested"
    ASKED = "asked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Terms:
    """What the user says: where they are established (`eea` or empty, and where that was said), and what they vouch for."""

    region: str = ""
    said_in: str = "your settings"
    attestations: tuple[Attestation, ...] = ()


@dataclass(frozen=True, slots=True)
class Sender:
    """A key as far as data handling asks, or a whole project (without `provider`). `apis` are those it may call; empty any, None unknown."""

    provider: str
    scope: str
    kind: str = ""
    state: str = ""
    apis: tuple[str, ...] | None = None

    @property
    def live(self) -> bool:
        """Whether something may still be sent."""
        return self.state in ("", State.ACTIVE, State.UNKNOWN)

    @property
    def subject(self) -> str:
        """What facts around it are filed under."""
        return f"project:{self.scope}"


@dataclass(frozen=True, slots=True)
class Reach:
    """Whether what is sent can reach the service (yes, no, unknown), why, and what would tell."""

    answer: Answer
    why: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """On which tier it is, None when that is not known; how that is known, why, and what would tell."""

    tier: Tier | None
    how: How
    why: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """A statement that holds here, or may: how that is known, why, and what would tell."""

    statement: Statement
    how: How
    why: str
    fix: str = ""
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Handled:
    """What is known of one service for one key or project; no statements where the service cannot be reached."""

    handling: Handling
    reach: Reach
    standing: Standing | None = None
    held: tuple[Held, ...] = ()

    def about(self, *topics: Topic) -> tuple[Held, ...]:
        """The statements about these topics."""
        return tuple(one for one in self.held if one.statement.topic in topics)

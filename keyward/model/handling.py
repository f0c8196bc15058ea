"""What a provider does with what is sent to it, as statements that say how they are known; and what a person vouches for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

STALE_AFTER = timedelta(days=180)
"""A statement that was checked longer ago than this is stale: vendors change their terms."""


class Evidence(StrEnum):
    """How a statement is known: the vendor's specification or SDK, a page of the vendor, somebody else, not looked up, the own settings."""

    SPEC = "spec"
    DOC = "doc"
    THIRD = "third"
    PRIOR = "prior"
    OWN = "own"


class Topic(StrEnum):
    """What a statement is about."""

    IMPROVEMENT = "improvement"
    TRAINING = "training"
    PEOPLE = "people"
    KEPT = "kept"
    WHAT = "what"
    ZERO = "zero-retention"
    OPT_OUT = "opt-out"
    VOTING = "voting"
    LOGS = "logs"
    GROUNDING = "grounding"
    REGIONS = "regions"
    MISUSE = "misuse"


class Answer(StrEnum):
    """What it says: yes, no, under a condition that it names, or that nobody knows."""

    YES = "yes"
    NO = "no"
    LIMITED = "limited"
    UNKNOWN = "unknown"


class Word(StrEnum):
    """What queries ask of a key's data handling; a key has one or more of them.

    `trains`: what is sent may improve products or train models; `not-trained`: it may not, as an API, the provider or a person says.
    `read`: people may read it without a suspicion. `unpaid`, `paid`, `eea`: the tier. `attest`: only a person can say, and nobody did.
    `unknown`: it could not be asked, or nobody looked it up. `stale`: it rests on a statement that is stale. `none`: the catalog knows of
    no service that takes the key.
    """

    TRAINS = "trains"
    NOT_TRAINED = "not-trained"
    READ = "read"
    UNPAID = "unpaid"
    PAID = "paid"
    EEA = "eea"
    ATTEST = "attest"
    UNKNOWN = "unknown"
    STALE = "stale"
    NONE = "none"


ATTEST = "attest"
"""The proof of a statement that only a person can give."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement about a provider.

    `id` is unique at that provider. `tiers` are those for which it holds, empty: all; `surface` the part of the service that it is
    about, empty: the API as a whole. `said` is a sentence of our own. `days` is how long, where that is a number. `control` is what can
    be done about it, `where` the page. `proof` is what shows whether it holds for a key: a request whose answer `shows` it, or `attest`;
    empty: it holds for everybody. `checked` is when it was last compared with its source.
    """

    id: str
    topic: Topic
    answer: Answer
    said: str
    checked: date
    evidence: Evidence = Evidence.PRIOR
    tiers: tuple[str, ...] = ()
    surface: str = ""
    days: int | None = None
    control: str = ""
    where: str = ""
    proof: str = ""
    shows: str = ""
    source: str = ""

    def stale(self, today: date) -> bool:
        """Whether it was checked too long ago."""
        return today - self.checked > STALE_AFTER

    @property
    def fresh_until(self) -> date:
        """The last day on which it is not stale."""
        return self.checked + STALE_AFTER


class When(StrEnum):
    """What puts a project on a tier: its billing link, or the region that the user named."""

    BILLING_ON = "billing on"
    BILLING_OFF = "billing off"
    REGION_EEA = "region eea"


@dataclass(frozen=True, slots=True)
class Tier:
    """A tier with terms of its own; `proof` is the request that tells, `shows` the answer that means this tier."""

    id: str
    label: str
    when: When
    proof: str = ""
    shows: str = ""


@dataclass(frozen=True, slots=True)
class Handling:
    """What is known of one service.

    `provider` is its name in the catalog. A key reaches it when its shape is among `kinds`, when it was declared under that name, or when
    it is one of `issuers` and of a kind among `takes`. `service` is the API that must be on in the key's project; empty: there is none.
    """

    provider: str
    label: str
    statements: tuple[Statement, ...] = ()
    tiers: tuple[Tier, ...] = ()
    kinds: tuple[str, ...] = ()
    issuers: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    service: str = ""

    def told(self, own: Sequence[Statement]) -> "Handling":
        """The same with these statements, each in place of the one of its id or behind the others."""
        by_id = {one.id: one for one in (*self.statements, *own)}
        return replace(self, statements=tuple(by_id.values()))


@dataclass(frozen=True, slots=True)
class Attestation:
    """What a person says that holds, until a day (included): nothing is used, read or kept, as the topic has it.

    `match` is a pattern of key ids.
    """

    provider: str
    topic: Topic
    by: str
    until: date
    match: str = "*"
    why: str = ""

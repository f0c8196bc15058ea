"""What holds of the data that is sent with one key, or from one project, and how that is known. Pure: facts, catalog and day are handed in.

Nothing here turns a missing answer into a good one: what could not be asked is unknown, and what only a person can say is asked for.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from fnmatch import fnmatchcase

from keyward.hygiene.handled import Handled, Held, How, Reach, Sender, Standing, Terms
from keyward.model.about import About, Known, What
from keyward.model.credential import Credential, Kind
from keyward.model.handling import ATTEST, Answer, Attestation, Evidence, Handling, Statement, Topic, When, Word
from keyward.model.ids import DECLARED, SHAPE

Facts = Mapping[tuple[str, What], About]
"""What is known around projects, by `project:ID` and question."""

EEA = "eea"
"""The region of the settings for which Google's terms make an exception."""

PRODUCTION = {
    (name, value) for name in ("env", "environment", "stage", "tier") for value in ("prod", "production", "prd", "live")
}
"""Labels that call a project production."""

_ASK = "keyward scan --context"
_USE = (Topic.IMPROVEMENT, Topic.TRAINING)
_VOUCHED_USE = (*_USE, Topic.OPT_OUT)
_TIERS = {word.value: word for word in (Word.UNPAID, Word.PAID, Word.EEA)}


def of_key(
    key: Credential, facts: Facts, handlings: Iterable[Handling], terms: Terms, today: date
) -> tuple[Handled, ...]:
    """What is known for a key, of every service that takes keys of its sort."""
    limits = key.restrictions
    apis = None if limits is None else tuple(limits.apis)
    sender = Sender(key.ref.provider, key.ref.scope, key.kind.value, key.state.value, apis)
    return of_sender(sender, facts, handlings, replace(terms, attestations=vouching(terms, key.id)), today)


def of_project(
    project: str, facts: Facts, handlings: Iterable[Handling], terms: Terms, today: date
) -> tuple[Handled, ...]:
    """What is known for whatever is sent from a project, of every service that may be on in it. Attestations name it `project:ID`."""
    vouched = vouching(terms, f"project:{project}")
    return of_sender(Sender("", project, apis=()), facts, handlings, replace(terms, attestations=vouched), today)


def of_sender(
    sender: Sender, facts: Facts, handlings: Iterable[Handling], terms: Terms, today: date
) -> tuple[Handled, ...]:
    """The same of a sender, all of whose attestations hold for it."""
    return tuple(
        _handled(sender, facts, one, terms, today) for one in handlings if one.statements and _takes(sender, one)
    )


def vouching(terms: Terms, key: str) -> tuple[Attestation, ...]:
    """The attestations that are about that key (its id)."""
    return tuple(one for one in terms.attestations if fnmatchcase(key, one.match))


def words(found: Sequence[Handled]) -> tuple[Word, ...]:
    """What queries know of it."""
    said = {word for one in found for word in _words(one)}
    return tuple(word for word in Word if word in said) or (Word.NONE,)


def production(project: str, facts: Facts) -> tuple[str, ...]:
    """The labels (`name=value`) that call the project production; none where labels are not known."""
    labels = facts.get((f"project:{project}", What.LABELS))
    said = () if labels is None else labels.values
    return tuple(one for one in said if tuple(one.casefold().partition("=")[::2]) in PRODUCTION)


# Whether it concerns the sender at all


def _takes(sender: Sender, handling: Handling) -> bool:
    if not sender.provider:
        return bool(handling.service)
    if sender.provider == SHAPE:
        return sender.scope in handling.kinds
    if sender.provider == DECLARED:
        return handling.provider == sender.scope.partition(".")[0]
    return sender.provider in (handling.provider, *handling.issuers) and sender.kind in (
        handling.takes or (sender.kind,)
    )


def _reach(sender: Sender, facts: Facts, handling: Handling) -> Reach:
    service = handling.service
    if not sender.live:
        return Reach(Answer.NO, f"the key is {sender.state}")
    if not service:
        return Reach(Answer.YES, "it is a key of this provider")
    if sender.provider in (SHAPE, DECLARED):
        return Reach(
            Answer.UNKNOWN, "nobody lists this key, so its project and restrictions are not known", "keyward scan"
        )
    if sender.apis and service not in sender.apis:
        return Reach(Answer.NO, f"its restrictions leave out {service}")
    return _reach_by_project(sender, service, facts.get((sender.subject, What.SERVICES)))


def _reach_by_project(sender: Sender, service: str, known: About | None) -> Reach:
    if known is None or known.status is not Known.KNOWN:
        return Reach(Answer.UNKNOWN, f"whether {service} is on: {_why_not(known, sender.scope)}", _ASK)
    if service not in known.values:
        return Reach(Answer.NO, f"{service} is off in {sender.scope}, asked {known.at:%Y-%m-%d}")
    if sender.apis is None and sender.kind in (Kind.API_KEY, Kind.AUTH_KEY):
        return Reach(Answer.UNKNOWN, "the restrictions of the key are not known", "keyward scan")
    return Reach(Answer.YES, f"{_may(sender, service)}; it is on in {sender.scope}, asked {known.at:%Y-%m-%d}")


def _may(sender: Sender, service: str) -> str:
    if not sender.provider:
        return service
    if sender.apis is None:
        return f"with the right role its account may call {service}"
    return f"the key is for {service}" if sender.apis else f"the key is unrestricted, so for {service} too"


def _why_not(fact: About | None, project: str) -> str:
    """Why a fact around a project is not known."""
    if fact is None:
        return f"nobody asked around {project}"
    return f"{fact.status.value} in {project}: {fact.detail}".rstrip(": ")


# The tier


def _standing(sender: Sender, facts: Facts, handling: Handling, terms: Terms) -> Standing | None:
    if not handling.tiers:
        return None
    by_when = {tier.when: tier for tier in handling.tiers}
    billing = facts.get((sender.subject, What.BILLING))
    known = billing is not None and billing.status is Known.KNOWN
    on = known and billing is not None and billing.values[:1] == ("on",)
    if on and billing is not None:
        account = f" to {billing.values[1]}" if billing.values[1:] else ""
        why = f"{sender.scope} is linked{account}, asked {billing.at:%Y-%m-%d}"
        return Standing(by_when.get(When.BILLING_ON), How.PROVED, why)
    if terms.region == EEA and When.REGION_EEA in by_when:
        return Standing(
            by_when[When.REGION_EEA], How.ATTESTED, f'{terms.said_in}: region = "{EEA}", whatever billing says'
        )
    if known and billing is not None:
        return Standing(
            by_when.get(When.BILLING_OFF),
            How.PROVED,
            f"{sender.scope} has no open billing account, asked {billing.at:%Y-%m-%d}",
        )
    return Standing(None, How.UNKNOWN, f"whether it is paid for: {_why_not(billing, sender.scope)}", _ASK)


# The statements


def _handled(sender: Sender, facts: Facts, handling: Handling, terms: Terms, today: date) -> Handled:
    reach = _reach(sender, facts, handling)
    if reach.answer is Answer.NO:
        return Handled(handling, reach)
    standing = _standing(sender, facts, handling, terms)
    tier = standing.tier if standing is not None else None
    held = (
        _held(one, standing, handling, terms, today)
        for one in handling.statements
        if not one.tiers or tier is None or tier.id in one.tiers
    )
    return Handled(handling, reach, standing, tuple(held))


def _held(one: Statement, standing: Standing | None, handling: Handling, terms: Terms, today: date) -> Held:
    how, why, fix = _how(one, standing, handling, terms, today)
    return Held(one, how, why, fix, one.stale(today))


def _how(
    one: Statement, standing: Standing | None, handling: Handling, terms: Terms, today: date
) -> tuple[How, str, str]:
    tiered = standing if one.tiers else None
    if tiered is not None and tiered.tier is None:
        return How.UNKNOWN, tiered.why, tiered.fix
    if tiered is not None and not one.proof and one.evidence is not Evidence.PRIOR:
        return tiered.how, tiered.why, tiered.fix  # what an API answered, nobody can vouch away
    said = [it for it in terms.attestations if it.provider == handling.provider and it.topic is one.topic]
    valid = next((it for it in said if today <= it.until), None)
    if valid is not None:
        return How.ATTESTED, f"{valid.by} says so, until {valid.until}{f' ({valid.why})' if valid.why else ''}", ""
    ended = max((it.until for it in said), default=None)
    late = f"; what was attested ended on {ended}" if ended else ""
    fix = f'[[data.attest]] provider = "{handling.provider}", topic = "{one.topic.value}"'
    if one.answer is Answer.UNKNOWN or one.evidence is Evidence.PRIOR:
        return (
            How.UNKNOWN,
            f"nobody looked it up{late}" if one.evidence is Evidence.PRIOR else f"not settled{late}",
            fix,
        )
    if one.proof:
        return How.ASKED, f"{_proof(one)}{late}", fix
    return (
        How.STATED,
        "its provider says so of everybody" if one.evidence is not Evidence.THIRD else "others say so",
        "",
    )


def _proof(one: Statement) -> str:
    if one.proof == ATTEST:
        return f"only a person can say {one.shows or 'so'}"
    return f"{one.proof} would show it ({one.shows}); keyward does not ask that"


# The words


def _words(found: Handled) -> Iterator[Word]:
    if found.reach.answer is Answer.NO:
        return
    if found.reach.answer is Answer.UNKNOWN or (found.standing is not None and found.standing.tier is None):
        yield Word.UNKNOWN
        return
    if found.standing is not None and found.standing.tier is not None and found.standing.tier.id in _TIERS:
        yield _TIERS[found.standing.tier.id]
    if any(one.stale for one in found.held):
        yield Word.STALE
    yield from _of_use(found)
    if any(one.statement.answer is Answer.YES and one.how is not How.ATTESTED for one in found.about(Topic.PEOPLE)):
        yield Word.READ


def _of_use(found: Handled) -> Iterator[Word]:
    """Whether it serves to improve or train something."""
    use = found.about(*_USE)
    open_ones = [one for one in use if one.how is not How.ATTESTED]
    said = set[Word]()
    for one in open_ones:
        if one.statement.answer is Answer.YES:
            said.add(Word.TRAINS)
        if one.how is How.UNKNOWN or (one.statement.answer is Answer.LIMITED and one.how is not How.ASKED):
            said.add(Word.UNKNOWN)
    if any(one.how is How.ASKED for one in found.about(*_VOUCHED_USE)):
        said.add(Word.ATTEST)
    yield from said or ({Word.NOT_TRAINED} if use else {Word.UNKNOWN})

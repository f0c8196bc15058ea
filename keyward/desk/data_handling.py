"""What providers do with the data that is sent to them: the catalog with the user's own statements in it, and one key."""

from typing import TYPE_CHECKING, Any

from keyward.hygiene.data_handling import of_key, production, words
from keyward.hygiene.handled import Handled, Held, Terms
from keyward.inventory.around import known
from keyward.model.errors import SettingsError
from keyward.model.handling import Answer, Attestation, Evidence, Handling, Statement, Topic
from keyward.model.text import clean
from keyward.providers import catalog

if TYPE_CHECKING:
    from keyward.desk.desk import Desk
    from keyward.inventory.cache import CacheReader
    from keyward.model.credential import Credential
    from keyward.settings.lists import OwnStatement
    from keyward.wiring import Parts

Document = dict[str, Any]


def handling(parts: "Parts", provider: str) -> Handling:
    """What is known of one provider (its id in the catalog), with the user's own statements in it.

    Raises:
        SettingsError: one of those names a tier that the provider has not.
    """
    found = catalog.read(provider).handling
    own = [one for one in parts.settings.statements if one.provider == provider]
    tiers = {tier.id for tier in found.tiers}
    for one in own:
        if not tiers.issuperset(one.tiers):
            raise SettingsError(
                f"[[data.statement]] {clean(one.id)}: {provider} has no tier {clean(', '.join(set(one.tiers) - tiers))!r}.",
                hint=f"It has {', '.join(sorted(tiers)) or 'none'}.",
            )
    return found.told([_own(one) for one in own])


def handlings(parts: "Parts") -> tuple[Handling, ...]:
    """What is known of every provider of whose data handling something is known."""
    found = (handling(parts, one) for one in catalog.ids())
    return tuple(one for one in found if one.statements)


def terms(parts: "Parts") -> Terms:
    """Where the user is established, and what they vouch for."""
    attested = tuple(
        Attestation(one.provider, Topic(one.topic), clean(one.by), one.until, one.match, clean(one.why))
        for one in parts.settings.attestations
    )
    return Terms(parts.settings.data.region, str(parts.loaded.origin("data.region")), attested)


def _own(one: "OwnStatement") -> Statement:
    return Statement(
        clean(one.id),
        Topic(one.topic),
        Answer(one.answer),
        clean(one.said),
        one.checked,
        Evidence.OWN,
        tuple(map(clean, one.tiers)),
        clean(one.surface),
        one.days,
        clean(one.control),
        clean(one.where),
        clean(one.proof),
        clean(one.shows),
        clean(one.source),
    )


# One key


def of(desk: "Desk", cache: "CacheReader", key: "Credential") -> Document:
    """`data_handling` of `keyward.key/1`: every service that takes such a key, what holds there, and how that is known."""
    project = f"project:{key.ref.scope}"
    facts = {(one.subject, one.what): one for one in known(cache, [project])}
    today = desk.parts.clock.now().date()
    found = of_key(key, facts, handlings(desk.parts), terms(desk.parts), today)
    return {
        "words": [word.value for word in words(found)],
        "production": list(production(key.ref.scope, facts)),
        "services": [_service(one) for one in found],
    }


def _service(one: Handled) -> Document:
    standing = one.standing
    return {
        "provider": one.handling.provider,
        "label": one.handling.label,
        "reach": {"answer": one.reach.answer.value, "why": one.reach.why, "fix": one.reach.fix or None},
        "tier": None
        if standing is None
        else {
            "id": standing.tier.id if standing.tier is not None else None,
            "label": standing.tier.label if standing.tier is not None else None,
            "how": standing.how.value,
            "why": standing.why,
            "fix": standing.fix or None,
        },
        "statements": [_held(held) for held in one.held],
    }


def _held(one: Held) -> Document:
    how = {"how": one.how.value, "why": one.why, "fix": one.fix or None}
    return {**statement(one.statement, stale=one.stale), **how}


def statement(one: Statement, *, stale: bool) -> Document:
    """A statement as documents have it."""
    return {
        "id": one.id,
        "topic": one.topic.value,
        "tiers": list(one.tiers),
        "surface": one.surface or None,
        "answer": one.answer.value,
        "days": one.days,
        "said": one.said,
        "control": one.control or None,
        "where": one.where or None,
        "proof": one.proof or None,
        "shows": one.shows or None,
        "evidence": one.evidence.value,
        "source": one.source or None,
        "checked": one.checked.isoformat(),
        "stale": stale,
        "unverified": one.evidence is Evidence.PRIOR,
    }

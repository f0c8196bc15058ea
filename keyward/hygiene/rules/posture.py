"""Whether it is known what a provider does with what is sent to it with a key."""

from collections.abc import Iterable

from keyward.hygiene.estate import Estate
from keyward.hygiene.gemini import API_KEYS
from keyward.hygiene.rule import KEPT, Judgement, Rule, broken, unknown
from keyward.hygiene.say import command
from keyward.model.about import What
from keyward.model.credential import Credential
from keyward.model.finding import Severity, Subject
from keyward.model.handling import STALE_AFTER, Word
from keyward.model.usage import UseStatus

_SILENT = (UseStatus.NEVER, UseStatus.NOT_SEEN)
_OPEN = {
    Word.UNKNOWN: "whether what is sent with it may be used by its provider is not settled, or nobody looked it up",
    Word.STALE: f"what is said of it was checked more than {STALE_AFTER.days} days ago",
}
_ASK = "keyward scan --context"


def _not_settled(key: Credential, estate: Estate, limit: None) -> Iterable[Judgement]:
    """Of keys in use; what an API would answer and did not is not known, rather than not settled."""
    del limit
    words = estate.data.get(key.id, (Word.UNKNOWN,))
    said = [why for word, why in _OPEN.items() if word in words]
    if not key.live or Word.NONE in words:
        return
    if not said:
        yield KEPT
    elif key.last_use.status in _SILENT:
        return
    elif unasked := _unasked(key, estate):
        yield unknown(*unasked, commands=[_ASK])
    elif key.last_use.at is None:
        yield unknown(f"whether it is used: {key.last_use.status.value}", *said, commands=[command("show", key.id)])
    else:
        text = "See which statement it is; compare it with its page, or ask who decides, and say what holds in [[data.statement]] or [[data.attest]]."
        yield broken(*said, text=text, commands=[command("show", key.id)])


def _unasked(key: Credential, estate: Estate) -> list[str]:
    """What an API would have told: restrictions, the APIs that are on, billing."""
    if key.ref.scope not in estate.projects:
        return []
    if key.kind in API_KEYS and key.restrictions is None:
        return ["its restrictions are not known"]
    subject = f"project:{key.ref.scope}"
    asked = (What.SERVICES, What.BILLING)
    return [estate.why_unknown(subject, what) for what in asked if estate.known(subject, what) is None]


RULES = (
    Rule(
        "KW-705",
        "Data handling not settled",
        "What is sent with the key may improve products, train models or be read by people, and nobody can say that it does not.",
        Severity.MEDIUM,
        Subject.KEY,
        _not_settled,
        "keyward provider show; each statement there has its source and date",
        needs=_ASK,
    ),
)

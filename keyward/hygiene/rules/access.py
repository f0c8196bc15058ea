"""Who may read all values of a project: of its keys, of its secrets. Only roles on the project itself are known."""

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence

from keyward.hygiene.estate import Estate
from keyward.hygiene.gemini import api_keys, unlisted
from keyward.hygiene.rule import KEPT, Judgement, Rule, broken, unknown
from keyward.model.about import CUSTOM, CUSTOM_READER, UNDER_A_CONDITION, Held, What, public
from keyward.model.finding import Severity, Subject

_LOOKING = ("roles/viewer", "roles/reader", "roles/editor", "roles/writer")
"""Basic roles that people get for other reasons. Owners are left out: they can give themselves what they like."""

_ACCESSOR = "roles/secretmanager.secretAccessor"
_NOBODY = re.compile(r"deleted:.*|serviceAccount:[^@]+@(?:cloudservices|gcp-sa-[a-z0-9-]+\.iam)\.gserviceaccount\.com")
"""Who is gone, and accounts that Google itself acts with."""

_STORE = "gsm"
_ASK = "keyward scan --context"


def _key_strings(project: str, estate: Estate, limit: None) -> Iterable[Judgement]:
    del limit
    if not any(api_keys(project, estate)) and not unlisted(project, estate):
        return
    text = "Give who only looks a role for what they look at, such as roles/browser or roles/monitoring.viewer, in place of the basic one."
    yield _judged(project, What.KEY_READERS, estate, lambda one: one.role in _LOOKING or _broad(one.member), text)


def _secret_values(project: str, estate: Estate, limit: None) -> Iterable[Judgement]:
    """Who is nobody in particular is told by KW-502, of each secret."""
    del limit
    blind = any(one.id.startswith(f"{_STORE}:") for one in estate.blind(project))
    if not blind and not any(info.ref.store == _STORE for info in estate.secrets_of(project)):
        return
    text = f"Give each of them {_ACCESSOR} on the secrets that it needs (gcloud secrets add-iam-policy-binding SECRET), then take it off the project."

    def wide(one: Held) -> bool:
        return not public(one.member) and (one.role == _ACCESSOR or CUSTOM_READER in one.notes or _broad(one.member))

    yield _judged(project, What.READERS, estate, wide, text)


def _judged(project: str, what: What, estate: Estate, loose: Callable[[Held], bool], text: str) -> Judgement:
    subject = f"project:{project}"
    lines = estate.known(subject, what)
    if lines is None:
        return unknown(estate.why_unknown(subject, what), commands=[_ASK])
    every = [one for one in map(Held.of, lines) if not _NOBODY.fullmatch(one.member)]
    found = [one for one in every if CUSTOM not in one.notes and UNDER_A_CONDITION not in one.notes and loose(one)]
    open_ones = [one for one in every if CUSTOM in one.notes or (UNDER_A_CONDITION in one.notes and loose(one))]
    if found:
        return broken(*_told(found, estate, subject, what), text=text, commands=_taken(project, found))
    if open_ones:
        return unknown(
            *(str(one) for one in open_ones), text="See what it lets them read.", commands=[_policy(project)]
        )
    return KEPT


def _told(found: Sequence[Held], estate: Estate, subject: str, what: What) -> Iterator[str]:
    for one in found:
        yield f"{public(one.member) or one.member} may read them all by {one.role} on the project"
    fact = estate.fact(subject, what)
    if fact is not None and fact.detail:
        yield fact.detail


def _taken(project: str, found: Sequence[Held]) -> Iterator[str]:
    for one in found:
        taken = (f"--member={one.member}", f"--role={one.role}", "--condition=None")
        yield shlex.join(("gcloud", "projects", "remove-iam-policy-binding", project, *taken))


def _policy(project: str) -> str:
    return f"gcloud projects get-iam-policy {project}"


def _broad(member: str) -> bool:
    return bool(public(member)) or member.startswith("domain:")


RULES = (
    Rule(
        "KW-504",
        "Key strings that lookers can read",
        "Who may look at a project by a basic role can copy the strings of all of its API keys, and nothing tells that they did.",
        Severity.MEDIUM,
        Subject.PROJECT,
        _key_strings,
        "https://docs.cloud.google.com/api-keys/docs/access-control, read 2026-11-29; OWASP NHI5:2025",
        needs=_ASK,
    ),
    Rule(
        "KW-505",
        "Reader of every secret of a project",
        "A role on the project reaches all of its secrets, those that are made later too.",
        Severity.MEDIUM,
        Subject.PROJECT,
        _secret_values,
        "https://docs.cloud.google.com/secret-manager/docs/best-practices; OWASP NHI5:2025",
        needs=_ASK,
    ),
)

"""Who looks after keys, and whether what was begun is brought to its end."""

import shlex
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from keyward.hygiene.estate import Estate
from keyward.hygiene.exempt import Exempt
from keyward.hygiene.rule import KEPT, Judgement, Rule, broken, unknown
from keyward.hygiene.say import Mending, command, day, span
from keyward.ledger.records import AttestationRow, RotationRow, WaitingOn
from keyward.model.about import What
from keyward.model.credential import Credential
from keyward.model.finding import Severity, Subject
from keyward.model.secretinfo import SecretInfo

_OWNED = "OWASP NHI1:2025 (improper offboarding)"
_SELF = "keyward's own record"
_PERSON = (WaitingOn.PERSON, WaitingOn.CONFLICT, WaitingOn.BLOCKED, WaitingOn.REFUSED)


def _no_owner(key: Credential, estate: Estate, limit: None) -> Iterable[Judgement]:
    """An owner is named by the key's annotations, by a secret that holds it, or by its project."""
    del limit
    if not key.live:
        return
    held = [str(place.at.secret) for place in estate.placements.get(key.id, ())]
    secrets = [info for one in dict.fromkeys(held) if (info := estate.secrets.get(one)) is not None]
    named = (key.annotations, *(info.labels for info in secrets), *(info.annotations for info in secrets))
    if any(labels.get(name) for labels in named for name in estate.owner_labels):
        yield KEPT
        return
    if key.ref.scope not in estate.projects:
        yield broken(
            "no secret that holds it says whose it is", text=_label(estate), commands=_labelled(secrets, "", estate)
        )
        return
    subject = f"project:{key.ref.scope}"
    labels = estate.known(subject, What.LABELS)
    if labels is None:
        yield unknown(estate.why_unknown(subject, What.LABELS), commands=[command("show", key.id, "--refresh")])
    elif any(one.partition("=")[0] in estate.owner_labels for one in labels):
        yield KEPT
    else:
        said = "neither it nor its secrets nor its project say whose it is"
        yield broken(said, text=_label(estate), commands=_labelled(secrets, key.ref.scope, estate))


def _label(estate: Estate) -> str:
    return f"Name the OWNER in a label or annotation: {' or '.join(estate.owner_labels)}."


def _labelled(secrets: Sequence[SecretInfo], project: str, estate: Estate) -> Iterator[str]:
    """Says it on a secret of a cloud that holds the key, which says it of nothing else; where none does, on the project."""
    info = next((one for one in secrets if one.immutable_versions and "@" not in one.ref.scope), None)
    if info is not None:
        words = (
            "secrets",
            "update",
            info.ref.name,
            f"--project={info.ref.scope}",
            f"--update-labels={estate.owner_labels[0]}=OWNER",
        )
        yield shlex.join(("gcloud", *words))
    elif project:
        yield shlex.join(
            ("gcloud", "alpha", "projects", "update", project, f"--update-labels={estate.owner_labels[0]}=OWNER")
        )


def _stuck(rotation: RotationRow, estate: Estate, limit: timedelta) -> Iterable[Judgement]:
    if rotation.state.closed:
        return
    since = rotation.updated or rotation.created or estate.now
    waited = estate.now - since
    if rotation.waiting_on not in _PERSON or waited <= limit:
        yield KEPT
        return
    waits = rotation.waiting_on.value
    why = f": {rotation.why}" if rotation.why else ""
    yield broken(
        f"it waits for {'a person' if waits == 'person' else waits} for {span(waited)}{why}",
        text="Look at it and decide.",
        commands=[command("history", rotation.id), command("resume")],
    )


def _overdue(rotation: RotationRow, estate: Estate, limit: timedelta) -> Iterable[Judgement]:
    """Its next step could be done, and no run came to do it."""
    if rotation.state.closed or rotation.waiting_on in _PERSON:
        return
    due = rotation.due or rotation.updated or estate.now
    late = estate.now - due
    if late > limit:
        text = "No unattended run came by: look at the schedule, or go on by hand."
        commands = [command("resume"), command("schedule", "status")]
        yield broken(f"its next step was due {span(late)} ago", text=text, commands=commands)
    else:
        yield KEPT


def _ended(exempt: Exempt, estate: Estate, limit: None) -> Iterable[Judgement]:
    del limit
    today = estate.now.date()
    if exempt.until >= today:
        yield KEPT
    else:
        days = (today - exempt.until).days
        text = (
            "Mend what it was about, or give it a new date in keyward.toml; take the table out when nothing needs it."
        )
        yield broken(f"{exempt.owner} accepted it until {exempt.until.isoformat()}, {days} days ago", text=text)


def _statement_ended(stated: AttestationRow, estate: Estate, limit: None) -> Iterable[Judgement]:
    del limit
    left = stated.expires - estate.now
    if left > timedelta(0):
        yield KEPT
    else:
        yield broken(f"{stated.actor} stated it until {day(stated.expires)}, {span(-left)} ago", **_state_anew(stated))


def _statement_ends(stated: AttestationRow, estate: Estate, limit: timedelta) -> Iterable[Judgement]:
    left = stated.expires - estate.now
    if left <= timedelta(0):
        return  # KW-706 says so
    if left > limit:
        yield KEPT
    else:
        yield broken(
            f"what {stated.actor} stated ends in {span(left)}, on {day(stated.expires)}", **_state_anew(stated)
        )


def _state_anew(stated: AttestationRow) -> Mending:
    text = "Look whether it still holds, and state it anew; take it back where it does not."
    return {"text": text, "commands": [command("checklist", "attest", stated.item, "--for", stated.scope)]}


RULES = (
    Rule(
        "KW-701",
        "Owner missing",
        "When it leaks at night nobody knows whom to call, and nobody dares to delete it.",
        Severity.LOW,
        Subject.KEY,
        _no_owner,
        _OWNED,
        needs="keyward scan --context",
    ),
    Rule(
        "KW-702",
        "Rotation waits for a person",
        "Two keys live meanwhile, and the old one is as leaked as it was.",
        Severity.MEDIUM,
        Subject.ROTATION,
        _stuck,
        _SELF,
        timedelta(days=2),
        "for how long a rotation may wait for a person",
    ),
    Rule(
        "KW-703",
        "Rotation overdue",
        "The old key outlives its time, and nothing that was begun comes to its end.",
        Severity.MEDIUM,
        Subject.ROTATION,
        _overdue,
        _SELF,
        timedelta(hours=12),
        "how late the next step of a rotation may be",
    ),
    Rule(
        "KW-704",
        "Exception ended",
        "What somebody accepted for a while is accepted by nobody now.",
        Severity.LOW,
        Subject.EXCEPTION,
        _ended,
        _SELF,
    ),
    Rule(
        "KW-706",
        "Attestation ended",
        "What somebody stated of a checklist's item is stated by nobody now.",
        Severity.MEDIUM,
        Subject.ATTESTATION,
        _statement_ended,
        _SELF,
    ),
    Rule(
        "KW-707",
        "Attestation ends soon",
        "A checklist that was satisfied is not any more on that day.",
        Severity.INFO,
        Subject.ATTESTATION,
        _statement_ends,
        _SELF,
        timedelta(days=14),
        "how long before its end a statement is to be made anew",
    ),
)

"""Findings and statements of providers, made up, for the app."""

from datetime import timedelta

from keyward.hygiene.checked import Checked
from keyward.hygiene.judging import Judged
from keyward.hygiene.rules import RULES
from keyward.model.finding import Accepted, Finding, Fix, Result, Severity, Subject
from tests.parts.desk import NOW, OK

KEY = "google-api-keys:acme-prod/k1"
OLD = Finding(
    "KW-101", Subject.KEY, KEY, "acme-prod", Result.FAIL, Severity.MEDIUM, ("it is 412 days old; 90 days are allowed",),
    Fix("Replace it.", (f"keyward rotate {KEY}",)), name="maps",
)  # fmt: skip
BLOCKED = Finding(
    "KW-406", Subject.KEY, "google-sa-keys:acme-dev/web@acme-dev.iam.gserviceaccount.com/ab12", "acme-dev", Result.FAIL, Severity.CRITICAL,
    ("Google found it in public and disabled it.",),
    Fix("Find out how it got out.", ("keyward rotate google-sa-keys:acme-dev/web@acme-dev.iam.gserviceaccount.com/ab12 --emergency",)),
)  # fmt: skip
OPEN = Finding(
    "KW-502", Subject.SECRET, "gsm:acme-prod/web", "acme-prod", Result.FAIL, Severity.CRITICAL, ("everybody may read it: allUsers",),
    Fix("Take that member out of its policy."), about="allUsers",
)  # fmt: skip
UNKNOWN = Finding(
    "KW-701", Subject.KEY, KEY, "acme-prod", Result.UNKNOWN, Severity.LOW, ("labels of acme-prod: not asked for",),
    Fix("", (f"keyward show {KEY} --refresh",)), name="maps",
)  # fmt: skip
CROWDED = Finding(
    "KW-408", Subject.PROJECT, "project:acme-dev", "acme-dev", Result.FAIL, Severity.LOW, ("web has 5 keys",), Fix("Two are needed.")
)  # fmt: skip
STUCK = Finding(
    "KW-702", Subject.ROTATION, "01m7abc", "acme-prod", Result.FAIL, Severity.MEDIUM, ("it waits for a person for 3 days",),
    Fix("Look at it and decide.", ("keyward history 01m7abc",)),
)  # fmt: skip
ENDED = Finding(
    "KW-704", Subject.EXCEPTION, "exception:KW-402/id:x", "", Result.FAIL, Severity.LOW, ("ana accepted it until 2026-11-01",),
    Fix("Mend what it was about."),
)  # fmt: skip
STATED = Finding(
    "KW-706", Subject.ATTESTATION, "attestation:any.tls/project:acme-prod", "acme-prod", Result.FAIL, Severity.MEDIUM,
    ("ana stated it until 2026-11-01, 19 days ago",), Fix("State it anew."),
)  # fmt: skip
TAKEN = Finding(
    "KW-402", Subject.KEY, KEY, "acme-prod", Result.FAIL, Severity.MEDIUM, ("it works from anywhere",), Fix("Restrict it."),
    accepted=Accepted("mary@acme.example", (NOW + timedelta(days=60)).date(), "quota is capped"), name="maps",
)  # fmt: skip
ALL = (BLOCKED, OPEN, OLD, STUCK, CROWDED, ENDED, TAKEN, UNKNOWN)


_ASKED = {one.rule for one in ALL}
_RULES = tuple(rule for rule in RULES if rule.id in _ASKED)
"""Few, so that a new rule changes no picture."""


def checked(findings=ALL, sources=(OK,), scanned=NOW, keys=6, since=None):
    """A check that found this."""
    counts = {rule.id: {Result.PASS: 1} for rule in _RULES}
    judged = Judged(tuple(findings), counts)
    return Checked(NOW, scanned, "emulator:test", judged, _RULES, keys, 2, 3, sources, {}, since)


# Providers


def statement(topic, answer, said, tiers=("unpaid",), **more):
    """One statement of a `keyward.provider/1`."""
    return {
        "id": f"{topic}-{answer}", "topic": topic, "tiers": list(tiers), "surface": None, "answer": answer, "days": None, "said": said,
        "control": None, "where": None, "proof": None, "shows": None, "evidence": "doc", "source": "https://acme.example/terms",
        "checked": "2026-10-01", "stale": False, "unverified": False, **more,
    }  # fmt: skip


def provider(name="gemini", statements=None, **more):
    """A `keyward.provider/1`."""
    told = statements if statements is not None else (
        statement("improvement", "yes", "It may be used."),
        statement("improvement", "no", "It is not used.", ("paid",)),
        statement("people", "limited", "Reviewers may look at it.", checked="2026-01-01", stale=True),
        statement("people", "yes", "In AI Studio too.", surface="AI Studio"),
        statement("kept", "yes", "Against abuse.", (), days=55),
        statement("opt-out", "no", "Only paying helps.", control="Open a billing account.", where="https://acme.example/pay"),
        statement("training", "unknown", "Nothing was found.", (), evidence="prior", source=None, unverified=True),
    )  # fmt: skip
    return {
        "id": name, "label": name.title(), "aliases": [f"{name}-too"], "rotation": "guided", "automation": "none", "checked": "2026-10-01",
        "pages": {"create": "https://acme.example/keys"},
        "tiers": [
            {"id": "unpaid", "label": "Unpaid", "proof": "api", "shows": "no open billing account"},
            {"id": "paid", "label": "Paid", "proof": "attest", "shows": "so"},
        ],
        "statements": list(told), **more,
    }  # fmt: skip


CATALOG = {"gemini": provider(), "datadog": provider("datadog", (), tiers=[])}


def catalog(found=CATALOG):
    """Answers of a desk for that catalog."""
    return {
        "providers": lambda: {"providers": [{"id": name} for name in found]},
        "provider": lambda name: found[name],
    }

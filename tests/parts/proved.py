"""Checklists and what running them found, made up, for the app."""

from dataclasses import replace
from datetime import date, timedelta

from keyward.checklists.item import Checklist, Item, Kind, Subject, SubjectKind
from keyward.checklists.result import Answer, Run, Word
from keyward.desk.checklist_places import Place
from keyward.ledger.records import AttestationRow, Statement
from keyward.model.finding import Fix
from tests.parts.desk import NOW

PROD, DEV = Subject(SubjectKind.PROJECT, "acme-prod"), Subject(SubjectKind.PROJECT, "acme-dev")
AUTO = Item(
    "gcp.api-restricted", "Every API key names the services that it may call", "An open key calls every API.", Kind.AUTO,
    ("Make a successor that is restricted.",), rules=("KW-401",), practice=("article: keys",), source=("https://acme.example/keys",),
    checked=date(2026, 11, 20),
)  # fmt: skip
IAM = Item(
    "gcp.secret-iam", "Secrets are readable by few", "Who may read a secret has the key.", Kind.AUTO, rules=("KW-502",)
)
SEMI = Item(
    "gemini.paid-tier",
    "The project is on the paid tier",
    "Who pays decides.",
    Kind.SEMI,
    ("Link it.",),
    check="billing",
)
LAW = Item(
    "any.law", "GDPR, CCPA and local law were looked at", "You answer for it.", Kind.ATTEST, ("Name the laws that apply.",),
    attest_days=365, fields=("laws", "deletion_route"), sign_off=True,
)  # fmt: skip
TOLD = Item(
    "any.told", "The team knows that people may read prompts", "They may.", Kind.ATTEST, ("Tell them.",), attest_days=90
)
LATER = Item("any.zdr", "Zero data retention was asked for", "It is not the default.", Kind.ATTEST, ("Ask.",))
OFF = replace(TOLD, id="any.off", title="Nobody needs this one", off="there is no such thing here")
LIST = Checklist(
    "gemini", 2, "Gemini in production", "Its keys serve users.", (SubjectKind.PROJECT,), (AUTO, IAM, SEMI, LAW, TOLD, LATER, OFF)
)  # fmt: skip
OWN = Checklist(
    "ours", 1, "Ours", "Because.", (SubjectKind.PERSON, SubjectKind.PROJECT), (TOLD,), file="/h/lists/ours.toml"
)
HERE = Checklist("machine", 1, "A new machine", "Keys lie there first.", (SubjectKind.MACHINE,), (AUTO, LATER))
SAID = AttestationRow(
    "gemini", "any.told", "project:acme-prod", "mary@acme.example", "all were told", NOW - timedelta(days=60), NOW + timedelta(days=30),
    evidence="https://acme.example/t/1",
)  # fmt: skip
LAWS = replace(
    SAID, item="any.law", statement="looked at", data={"laws": "GDPR", "deletion_route": "t/2", "version": 1}
)
PUT_OFF = replace(SAID, item="any.zdr", kind=Statement.SKIPPED, statement="until it is signed")


def answers(of=PROD):
    """What a run found at that subject."""
    return (
        Answer(AUTO, of, Word.FAIL, ("KW-401 maps: it may call every API",), Fix("Restrict it.", ("keyward rotate maps",))),
        Answer(IAM, of, Word.UNKNOWN, ("KW-502: permission secretmanager.secrets.getIamPolicy is missing",)),
        Answer(SEMI, of, Word.WARN, ("nobody pays",)),
        Answer(LAW, of, Word.UNKNOWN, ("mary@acme.example stated it; somebody else has to agree",), Fix("Name the laws."), asks=True, statement=LAWS),
        Answer(TOLD, of, Word.ATTESTED, ("mary@acme.example stated it",), statement=SAID),
        Answer(LATER, of, Word.UNKNOWN, ("skipped by ana until 2026-12-20: until it is signed",), Fix("Ask."), asks=True, put_off=True),
        Answer(OFF, of, Word.NOT_APPLICABLE, ("left out: there is no such thing here",)),
    )  # fmt: skip


def run(found=None, subjects=(PROD,), checklist=LIST, coverage="4 of 4 sources seen, scanned 2026-11-20 11:57 UTC."):
    """A run that found this; at several subjects the last has one item that holds more."""
    if found is None:
        found = [one for of in subjects for one in answers(of)]
        if len(subjects) > 1:
            found[-len(LIST.items)] = replace(found[-len(LIST.items)], word=Word.PASS, evidence=(), fix=Fix())
    return Run(checklist, subjects, tuple(found), NOW, NOW, "emulator:test", coverage)


PLACES = (
    Place(LIST, "project:acme-prod", 1, 4, NOW + timedelta(days=12, hours=6)),
    Place(OWN, "person:ana@acme.example", 0, 1, NOW - timedelta(days=3)),
    Place(LIST, "", 0, 4, None),
    Place(OWN, "", 0, 1, None),
    Place(HERE, "machine:laptop", 0, 1, None),
)


def subject(text):
    """A subject from its text."""
    kind, _, name = text.partition(":")
    return Subject(SubjectKind(kind), name)


def lists(**more):
    """Answers of a desk with these lists."""
    return {
        "places": PLACES,
        "names": ("project:acme-dev", "project:acme-prod"),
        "subjects": lambda _list, named: tuple(map(subject, named)),
        "run": lambda _list, subjects, _heard: run(subjects=tuple(subjects)),
        "who": "ana@acme.example",
        "state": SAID,
        **more,
    }

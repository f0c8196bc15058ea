"""What people stated: it holds until its day, another person may have to agree, and it never makes green what could not be seen."""

from datetime import timedelta

import pytest

from keyward.checklists.ground import Ground, Machine
from keyward.checklists.item import Checklist, Item, Kind, Subject, SubjectKind
from keyward.checklists.result import Word, exit_code
from keyward.checklists.run import answer, answers
from keyward.checklists.statements import State, stated
from keyward.hygiene.policy import Policy
from keyward.ledger.records import AttestationRow, Statement
from keyward.model.about import Known
from keyward.model.errors import Exit
from tests.parts.estate import NOW, about, estate

PROD, DEV = (Subject(SubjectKind.PROJECT, one) for one in ("acme-prod", "acme-dev"))
ITEM = Item("acme.one", "One", "Why.", Kind.ATTEST, how=("Do it.",))
SIGNED = Item("acme.one", "One", "Why.", Kind.ATTEST, sign_off=True)
PAID = Item("acme.paid", "Paid", "Why.", Kind.SEMI, check="billing")


def row(kind=Statement.ATTESTED, *, actor="ana", days=30, at=0, scope="project:acme-prod", item="acme.one", **more):
    when = NOW - timedelta(days=at)
    return AttestationRow("acme", item, scope, actor, "it is so", when, when + timedelta(days=days), kind, **more)


def state(*rows, item=ITEM, subject=PROD, now=NOW):
    return stated(item, subject, rows, now).state


def test_a_statement_holds_until_its_moment():
    assert state() is State.NONE
    assert state(row()) is State.VALID
    assert state(row(days=1, at=1)) is State.EXPIRED
    assert state(row(days=1, at=1), now=NOW - timedelta(seconds=1)) is State.VALID
    assert state(row(days=1, at=1), row()) is State.VALID
    assert state(row(), row(Statement.WITHDRAWN)) is State.NONE
    assert state(row(item="acme.two")) is State.NONE


def test_it_is_about_its_subject_or_a_pattern():
    assert state(row(), subject=DEV) is State.NONE
    assert state(row(scope="project:acme-*"), subject=DEV) is State.VALID
    assert state(row(scope="provider:acme-*"), subject=DEV) is State.NONE


def test_a_changed_item_is_stated_anew():
    assert state(row(data={"version": 1})) is State.VALID
    assert (
        state(row(data={"version": 1}), item=Item("acme.one", "One", "Why.", Kind.ATTEST, version=2)) is State.CHANGED
    )


def test_another_person_agrees_where_the_list_says_so():
    assert state(row(), item=SIGNED) is State.UNSIGNED
    assert state(row(), row(Statement.AGREED), item=SIGNED) is State.UNSIGNED, "nobody agrees with themselves"
    assert state(row(), row(Statement.AGREED, actor="bo"), item=SIGNED) is State.VALID
    assert state(row(Statement.AGREED, actor="bo"), row(), item=SIGNED) is State.UNSIGNED, (
        "it was agreed to something else"
    )
    assert stated(SIGNED, PROD, [row(), row(Statement.AGREED, actor="bo")], NOW).signed_by == "bo"


def test_what_is_put_off_stays_open():
    put_off = row(Statement.SKIPPED)
    found = answer(ITEM, PROD, basis(), [put_off])
    assert (found.word, found.asks) == (Word.UNKNOWN, True)
    assert "skipped by ana" in found.evidence[0]
    assert "skipped" not in answer(ITEM, PROD, basis(), [row(Statement.SKIPPED, days=1, at=2)]).evidence[0]


def basis(*facts):
    return Ground(estate(*facts), Policy(now=NOW), NOW, Machine("here"))


@pytest.mark.parametrize(
    ("fact", "rows", "word", "asks"),
    [
        (("on",), [], Word.UNKNOWN, True),
        (("on",), [row(item="acme.paid")], Word.ATTESTED, False),
        (("on",), [row(item="acme.paid", days=1, at=2)], Word.EXPIRED, True),
        (("off",), [row(item="acme.paid")], Word.FAIL, False),
        (None, [row(item="acme.paid")], Word.UNKNOWN, False),
    ],
)
def test_a_statement_never_makes_green_what_could_not_be_seen(fact, rows, word, asks):
    known = (
        about("project:acme-prod", "billing", *fact)
        if fact
        else about("project:acme-prod", "billing", status=Known.DENIED)
    )
    found = answer(PAID, PROD, basis(known), rows)
    assert (found.word, found.asks) == (word, asks)


def test_an_item_that_is_left_out_says_why_and_an_item_for_others_does_not_apply():
    off = Item("acme.paid", "Paid", "Why.", Kind.AUTO, check="billing", off="our decision")
    assert answer(off, PROD, basis(), []).evidence == ("left out: our decision",)
    other = Subject(SubjectKind.PROVIDER, "openai")
    assert (
        answer(Item("acme.paid", "Paid", "Why.", Kind.AUTO, check="billing"), other, basis(), []).word
        is Word.NOT_APPLICABLE
    )
    assert answer(PAID, other, basis(), []).asks, "what keyward cannot judge there, a person still has to state"


def test_the_exit_status_is_the_worst_of_all():
    made = Checklist("acme", 1, "Ours", "Why.", (SubjectKind.PROJECT,), (ITEM, PAID))
    off = about("project:acme-prod", "billing", "off")

    def status(*facts, rows=()):
        return exit_code(answers(made, [PROD], basis(*facts), rows))

    assert status(off) is Exit.FINDINGS
    assert status(about("project:acme-prod", "billing", "on")) is Exit.NEEDS_PERSON
    assert status(rows=[row()]) is Exit.PARTIAL
    both = [row(), row(item="acme.paid")]
    assert status(about("project:acme-prod", "billing", "on"), rows=both) is Exit.OK
    assert status(about("project:acme-prod", "billing", "on"), rows=[both[1], row(days=1, at=2)]) is Exit.FINDINGS

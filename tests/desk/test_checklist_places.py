"""Where checklists stand: begun where somebody stated something, however it was said, and never more done than holds now."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from keyward.checklists.item import Checklist, Item, Kind, SubjectKind
from keyward.desk.checklist_places import places
from keyward.ledger.records import AttestationRow, Statement

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
AUTO = Item("a.auto", "proved", "", Kind.AUTO)
LAW = Item("a.law", "stated", "", Kind.ATTEST, sign_off=True)
TOLD = Item("a.told", "stated too", "", Kind.SEMI)
OFF = Item("a.off", "left out", "", Kind.ATTEST, off="not here")
PROJECT, PERSON = (SubjectKind.PROJECT,), (SubjectKind.PERSON,)
ONE = Checklist("one", 1, "One", "", PROJECT, (AUTO, LAW, TOLD, OFF))
TWO = Checklist("two", 1, "Two", "", PROJECT, (TOLD,))
MACHINE = Checklist("here", 1, "Here", "", (SubjectKind.MACHINE,), (TOLD,))
LEAVER = Checklist("leaver", 1, "Leaver", "", PERSON, (TOLD,))


def row(item="a.told", scope="project:p", ends=5, checklist="one", **more):
    return AttestationRow(checklist, item, scope, "ana", "so", NOW - DAY, NOW + ends * DAY, **more)


def found(*rows, lists=(ONE, TWO, MACHINE, LEAVER)):
    checklists = SimpleNamespace(rows=lambda: rows, library=SimpleNamespace(lists=lists))
    desk = SimpleNamespace(
        checklists=checklists, parts=SimpleNamespace(clock=SimpleNamespace(now=lambda: NOW), host="laptop")
    )
    return [(one.checklist.id, one.subject, one.stated, one.asked, one.ends) for one in places(desk)]


def test_a_list_that_nobody_began_is_there_once_and_this_machine_is_its_own_subject():
    assert found() == [
        ("one", "", 0, 2, None),
        ("two", "", 0, 1, None),
        ("here", "machine:laptop", 0, 1, None),
        ("leaver", "", 0, 1, None),
    ]


def test_it_was_begun_where_something_was_stated_in_it_or_in_no_list():
    assert found(row())[0] == ("one", "project:p", 1, 2, NOW + 5 * DAY)
    assert [one[:2] for one in found(row(checklist=""))[:2]] == [("one", "project:p"), ("two", "project:p")]
    assert [one[:2] for one in found(row(scope="project:*"))] == [one[:2] for one in found()], "a pattern is no subject"


def test_what_waits_for_a_signature_ended_or_was_only_put_off_does_not_hold():
    assert found(row("a.law"))[0][2] == 0
    assert found(row("a.law"), row("a.law", kind=Statement.AGREED))[0][2] == 0, "nobody agrees with themselves"
    assert found(row(ends=-1))[0][2:] == (0, 2, NOW - DAY)
    assert found(row(kind=Statement.SKIPPED))[0][2:] == (0, 2, None)
    assert found(row(), row(kind=Statement.WITHDRAWN))[0][2:] == (0, 2, None)


def test_what_ends_first_stands_first():
    listed = found(row(scope="project:late"), row(scope="project:over", ends=-2), row("a.auto", scope="project:none"))
    assert [one[1] for one in listed[:3]] == ["project:over", "project:late", "project:none"]

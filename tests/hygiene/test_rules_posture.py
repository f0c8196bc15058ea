"""The rule on what providers do with what is sent to them."""

import pytest

from keyward.hygiene.rules import BY_ID
from keyward.model.about import Known
from keyward.model.credential import State
from keyward.model.handling import Word
from keyward.model.usage import UseStatus
from tests.parts.estate import PROJECT, about, estate, judged, key, results, silent, used

POSTURE = BY_ID["KW-705"]
BUSY = key(last_use=used(1))
ASKED = (about(f"project:{PROJECT}", "services"), about(f"project:{PROJECT}", "billing", "on"))


def world(*words, held=BUSY, facts=ASKED):
    return estate(held, *facts, data={held.id: words})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((Word.UNKNOWN,), ["nobody looked it up"]),
        ((Word.PAID, Word.STALE), ["more than 180 days ago"]),
        ((Word.UNKNOWN, Word.STALE), ["nobody looked it up", "more than 180 days ago"]),
    ],
)
def test_what_is_not_settled_or_old_is_told_of_a_key_in_use(words, said):
    (found,) = judged(POSTURE, BUSY, world(*words))
    assert found.result.value == "fail"
    assert [part in line for part, line in zip(said, found.evidence, strict=True)] == [True] * len(said)
    assert found.fix.commands == (f"keyward show {BUSY.id}",)


def test_what_is_known_is_fine_whatever_it_is():
    assert results(POSTURE, BUSY, world(Word.TRAINS, Word.UNPAID, Word.ATTEST)) == ["pass"]
    assert results(POSTURE, key(), world(Word.PAID, held=key())) == ["pass"], (
        "also of a key of whose use nothing is known"
    )


def test_it_is_about_keys_that_live_are_used_and_have_a_service():
    assert results(POSTURE, BUSY, world(Word.NONE)) == []
    assert results(POSTURE, key(state=State.RESTORABLE, last_use=used(1)), world(Word.UNKNOWN)) == []
    for status in (UseStatus.NEVER, UseStatus.NOT_SEEN):
        held = key(last_use=silent(status))
        assert results(POSTURE, held, world(Word.UNKNOWN, held=held)) == []


@pytest.mark.parametrize("status", [UseStatus.DENIED, UseStatus.UNSUPPORTED, UseStatus.FAILED, UseStatus.NOT_SCANNED])
def test_whether_it_is_used_may_not_be_known(status):
    held = key(last_use=silent(status))
    (found,) = judged(POSTURE, held, world(Word.STALE, held=held))
    assert (found.result.value, found.evidence[0]) == ("unknown", f"whether it is used: {status.value}")


@pytest.mark.parametrize(("missing", "left"), [("services", ASKED[1]), ("billing", ASKED[0])])
def test_what_an_api_did_not_answer_is_not_known(missing, left):
    refused = about(f"project:{PROJECT}", missing, status=Known.DENIED, detail="It needs something.")
    for facts, said in (((left,), ": not asked for"), ((left, refused), "denied (It needs something.)")):
        (found,) = judged(POSTURE, BUSY, world(Word.UNKNOWN, facts=facts))
        assert found.result.value == "unknown"
        assert found.evidence[0].startswith(f"{missing} of {PROJECT}")
        assert said in found.evidence[0]
        assert found.fix.commands == ("keyward scan --context",)


def test_restrictions_that_are_not_known_leave_open_what_it_reaches():
    held = key(last_use=used(1), restrictions=None)
    (found,) = judged(POSTURE, held, world(Word.UNKNOWN, held=held))
    assert (found.result.value, found.evidence) == ("unknown", ("its restrictions are not known",))


def test_a_key_that_no_project_holds_has_nobody_to_ask():
    held = key("abc", provider="shape", project="openai", last_use=used(1), restrictions=None)
    for data in ({held.id: (Word.UNKNOWN,)}, {}):
        assert results(POSTURE, held, estate(held, data=data, projects=())) == ["fail"]

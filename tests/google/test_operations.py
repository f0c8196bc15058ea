from datetime import timedelta

import pytest

from keyward.google.errors import GoogleError, GoogleFailure
from keyward.google.operations import Operations
from keyward.model.errors import Ambiguous, Interrupted
from tests.parts.cloud import Time


class FakeServices:
    """Stands where the polls go; the real ones are tested with the provider against the emulator."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    def api(self, *path):
        return self

    def get(self, name):
        self.asked.append(name)
        return name

    def execute(self, request, ctx, call):
        answer = self.answers.pop(0)
        if isinstance(answer, GoogleError):
            raise GoogleFailure(answer)
        return answer


PENDING = {"name": "operations/akmf.p7-1-x"}


def wait(services, operation=PENDING, time=None, *, quick=False):
    time = time or Time()
    return Operations(services, "apikeys", quick=quick).wait(operation, time.ctx(), project="acme", what="Creating it")


def test_one_that_is_done_is_not_asked_about():
    services = FakeServices()
    assert wait(services, {"done": True, "response": {"uid": "u"}}) == {"uid": "u"}
    assert services.asked == []


def test_polls_are_at_least_two_seconds_apart_on_google_and_get_slower():
    time = Time()
    services = FakeServices(*[PENDING] * 6, {**PENDING, "done": True, "response": {}})
    wait(services, time=time)
    assert len(services.asked) == 7
    assert min(time.waits) >= 2
    assert time.waits == sorted(time.waits)
    assert max(time.waits) <= 10


def test_polls_are_quick_on_this_machine():
    time = Time()
    wait(FakeServices({"done": True}), time=time, quick=True)
    assert sum(time.waits) < 0.2


def test_one_that_failed_did_nothing():
    status = {"code": 9, "message": "No room."}
    with pytest.raises(GoogleFailure) as caught:
        wait(FakeServices({"done": True, "error": status}))
    assert caught.value.error.status == "FAILED_PRECONDITION"


def test_one_that_cannot_be_seen_is_ambiguous():
    with pytest.raises(Ambiguous, match="PERMISSION_DENIED"):
        wait(FakeServices(GoogleError(403, "PERMISSION_DENIED", message="operations.get")))


def test_one_that_never_ends_is_ambiguous_at_the_deadline():
    time = Time()
    start = time.at
    with pytest.raises(Ambiguous):
        wait(FakeServices(*[PENDING] * 1000), time=time)
    assert time.at - start < timedelta(minutes=6)


def test_an_empty_answer_is_ambiguous():
    with pytest.raises(Ambiguous):
        wait(FakeServices(), {})


def test_cancel_ends_the_waiting():
    time = Time()
    time.wait = lambda seconds: False
    with pytest.raises(Interrupted):
        wait(FakeServices(), time=time)


def test_no_error_shows_what_an_operation_holds():
    hidden = {"name": "", "response": {"keyString": "canary-value"}, "metadata": {"keyString": "canary-value"}}
    with pytest.raises(Ambiguous) as caught:
        wait(FakeServices(), hidden)
    assert "canary" not in str(caught.value) + repr(caught.value)

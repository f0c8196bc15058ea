"""Quota, patience and the project that is charged."""

import threading
from datetime import timedelta

import pytest

from keyward.google.calls import Call, Calls
from keyward.google.errors import GoogleError, GoogleFailure
from keyward.google.quota import LIMITS, Budget, Quotas
from keyward.google.retry import Patience
from keyward.model.errors import Interrupted
from keyward.model.events import QuotaWait
from tests.parts.cloud import Time

DROPPED = GoogleError(message="reset")
UNSENT = GoogleError(message="refused", sent=False)
BUSY = GoogleError(503, "UNAVAILABLE")
THROTTLED = GoogleError(429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED")
OFF = GoogleError(403, "PERMISSION_DENIED", "SERVICE_DISABLED")
NOT_MINE = GoogleError(403, "PERMISSION_DENIED", "USER_PROJECT_DENIED")
DENIED = GoogleError(403, "PERMISSION_DENIED", "IAM_PERMISSION_DENIED")
READS, WRITES = Budget("apikeys", "read", "acme"), Budget("apikeys", "write", "acme")


class Script:
    """Answers with the next entry: an error is raised, anything else returned. Keeps the projects that were charged."""

    def __init__(self, *entries):
        self.entries = list(entries)
        self.charged = []

    def __call__(self, charged):
        self.charged.append(charged)
        entry = self.entries.pop(0)
        if isinstance(entry, GoogleError):
            raise GoogleFailure(entry)
        return entry


def run(script, time=None, call=None, home="home", **ctx):
    time = time or Time()
    return Calls(Quotas(), home).run(script, time.ctx(**ctx), call or Call("apikeys", "acme"))


def test_reads_are_tried_again_with_growing_pauses():
    time = Time()
    assert run(Script(BUSY, DROPPED, UNSENT, BUSY, "ok"), time) == "ok"
    assert len(time.waits) == 4
    assert all(pause <= 16 for pause in time.waits)


def test_patience_ends():
    script = Script(*[BUSY] * 50)
    with pytest.raises(GoogleFailure) as caught:
        run(script)
    assert caught.value.error is BUSY
    assert len(script.charged) == Patience().tries


def test_what_may_have_been_done_is_never_sent_again():
    for error in (DROPPED, BUSY, GoogleError(500, "INTERNAL"), GoogleError(504, "DEADLINE_EXCEEDED")):
        script = Script(error, "twice")
        with pytest.raises(GoogleFailure):
            run(script, call=Call("apikeys", "acme", "write", idempotent=False))
        assert len(script.charged) == 1


def test_what_was_certainly_not_done_is_sent_again_even_when_it_changes_something():
    call = Call("apikeys", "acme", "write", idempotent=False)
    assert run(Script(THROTTLED, UNSENT, "ok"), call=call) == "ok"


def test_a_definite_no_is_final():
    script = Script(DENIED, "ok")
    with pytest.raises(GoogleFailure):
        run(script)
    assert len(script.charged) == 1


def test_the_servers_wait_is_kept_and_holds_everybody_back():
    time, events = Time(), []
    wait = GoogleError(429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED", retry_after=30)
    assert run(Script(wait, "ok"), time, report=events.append) == "ok"
    assert 30 <= sum(time.waits) <= 31
    assert isinstance(events[0], QuotaWait)
    assert events[0].api == "apikeys.googleapis.com"
    assert events[0].until >= time.at - timedelta(seconds=1)


def test_a_wait_of_an_hour_is_told_not_sat_out():
    script = Script(GoogleError(429, "RESOURCE_EXHAUSTED", retry_after=3600), "ok")
    with pytest.raises(GoogleFailure):
        run(script)


def test_no_try_begins_after_the_deadline():
    time = Time()
    script = Script(GoogleError(503, "UNAVAILABLE", retry_after=10), "late")
    with pytest.raises(GoogleFailure):
        run(script, time, deadline=time.at + timedelta(seconds=5))
    assert len(script.charged) == 1


def test_cancel_ends_waiting_and_trying():
    cancel = threading.Event()
    cancel.set()
    script = Script("ok")
    with pytest.raises(Interrupted):
        run(script, cancel=cancel)
    assert script.charged == []
    time = Time()
    time.wait = lambda seconds: False
    with pytest.raises(Interrupted):
        run(Script(BUSY, "ok"), time)


def test_our_own_bugs_are_not_retried():
    def bug(charged):
        raise KeyError(charged)

    with pytest.raises(KeyError):
        run(bug)


@pytest.mark.parametrize("refusal", [OFF, NOT_MINE])
def test_quota_is_charged_to_the_project_and_to_the_home_project_where_it_refuses(refusal):
    calls, time = Calls(Quotas(), "home"), Time()
    script = Script(refusal, "first", "second", "other")
    call = Call("apikeys", "acme")
    assert calls.run(script, time.ctx(), call) == "first"
    assert calls.run(script, time.ctx(), call) == "second"
    assert calls.run(script, time.ctx(), Call("apikeys", "other")) == "other"
    assert script.charged == ["acme", "home", "home", "other"]


def test_the_context_names_another_home():
    script = Script(OFF, "ok")
    run(script, quota_project="named")
    assert script.charged == ["acme", "named"]


def test_the_projects_own_refusal_is_the_one_that_is_told():
    own, homes = (
        GoogleError(403, "PERMISSION_DENIED", "SERVICE_DISABLED", metadata={"consumer": name}) for name in "ab"
    )
    with pytest.raises(GoogleFailure) as caught:
        run(Script(own, homes))
    assert caught.value.error is own
    with pytest.raises(GoogleFailure) as caught:
        run(Script(own, DENIED))
    assert caught.value.error is DENIED


def test_a_denial_is_not_asked_about_twice():
    script = Script(DENIED, "ok")
    with pytest.raises(GoogleFailure):
        run(script)
    assert script.charged == ["acme"]


def test_no_minute_holds_more_requests_than_the_quota():
    time, quotas, sent = Time(), Quotas(), []
    limit = LIMITS["apikeys", "write"]
    for _ in range(3 * limit):
        quotas.take(WRITES, time.ctx())
        sent.append(time.at)
    for index in range(len(sent) - limit):
        assert sent[index + limit] - sent[index] >= timedelta(minutes=1)
    assert sent[-1] - sent[0] <= timedelta(minutes=2, seconds=1)


def test_quotas_are_apart_by_project_api_and_kind():
    time, quotas = Time(), Quotas()
    for _ in range(LIMITS["apikeys", "write"]):
        quotas.take(WRITES, time.ctx())
    quotas.take(WRITES._replace(project="other"), time.ctx())
    quotas.take(READS, time.ctx())
    quotas.take(WRITES._replace(api="secretmanager"), time.ctx())
    quotas.take(READS._replace(api="monitoring"), time.ctx())
    assert time.waits == []


def test_a_clock_that_is_set_back_does_not_lock_anybody_out():
    time, quotas = Time(), Quotas()
    for _ in range(LIMITS["apikeys", "write"]):
        quotas.take(WRITES, time.ctx())
    quotas.refused(WRITES, time.at, time.at, 30, None)
    time.at -= timedelta(days=30)
    quotas.take(WRITES, time.ctx())
    assert time.waits == []


class Google:
    """Counts in whole minutes, as Google may: `limit` requests in each are let through. `named` is the limit it tells."""

    def __init__(self, time, limit, named=None):
        self.time, self.limit, self.named = time, limit, named
        self.minutes, self.refused = {}, []

    def __call__(self, charged):
        minute = int(self.time.at.timestamp() // 60)
        self.time.at += timedelta(milliseconds=20)
        if self.minutes.get(minute, 0) >= self.limit:
            self.refused.append(self.time.at)
            told = {"quota_limit_value": str(self.named), "quota_unit": "1/min/{project}"} if self.named else {}
            raise GoogleFailure(GoogleError(429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED", metadata=told))
        self.minutes[minute] = self.minutes.get(minute, 0) + 1
        return "ok"


def ask(calls, google, times):
    """Ask so often; how many minutes it took."""
    began = google.time.at
    for _ in range(times):
        assert calls.run(google, google.time.ctx(), Call("apikeys", "acme")) == "ok"
    return (google.time.at - began) / timedelta(minutes=1)


@pytest.mark.parametrize("named", [None, 60])
def test_a_limit_lower_than_the_published_one_is_learnt_and_costs_no_error_and_little_time(named):
    calls, google = Calls(Quotas()), Google(Time(), 60, named)
    assert ask(calls, google, 600) <= 9 * 1.1 + (0 if named else 0.5)
    assert calls.quotas.limit(READS) <= (60 if named else 75)
    # Told the limit, it is passed once; without that it is tried again with every growth.
    assert len(google.refused) <= (1 if named else 40)


def test_a_limit_that_was_learnt_grows_again_up_to_the_published_one():
    calls, google = Calls(Quotas()), Google(Time(), 60)
    ask(calls, google, 300)
    google.limit, many = 10_000, LIMITS["apikeys", "read"]
    ask(calls, google, 8 * many)
    assert calls.quotas.limit(READS) == many
    assert ask(calls, google, 4 * many) <= 4.1


def test_one_goes_ahead_after_a_refusal_and_the_others_follow_when_it_got_through():
    time, quotas = Time(), Quotas()
    first = [quotas.take(READS, time.ctx()) for _ in range(8)]
    time.at += timedelta(seconds=1)
    for sent in first:
        quotas.refused(READS, sent, time.at, 5, None)
    quotas.take(READS, time.ctx())
    waited = sum(time.waits)
    assert 5 <= waited < 6
    time.wait = lambda seconds: quotas.answered(READS, time.at) is None
    quotas.take(READS, time.ctx())  # waits for the answer of the one before, and for nothing else
    quotas.take(READS, time.ctx())
    assert sum(time.waits) == waited


def test_an_api_without_a_published_limit_is_held_back_once_it_refused():
    calls, time = Calls(Quotas()), Time()
    google, call = Google(time, 100), Call("monitoring", "acme")
    for _ in range(400):
        assert calls.run(google, time.ctx(), call) == "ok"
    assert 0 < len(google.refused) <= 20
    assert calls.quotas.limit(Budget("monitoring", "read", "acme")) <= 125


@pytest.mark.parametrize(
    "told", [{"quota_limit_value": "0"}, {"quota_limit": "ReadRequestsPerDayPerProject", "quota_limit_value": "9"}]
)
def test_a_quota_that_does_not_come_back_within_minutes_is_an_error(told):
    time = Time()
    script = Script(GoogleError(429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED", metadata=told), "ok")
    with pytest.raises(GoogleFailure):
        run(script, time)
    assert time.waits == []


def test_a_quota_that_lets_nothing_through_for_ten_minutes_is_an_error():
    time = Time()
    with pytest.raises(GoogleFailure):
        run(Script(*[THROTTLED] * 1000), time)
    assert 600 <= sum(time.waits) <= 620


def test_a_used_up_quota_is_not_waited_for_beyond_the_deadline():
    time, quotas = Time(), Quotas()
    for _ in range(LIMITS["apikeys", "read"]):
        quotas.take(READS, time.ctx())
    with pytest.raises(GoogleFailure, match="quota for read requests of acme is used up until 12:01:00 UTC"):
        quotas.take(READS, time.ctx(deadline=time.at + timedelta(seconds=30)))
    assert time.waits == []

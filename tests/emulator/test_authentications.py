"""When service account keys were used, as Monitoring tells it."""

from datetime import timedelta

import pytest

from keyward.emulator.accountkeys.state import AccountKeys
from keyward.emulator.clock import parse, seconds
from tests.emulator.account_parts import make_account
from tests.parts.emulator import START, discovery, good

KEY = "iam.googleapis.com/service_account/key/authn_events_count"
ACCOUNT = "iam.googleapis.com/service_account/authn_events_count"


@pytest.fixture
def used(make_emulator):
    """An account with two keys, one used 4 h, 10 days and 50 days ago, the other 1 h and 5 h ago."""
    emulator = make_emulator(rate=0, grpc=False)
    account = make_account(emulator)
    state = emulator.world.state(AccountKeys)
    keys = [state.plant(account, made=START - timedelta(days=100)).key_id for _ in range(2)]
    for key, hours, count in ((0, 4, 2), (0, 240, 3), (0, 1200, 5), (1, 1, 7), (1, 5, 11)):
        when = seconds(START - timedelta(hours=hours))
        good(emulator, "POST", "/emulator/v1/account-key", {"key": keys[key], "uses": count, "when": when})
    return emulator, account, keys


def series(emulator, metric=KEY, groups=("metric.labels.key_id", "resource.labels.unique_id"), more=""):
    now = emulator.world.clock.now()
    with discovery(emulator, "monitoring", "v3") as service:
        answer = (
            service.projects()
            .timeSeries()
            .list(
                name="projects/p1",
                filter=f'metric.type="{metric}" AND resource.type="iam_service_account"{more}',
                interval_startTime=seconds(now - timedelta(days=42)),
                interval_endTime=seconds(now),
                aggregation_alignmentPeriod="3600s",
                aggregation_perSeriesAligner="ALIGN_SUM",
                aggregation_crossSeriesReducer="REDUCE_SUM",
                aggregation_groupByFields=list(groups),
            )
            .execute()
        )
    return answer.get("timeSeries", [])


def counts(found, label="key_id"):
    return {
        one["metric"].get("labels", {}).get(label): [p["value"]["int64Value"] for p in one["points"]] for one in found
    }


def test_each_key_has_its_series(used):
    emulator, account, keys = used
    found = series(emulator)
    # What is younger than three hours is not there yet, what is older than six weeks not any more.
    assert counts(found) == {keys[0]: ["2", "3"], keys[1]: ["11"]}
    (first, _) = sorted(found, key=lambda one: one["metric"]["labels"]["key_id"] != keys[0])
    assert first["resource"] == {
        "type": "iam_service_account",
        "labels": {"project_id": "p1", "unique_id": account.unique_id},
    }
    newest = parse(first["points"][0]["interval"]["endTime"])
    assert timedelta(hours=3) <= START - newest <= timedelta(hours=4)
    emulator.world.behaviour.change({"authn_delay_seconds": 0})
    assert counts(series(emulator))[keys[1]] == ["7", "11"]


def test_a_filter_for_one_key(used):
    emulator, _, keys = used
    assert list(counts(series(emulator, more=f' AND metric.labels.key_id="{keys[1]}"'))) == [keys[1]]


def test_a_disabled_key_has_none_and_a_deleted_one_keeps_its_own(used):
    emulator, account, keys = used
    path = f"/v1/projects/p1/serviceAccounts/{account.email}/keys"
    good(emulator, "POST", f"{path}/{keys[0]}:disable")
    good(emulator, "DELETE", f"{path}/{keys[1]}")
    assert set(counts(series(emulator))) == {keys[1]}


def test_an_account_has_the_sum_of_its_keys(used):
    emulator, account, keys = used
    path = f"/v1/projects/p1/serviceAccounts/{account.email}/keys"
    good(emulator, "POST", f"{path}/{keys[0]}:disable")
    (found,) = series(emulator, ACCOUNT, ("resource.labels.unique_id",))
    assert found["metric"] == {"type": ACCOUNT}
    assert [point["value"]["int64Value"] for point in found["points"]] == ["2", "11", "3"]


def test_requests_with_api_keys_are_another_metric(used):
    emulator, _, _ = used
    assert series(emulator, "serviceruntime.googleapis.com/api/request_count", ()) == []

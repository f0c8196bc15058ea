"""What was seen a moment ago stands in for a question, for seconds and for clouds only."""

import pytest

from keyward.model.credential import Credential, Kind, State
from keyward.model.ids import CredentialRef, SecretRef
from keyward.model.secret import Secret
from keyward.model.secretinfo import Payload
from keyward.rotation.sightings import JUST_NOW, RECENT, Sightings

SECRET = SecretRef("gsm", ("p", "app"), "p")
KEY = CredentialRef("google-api-keys", "p", ("k",))


@pytest.fixture
def time():
    return [1000.0]


@pytest.fixture
def sightings(time):
    return Sightings(lambda: time[0])


def _payload(text="x"):
    return Payload(Secret.of(text), "1", "1")


def test_a_payload_counts_as_read_now_for_seconds(sightings, time):
    seen = sightings.watch(SECRET, _payload)
    time[0] += JUST_NOW
    assert sightings.just_now(SECRET) is seen
    time[0] += 0.1
    assert sightings.just_now(SECRET) is None
    assert sightings.recent() == {SECRET: seen}
    time[0] += RECENT
    assert sightings.recent() == {}


def test_its_age_is_counted_from_the_question_not_from_the_answer(sightings, time):
    def slow():
        time[0] += JUST_NOW + 1
        return _payload()

    sightings.watch(SECRET, slow)
    assert sightings.just_now(SECRET) is None


def test_what_could_not_be_read_or_is_about_to_change_is_forgotten(sightings):
    sightings.watch(SECRET, _payload)
    with pytest.raises(OSError, match="no answer"):
        sightings.watch(SECRET, lambda: (_ for _ in ()).throw(OSError("no answer")))
    assert sightings.just_now(SECRET) is None
    sightings.watch(SECRET, _payload)
    sightings.forget(SECRET)
    assert sightings.just_now(SECRET) is None


def test_a_key_counts_once_and_only_where_its_provider_compares_an_etag(sightings, time):
    with_etag = Credential(KEY, Kind.API_KEY, State.ACTIVE, etag="1")
    sightings.key(KEY, lambda: with_etag)
    assert sightings.key_just_now(KEY) is with_etag
    assert sightings.key_just_now(KEY) is None
    sightings.key(KEY, lambda: Credential(KEY, Kind.API_KEY, State.ACTIVE))
    assert sightings.key_just_now(KEY) is None
    sightings.key(KEY, lambda: with_etag)
    time[0] += RECENT + 0.1
    assert sightings.key_just_now(KEY) is None

"""Whose a value is, whether keys work, and where they are right now."""

import random
import threading
from dataclasses import replace

import pytest

from keyward.inventory.cache_write import CacheWriter
from keyward.inventory.identify import identify
from keyward.inventory.look import Looker
from keyward.inventory.verify import Verifier
from keyward.model.detectors import BY_KIND
from keyward.model.errors import Interrupted
from keyward.model.fingerprint import FingerprintKey
from keyward.model.ids import CredentialRef
from keyward.model.secret import Secret
from keyward.model.verdict import VerdictKind
from tests.parts.scanning import KEY, made_up

GEMINI = {"apiTargets": [{"service": "generativelanguage.googleapis.com"}]}


def test_a_listed_key_is_found_with_its_places_and_nobody_is_asked(machine):
    key = machine.plant_key()
    machine.plant_secret("web", key.key_string)
    machine.scan()
    asked = len(machine.calls())
    found = identify(Secret.of(f" {key.key_string}\n"), machine.reader(), KEY)
    assert (found.keys, found.listed, found.shape, found.issuer) == (
        (machine.id(key),),
        True,
        "google-api-key",
        "Google",
    )
    assert [str(one.at) for one in found.placements] == ["gsm:acme/web@1"]
    assert (found.not_looked, found.unread) == (0, 0)
    assert machine.calls(since=asked) == []
    assert key.key_string not in repr(found)


def test_not_found_says_what_was_not_looked_at(machine):
    machine.plant_key()
    machine.plant_secret("web", "one", "two")
    machine.scan(values=False)
    value = Secret(BY_KIND["google-api-key"].sample(random.Random(4)))
    found = identify(value, machine.reader(), KEY)
    assert (found.listed, found.placements, found.not_looked, found.unread) == (False, (), 2, 1)
    assert found.keys == (f"shape:google-api-key/{KEY.fingerprint(value)[:16]}",)


def test_a_word_is_nobodys_and_has_no_fingerprint(machine):
    found = identify(Secret(b"hunter2"), machine.reader(), KEY)
    assert (found.keys, found.fingerprint, found.shape) == ((), "", "")


def test_a_lookup_is_made_only_when_it_is_asked_for_and_nothing_is_known(machine):
    key = machine.plant_key()
    machine.scan()
    asked = []

    def lookup(value):
        asked.append(len(value))
        return "google-api-keys:elsewhere/1"

    assert identify(Secret.of(key.key_string), machine.reader(), KEY, lookup=lookup).by_lookup is False
    assert asked == []
    other = identify(Secret(BY_KIND["google-api-key"].sample(random.Random(4))), machine.reader(), KEY, lookup=lookup)
    assert (other.keys, other.by_lookup, other.listed) == (("google-api-keys:elsewhere/1",), True, True)


def test_fingerprints_of_another_key_say_nothing(machine):
    key = machine.plant_key()
    machine.scan()
    other = FingerprintKey("other", Secret(b"o" * 32))
    assert identify(Secret.of(key.key_string), machine.reader(), other).listed is False


def verifier(machine, **more):
    stores = {"gsm": machine.gsm, "env": machine.env}
    names = {"google-api-keys": machine.provider}
    return Verifier(names.get, stores.__getitem__, machine.ledger, more.get("ctx", machine.ctx))


def test_a_live_key_works_and_the_ledger_remembers_that_keyward_used_it(machine):
    key = machine.plant_key(restrictions=GEMINI)
    machine.scan()
    reader = machine.reader()
    verdict = verifier(machine).verify(reader.credential(machine.id(key)))
    assert verdict.kind is VerdictKind.WORKS
    [probe] = machine.ledger.probes(machine.id(key), verdict.at.replace(year=2020))
    assert (probe.verdict, probe.at) == ("works", verdict.at)


def test_a_key_by_shape_is_tried_with_the_value_in_its_place(machine):
    elsewhere = machine.plant_key(project="other", restrictions=GEMINI)
    machine.file(".env", f"A={elsewhere.key_string}\n")
    machine.scan()
    reader = machine.reader()
    [one] = list(reader.credentials())
    placements = reader.placements(one.id)
    assert verifier(machine).verify(one, placements).kind is VerdictKind.WORKS


def test_what_cannot_be_tried_is_unproved_and_says_why(machine):
    value = BY_KIND["openai"].sample(random.Random(1)).decode()
    machine.file(".env", f"A={value}\n")
    machine.scan()
    [one] = list(machine.reader().credentials())
    verdict = verifier(machine).verify(one, machine.reader().placements(one.id))
    assert (verdict.kind, verdict.reason) == (VerdictKind.UNPROVED, "not-tried")
    assert "OpenAI" in verdict.evidence
    assert machine.ledger.probes(one.id, machine.ctx.now.replace(year=2020)) == []


def test_a_key_that_is_gone_is_dead(machine):
    key = machine.plant_key()
    machine.scan()
    one = machine.reader().credential(machine.id(key))
    gone = replace(one, ref=CredentialRef("google-api-keys", "acme", ("no-such-uid",)))
    assert verifier(machine).verify(gone).kind is VerdictKind.DEAD


@pytest.fixture
def looker(machine):
    made = []

    def make(ledger=None, ctx=None, **more):
        request = machine.request(**more)
        one = Looker(request, lambda: CacheWriter(machine.cache_file, "test", print), KEY, ctx or machine.ctx, ledger)
        made.append(one)
        return one

    yield make
    for one in made:
        one.close()


def test_a_look_finds_the_key_now_whether_or_not_a_scan_knew_it(machine, looker):
    key = machine.plant_key()
    machine.plant_secret("web", key.key_string)
    path = machine.file(".env", f"A={key.key_string}\n")
    credential = machine.provider.get(next(iter(machine.provider.list("acme", machine.ctx))).ref, machine.ctx)
    credential = replace(credential, fingerprint=KEY.fingerprint(Secret.of(key.key_string)))
    coverage = looker(machine.ledger).look(credential)
    assert {str(one.target) for one in coverage.placements} == {"gsm:acme/web", f"env:{path}#A"}
    assert {one.host for one in coverage.placements} == {"", "here"}
    assert [(one.status.value, one.looked, one.not_looked) for one in coverage.sources] == [("ok", 1, 0)] * 2
    assert len(machine.ledger.placements()) == 2


def test_a_look_without_consent_reads_local_places_only_and_counts_the_rest(machine, looker):
    key = machine.plant_key()
    machine.plant_secret("web", key.key_string)
    machine.file(".env", f"A={key.key_string}\n")
    machine.scan()
    asked = len(machine.calls())
    credential = replace(
        machine.reader().credential(machine.id(key)), fingerprint=KEY.fingerprint(Secret.of(key.key_string))
    )
    coverage = looker(values=False).look(credential)
    assert [one.at.secret.store for one in coverage.placements] == ["env"]
    assert {one.id.partition(":")[0]: (one.looked, one.not_looked) for one in coverage.sources} == {
        "gsm": (0, 1),
        "env": (1, 0),
    }
    assert machine.calls("versions.access", "secrets.list", since=asked) == []


def test_many_keys_asked_at_once_are_one_look(machine, looker):
    keys = [machine.plant_key(f"k{number}") for number in range(8)]
    machine.plant_secret("web", *[key.key_string for key in keys])
    machine.scan()
    one = looker()
    asked, found = len(machine.calls()), []
    credentials = list(machine.reader().credentials())
    threads = [threading.Thread(target=lambda it=it: found.append(one.look(it))) for it in credentials]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(coverage.placements) for coverage in found] == [1] * 8
    assert len(machine.calls("secrets.list", since=asked)) == 1
    assert machine.calls("versions.access", since=asked) == []


def test_a_cancelled_look_is_no_answer(machine, looker):
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Interrupted):
        looker(ctx=replace(machine.ctx, cancel=cancel)).look(made_up(1, fingerprint="ab" * 32))

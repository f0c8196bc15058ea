"""Single requests told to who wants to see them: where to, how it ended, how long it took; never a value, a token or what was asked for."""

from dataclasses import replace

import pytest

from keyward.emulator.faults import Fault
from keyward.google.http import Http
from keyward.google.told import Timed
from keyward.model.errors import KeywardError, SourceError
from keyward.model.events import CallMade
from keyward.model.ids import SecretRef
from keyward.model.secret import Secret
from keyward.providers.google_api_keys import provider
from keyward.stores.gsm import store
from tests.parts.cloud import emulator_ctx, surroundings
from tests.parts.emulator import make_key


class Cloud:
    def __init__(self, emulator, tmp_path):
        self.emulator, self.heard = emulator, []
        self.around = surroundings(emulator.environment(), tmp_path)
        self.silent = emulator_ctx(emulator, report=self.heard.append)
        self.ctx = replace(self.silent, calls=True)
        self.project = emulator.world.new_project("acme")

    def calls(self):
        found, self.heard[:] = [one for one in self.heard if isinstance(one, CallMade)], []
        return found


@pytest.fixture(params=["grpc", "rest"])
def cloud(request, make_emulator, tmp_path):
    found = Cloud(make_emulator(grpc=request.param == "grpc"), tmp_path)
    yield found
    found.around.close()


def test_each_request_of_a_client_is_told_once_with_method_path_status_and_time(cloud):
    make_key(cloud.emulator, "acme")
    google = provider(cloud.around)
    list(google.list("acme", cloud.ctx))
    (call,) = cloud.calls()
    assert (call.method, call.status, call.host) == ("GET", "200", "127.0.0.1")
    assert call.path.startswith("/v2/projects/acme/locations/global/keys?")
    assert "=" not in call.path, "of what was asked for only the names"
    assert 0 <= call.milliseconds < 30_000
    assert call.at <= cloud.ctx.now


def test_a_probe_is_told_without_the_key_that_it_tries(cloud):
    google = provider(cloud.around)
    value = Secret.of("AIza" + "x" * 35)
    google.verify(value, None, cloud.ctx)
    (call,) = cloud.calls()
    assert (call.method, call.path, call.status) == ("GET", "/v1beta/models?pageSize", "400")
    assert "xxxx" not in repr(call)


def test_reading_and_writing_a_secret_is_told_by_procedure_and_name(cloud):
    secrets, ref = store(cloud.around), SecretRef("gsm", ("acme", "web"), "acme")
    with pytest.raises(KeywardError):
        secrets.read(ref, cloud.ctx)
    (missing,) = cloud.calls()
    assert (missing.method, missing.status) == ("RPC", "NOT_FOUND")
    assert missing.path == "AccessSecretVersion projects/acme/secrets/web/versions/latest"
    secrets.create(ref, None, cloud.ctx)
    secrets.write(ref, Secret.of("the payload"), cloud.ctx, expect="", mark="r1")
    assert "the payload" in secrets.read(ref, cloud.ctx).data.reveal_text()
    calls = cloud.calls()
    assert {one.path.split()[0] for one in calls} >= {"CreateSecret", "AddSecretVersion", "AccessSecretVersion"}
    assert {one.status for one in calls} == {"OK"}
    assert "the payload" not in repr(calls)


def test_each_try_is_told_and_one_without_an_answer_says_so(cloud):
    cloud.emulator.world.faults.add(Fault(rpc="keys.list$", status="UNAVAILABLE", times=1))
    list(provider(cloud.around).list("acme", cloud.ctx))
    assert [one.status for one in cloud.calls()] == ["503", "200"]
    nobody = Http(None, timeout=2.0).telling(cloud.ctx)
    with pytest.raises(OSError, match="refused"):
        nobody.request("http://127.0.0.1:1/v1/x?token=abc")
    (call,) = cloud.calls()
    assert (call.path, call.status) == ("/v1/x?token", "no answer")


def test_who_does_not_ask_for_it_hears_nothing_and_pays_nothing(cloud):
    http = Http(None)
    assert http.telling(cloud.silent) is http
    list(provider(cloud.around).list("acme", cloud.silent))
    with pytest.raises((SourceError, KeywardError)):
        store(cloud.around).read(SecretRef("gsm", ("acme", "web"), "acme"), cloud.silent)
    Timed(cloud.silent, "GET", "http://h/x").ended(200)
    assert cloud.calls() == []


def test_a_key_that_should_ever_stand_in_an_address_is_hidden(cloud):
    key = "AIza" + "Sy" + "B" * 33
    Timed(cloud.ctx, "GET", f"http://h/v1/keys/{key}?key={key}&key=2&x").ended(200)
    (call,) = cloud.calls()
    assert key not in call.path
    assert call.path.endswith("?key&x")

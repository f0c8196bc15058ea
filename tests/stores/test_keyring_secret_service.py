"""A real gnome-keyring: locked, gone, silent, with several collections and with entries that others made."""

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from keyward.model.capability import Can, Ready
from keyward.model.errors import Ambiguous, Gone, Refused, SourceError
from keyward.model.ids import SecretRef
from keyward.model.secret import Secret
from keyward.model.surroundings import Surroundings
from keyward.stores import keyring_secret_service
from keyward.stores.keyring_ring import ref_of
from keyward.stores.os_keyring import store
from tests.contract.stores import CANARY, MARK, a_ctx
from tests.parts.secret_service import running


def kept(environ, *services):
    folder = Path("/nonexistent")
    options = {"keyring.services": services or ("*",)}
    return store(Surroundings(environ, folder, folder, folder, "here", folder, options=options))


@contextlib.contextmanager
def collection_of(environ):
    import secretstorage
    from jeepney.io.blocking import open_dbus_connection

    with contextlib.closing(open_dbus_connection(environ["DBUS_SESSION_BUS_ADDRESS"])) as connection:
        yield secretstorage.get_default_collection(connection)


def put(environ, attributes, value=b"old"):
    with collection_of(environ) as collection:
        collection.create_item("label", attributes, value)


def values(environ, attributes):
    with collection_of(environ) as collection:
        return [item.get_secret() for item in collection.search_items(attributes)]


@pytest.fixture
def service():
    return f"s-{secrets.token_hex(6)}"


@pytest.fixture
def entry(secret_service, service):
    put(secret_service, {"service": service, "username": "me"})
    return ref_of(service, "me")


def python(environ, code, *arguments, data=b""):
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, **environ},
        input=data,
        capture_output=True,
        check=True,
    )
    return done.stdout


def test_python_keyring_and_keyward_read_each_other(secret_service, service):
    python(
        secret_service,
        "import keyring, sys; keyring.set_password(sys.argv[1], 'me', sys.stdin.buffer.read().decode())",
        service,
        data="wört".encode(),
    )
    its, ref = kept(secret_service, service), ref_of(service, "me")
    (info,) = its.list("local", a_ctx())
    assert info.ref == ref
    assert abs(info.created - datetime.now(UTC)) < timedelta(minutes=5)
    payload = its.read(ref, a_ctx())
    assert payload.data.reveal_text() == "wört"
    its.write(ref, Secret(b"new"), a_ctx(), expect=payload.token, mark=MARK)
    code = "import keyring, sys; sys.stdout.write(keyring.get_password(sys.argv[1], 'me'))"
    assert python(secret_service, code, service) == b"new"
    assert len(values(secret_service, {"service": service})) == 1


def test_only_matching_services_and_only_entries_that_name_one(secret_service, service):
    put(secret_service, {"service": service, "username": "a"})
    put(secret_service, {"service": f"{service}-x", "username": "b"})
    put(secret_service, {"server": service, "user": "git"})
    put(secret_service, {"service": service.upper(), "username": "c"})
    listed = sorted(str(info.ref) for info in kept(secret_service, f"{service}*").list("local", a_ctx()))
    assert listed == [f"keyring:{service}-x/b", f"keyring:{service}/a"]


def test_an_entry_without_a_user_has_an_id_too(secret_service, service):
    put(secret_service, {"service": service})
    put(secret_service, {"service": service, "username": "me"}, b"mine")
    its, ref = kept(secret_service, service), SecretRef.parse(f"keyring:{service}/")
    assert ref_of(service, "") in {info.ref for info in its.list("local", a_ctx())}
    payload = its.read(ref, a_ctx())
    assert payload.data.reveal() == b"old"
    its.write(ref, Secret(b"new"), a_ctx(), expect=payload.token, mark=MARK)
    assert sorted(values(secret_service, {"service": service})) == [b"mine", b"new"]


def test_two_entries_of_one_name_are_listed_once_and_never_written(secret_service, service):
    for application in ("one", "two"):
        put(secret_service, {"service": service, "username": "me", "application": application}, application.encode())
    its, ref = kept(secret_service, service), ref_of(service, "me")
    (info,) = its.list("local", a_ctx())
    assert "2 entries" in info.unsafe
    assert its.get(ref, a_ctx()).unsafe == info.unsafe
    token = its.read(ref, a_ctx()).token
    with pytest.raises(Refused, match="2 entries"):
        its.write(ref, Secret(b"new"), a_ctx(), expect=token, mark=MARK)
    assert sorted(values(secret_service, {"service": service})) == [b"one", b"two"]
    assert its.preflight(ref, frozenset({Can.WRITE}), a_ctx())[0].ready is Ready.NO


@pytest.fixture(scope="module")
def locked_service(tmp_path_factory):
    home = tmp_path_factory.mktemp("locked")
    with running(home) as service:
        put(service.environ, {"service": "locked-away", "username": "me"}, CANARY)
    with running(home, "another password") as service:
        yield service.environ


def test_a_locked_keyring_is_denied_with_advice_and_asks_nobody(locked_service):
    its, ref = kept(locked_service), ref_of("locked-away", "me")
    began = time.monotonic()
    for ask in (
        lambda: list(its.list("local", a_ctx())),
        lambda: its.get(ref, a_ctx()),
        lambda: its.read(ref, a_ctx()),
        lambda: its.read(ref_of("never", "there"), a_ctx()),
    ):
        with pytest.raises(SourceError, match="locked") as error:
            ask()
        assert error.value.status == "denied"
        assert "Unlock" in error.value.hint
    with pytest.raises(Refused, match="not written") as refused:
        its.write(ref, Secret(b"new"), a_ctx(), expect="", mark=MARK)
    assert refused.value.reason == "denied"
    (answer,) = its.preflight(ref, frozenset({Can.READ, Can.WRITE}), a_ctx())
    assert (answer.ready, bool(answer.fix)) == (Ready.NO, True)
    assert time.monotonic() - began < 10


def test_a_locked_keyring_keeps_no_pending_secret_and_says_why(locked_service):
    its, ref = kept(locked_service), ref_of("keyward", "keyward-pending-01jtest")
    (answer,) = its.preflight(ref, frozenset({Can.SECRET_STORE}), a_ctx())
    assert answer.ready is Ready.NO
    assert "locked" in answer.why
    assert "Unlock it" in answer.fix
    with pytest.raises(Refused, match="locked"):
        its.create(ref, None, a_ctx())


def test_a_pending_secret_is_listed_by_no_scan(secret_service, service):
    its, ref = kept(secret_service), ref_of("keyward", f"keyward-pending-{secrets.token_hex(4)}")
    its.create(ref, None, a_ctx())
    try:
        assert [one for one in its.list("*", a_ctx()) if one.ref.locator[0] == "keyward"] == []
    finally:
        its.remove(ref, a_ctx())


def test_no_dialog_is_asked_for(locked_service, monkeypatch):
    import secretstorage.util

    def prompted(*_, **__):
        raise AssertionError("a dialog")

    monkeypatch.setattr(secretstorage.util, "exec_prompt", prompted)
    monkeypatch.setattr(secretstorage.util, "unlock_objects", prompted)
    monkeypatch.setattr("secretstorage.item.unlock_objects", prompted)
    monkeypatch.setattr("secretstorage.collection.unlock_objects", prompted)
    with pytest.raises(SourceError):
        kept(locked_service).read(ref_of("locked-away", "me"), a_ctx())


def test_a_locked_collection_beside_an_open_one_is_partial(tmp_path):
    with running(tmp_path) as service:
        put(service.environ, {"service": "open", "username": "me"})
        _second_collection(service.environ, "Second")
        its, found = kept(service.environ), []
        with pytest.raises(SourceError, match="Second") as partial:
            found.extend(str(info.ref) for info in its.list("local", a_ctx()))
        assert partial.value.status == "partial"
        assert found == ["keyring:open/me"]
        assert its.read(ref_of("open", "me"), a_ctx()).data.reveal() == b"old"
        with pytest.raises(SourceError) as denied:
            its.read(ref_of("hidden", "me"), a_ctx())
        assert denied.value.status == "denied"


def _second_collection(environ, label):
    """Made, filled and locked without a dialog, as only gnome-keyring's own tools may."""
    import secretstorage
    from jeepney import DBusAddress, new_method_call
    from secretstorage.util import format_secret, open_session

    with collection_of(environ) as collection:
        connection = collection.connection
        session = open_session(connection)
        service = DBusAddress(
            "/org/freedesktop/secrets",
            "org.freedesktop.secrets",
            "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface",
        )
        properties = {"org.freedesktop.Secret.Collection.Label": ("s", label)}
        master = format_secret(session, b"another password", "text/plain")
        call = new_method_call(service, "CreateWithMasterPassword", "a{sv}(oayays)", (properties, master))
        (path,) = connection.send_and_get_reply(call).body
        second = secretstorage.Collection(connection, path)
        second.create_item("label", {"service": "hidden", "username": "me"}, b"hidden")
        second.lock()
        assert second.is_locked()


def test_without_a_bus_or_a_keyring_it_is_unreachable(tmp_path):
    name = {"PYTHON_KEYRING_BACKEND": "keyring.backends.SecretService.Keyring"}
    ref = ref_of("service", "me")
    for environ in ({}, {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={tmp_path}/none"}, {"XDG_RUNTIME_DIR": str(tmp_path)}):
        its = kept(name | environ)
        for ask in (lambda its=its: list(its.list("local", a_ctx())), lambda its=its: its.read(ref, a_ctx())):
            with pytest.raises(SourceError) as error:
                ask()
            assert error.value.status == "unreachable"
        with pytest.raises(Refused):
            its.write(ref, Secret(b"new"), a_ctx(), expect="", mark=MARK)


def test_the_bus_is_found_in_the_runtime_folder(secret_service, entry):
    environ = {name: value for name, value in secret_service.items() if name != "DBUS_SESSION_BUS_ADDRESS"}
    assert kept(environ).read(entry, a_ctx()).data.reveal() == b"old"


def test_a_keyring_that_dies_or_hangs_is_unreachable_and_a_write_midway_ambiguous(tmp_path, monkeypatch):
    import secretstorage.item

    monkeypatch.setattr(keyring_secret_service, "_SECONDS", 0.3)
    with running(tmp_path) as service:
        put(service.environ, {"service": "s", "username": "me"})
        its, ref = kept(service.environ), ref_of("s", "me")
        token = its.read(ref, a_ctx()).token
        set_secret = secretstorage.item.Item.set_secret

        def hang(self, *arguments):
            service.daemon.send_signal(signal.SIGSTOP)
            set_secret(self, *arguments)

        monkeypatch.setattr(secretstorage.item.Item, "set_secret", hang)
        with pytest.raises(Ambiguous):
            its.write(ref, Secret(CANARY), a_ctx(), expect=token, mark=MARK)
        with pytest.raises(SourceError, match="no answer") as error:
            its.read(ref, a_ctx())
        assert error.value.status == "unreachable"
        service.daemon.send_signal(signal.SIGCONT)
        monkeypatch.setattr(keyring_secret_service, "_SECONDS", 20.0)
        assert its.read(ref, a_ctx()).data.reveal() in (b"old", CANARY)  # either: this is why it is ambiguous

        def land_and_lose(self, *arguments):
            set_secret(self, *arguments)
            raise ConnectionResetError("connection lost")

        monkeypatch.setattr(secretstorage.item.Item, "set_secret", land_and_lose)
        token = its.read(ref, a_ctx()).token
        its.write(ref, Secret(b"landed"), a_ctx(), expect=token, mark=MARK)

        def die(self, *arguments):
            service.stop_daemon()
            set_secret(self, *arguments)

        monkeypatch.setattr(secretstorage.item.Item, "set_secret", die)
        token = its.read(ref, a_ctx()).token
        with pytest.raises(Ambiguous):
            its.write(ref, Secret(b"newer"), a_ctx(), expect=token, mark=MARK)
        with pytest.raises(SourceError) as error:
            list(its.list("local", a_ctx()))
        assert error.value.status == "unreachable"


def test_an_entry_that_goes_away_is_gone(secret_service, service, entry):
    its = kept(secret_service)
    token = its.read(entry, a_ctx()).token
    with collection_of(secret_service) as collection:
        for item in collection.search_items({"service": service}):
            item.delete()
    with pytest.raises(Gone):
        its.write(entry, Secret(b"new"), a_ctx(), expect=token, mark=MARK)


def test_an_entry_that_goes_away_hides_no_other_in_a_list(secret_service, service, entry, monkeypatch):
    put(secret_service, {"service": service, "username": "another"})
    real, seen = keyring_secret_service._described, []

    def described(found, collection=""):
        if not seen:  # the first one is being looked at when another program removes the second
            with collection_of(secret_service) as there:
                for item in there.search_items({"service": service}):
                    if item.item_path != found.item_path and not seen:
                        seen.append(item.get_attributes()["username"])
                        item.delete()
        return real(found, collection)

    monkeypatch.setattr(keyring_secret_service, "_described", described)
    listed = {info.ref.locator[1] for info in kept(secret_service, service).list("local", a_ctx())}
    assert seen
    assert listed == {"me", "another"} - set(seen)


def test_a_search_that_fails_because_another_entry_goes_away_is_repeated(secret_service, entry, monkeypatch):
    """gnome-keyring fails a whole search now and then while another program removes some entry."""
    import secretstorage
    from secretstorage.exceptions import ItemNotFoundException

    real, failures = secretstorage.search_items, [1, 1, 1]

    def search(*arguments):
        if failures:
            failures.pop()
            raise ItemNotFoundException("Item does not exist!")
        return real(*arguments)

    monkeypatch.setattr(secretstorage, "search_items", search)
    assert kept(secret_service).read(entry, a_ctx()).data == Secret(b"old")


def test_the_value_is_encrypted_on_the_bus(secret_service, entry, monkeypatch):
    import jeepney.io.blocking

    sent = []
    send = jeepney.io.blocking.DBusConnection.send
    monkeypatch.setattr(
        jeepney.io.blocking.DBusConnection,
        "send_message",
        lambda self, message, serial=None: sent.append(message.serialise(serial)) or send(self, message, serial),
    )
    its = kept(secret_service)
    its.write(entry, Secret(CANARY), a_ctx(), expect=its.read(entry, a_ctx()).token, mark=MARK)
    assert sent
    assert not [message for message in sent if CANARY in message]


def test_nothing_of_the_keyring_is_loaded_before_it_is_used():
    code = (
        "import sys; from keyward.stores.os_keyring import store; "
        "print(*(set(sys.modules) & {'keyring', 'secretstorage', 'jeepney', 'cryptography'}))"
    )
    assert not python({}, code).strip()

"""The macOS Keychain's logic, with its two system calls stood in for: they cannot run elsewhere."""

import functools

import keyring.errors
import pytest

from keyward.model.errors import Ambiguous, Gone, Refused, SourceError
from keyward.model.secret import Secret
from keyward.stores.keyring_index import Index
from keyward.stores.keyring_macos import MacKeyring, without_dialogs
from tests.parts.small_keyring import Keyring as Backend


class Keychain:
    def __init__(self, status=0):
        self.status, self.calls, self.allowed = status, [], True

    def allow_dialogs(self, allowed):
        self.allowed = allowed

    def update(self, service, user, value):
        self.calls.append((service, user, value, self.allowed))
        return self.status


def ring(folder, keychain):
    made = MacKeyring(Backend(), Index(folder / "index"), (), functools.partial(without_dialogs, keychain))
    made.keychain = keychain
    return made


def test_the_value_is_changed_in_place_without_a_dialog(tmp_path, monkeypatch):
    monkeypatch.setattr(Backend, "set_password", None)
    keychain = Keychain()
    ring(tmp_path, keychain).write("service", "me", Secret(b"new"))
    assert keychain.calls == [("service", "me", b"new", False)]
    assert keychain.allowed
    assert Index(tmp_path / "index").names() == {("service", "me")}


def test_dialogs_are_off_while_reading(tmp_path, monkeypatch):
    keychain, seen = Keychain(), []
    monkeypatch.setattr(Backend, "get_password", lambda *_: (seen.append(keychain.allowed), "value")[1])
    assert ring(tmp_path, keychain).read("service", "me")[1] == Secret(b"value")
    assert seen == [False]
    assert keychain.allowed


@pytest.mark.parametrize(
    ("status", "outcome"), [(-25300, Gone), (-128, Refused), (-25308, Refused), (-25293, Refused), (-50, Ambiguous)]
)
def test_each_status_has_its_meaning(tmp_path, status, outcome):
    with pytest.raises(outcome):
        ring(tmp_path, Keychain(status)).write("service", "me", Secret(b"new"))


def test_what_is_no_text_is_refused_before_the_system_is_asked(tmp_path):
    keychain = Keychain()
    with pytest.raises(Refused, match="UTF-8"):
        ring(tmp_path, keychain).write("service", "me", Secret(b"\xff"))
    assert not keychain.calls


def test_an_entry_that_would_ask_is_denied_and_the_others_are_listed(tmp_path, monkeypatch):
    def get_password(self, service, username):
        if service == "asks":
            raise keyring.errors.KeyringError("Can't get password from keychain") from OSError(-25308, "Unknown Error")
        return "value"

    monkeypatch.setattr(Backend, "get_password", get_password)
    for service in ("asks", "tells"):
        Index(tmp_path / "index").remember(service, "me")
    its, found = ring(tmp_path, Keychain()), []
    with pytest.raises(SourceError, match="keyring:asks/me") as partial:
        found.extend(item.service for item in its.items())
    assert partial.value.status == "partial"
    assert found == ["tells"]
    with pytest.raises(SourceError) as denied:
        its.read("asks", "me")
    assert denied.value.status == "denied"

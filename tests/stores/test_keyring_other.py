"""Keyrings that cannot list: what keyward was told of, each trouble said for what it is."""

import json
import stat
from pathlib import Path
from typing import ClassVar

import keyring.errors
import pytest

from keyward.model.capability import Can, Ready
from keyward.model.errors import Ambiguous, Gone, Refused, SourceError
from keyward.model.secret import Secret
from keyward.model.surroundings import Surroundings
from keyward.stores.keyring_index import Index
from keyward.stores.keyring_ring import ref_of
from keyward.stores.os_keyring import INDEX, store
from tests.contract.stores import CANARY, MARK, StoreCase, StoreContract, a_ctx
from tests.parts import small_keyring

Backend = small_keyring.Keyring


@pytest.fixture(autouse=True)
def _empty(monkeypatch):
    monkeypatch.setattr(Backend, "entries", {})
    monkeypatch.setattr(Backend, "trouble", [])


def kept(folder, *services, backend=small_keyring.NAME):
    environ = {"PYTHON_KEYRING_BACKEND": backend}
    options = {"keyring.services": services}
    return store(Surroundings(environ, folder, folder, folder, "here", Path("/nonexistent"), options=options))


class TestOtherKeyring(StoreContract):
    refused: ClassVar = {"not utf-8": b"\xff\xfe"}

    @pytest.fixture
    def case(self, tmp_path):
        names = ("a service", "user@example.com")
        Backend.entries[names] = "value " + CANARY.decode()
        Index(tmp_path / INDEX).remember(*names)
        return StoreCase(
            kept(tmp_path, "*"),
            "local",
            ref_of(*names),
            b"value " + CANARY,
            ref_of("a service", "nobody"),
            lambda data: Backend.entries.__setitem__(names, data.decode()),
            lambda: Backend.entries.get(names).encode(),
            ref_of("keyward", "keyward-pending-01jtest", "keyward"),
        )


class Plaintext(Backend):
    """A backend that keeps values in a file as they are."""


def test_a_pending_secret_is_never_kept_in_plaintext(tmp_path):
    its, ref = kept(tmp_path, "*", backend=f"{__name__}.Plaintext"), ref_of("keyward", "keyward-pending-01jtest")
    (answer,) = its.preflight(ref, frozenset({Can.SECRET_STORE}), a_ctx())
    assert answer.ready is Ready.NO
    assert "plaintext" in answer.why
    with pytest.raises(Refused, match="plaintext"):
        its.create(ref, None, a_ctx())
    assert Backend.entries == {}


@pytest.mark.parametrize("names", [("keyward", "fingerprint-key"), ("other", "keyward-pending-x"), ("a", "b")])
def test_only_keywards_own_pending_secrets_are_made_and_removed(tmp_path, names):
    Backend.entries[names] = "kept"
    its = kept(tmp_path, "*")
    with pytest.raises(Refused, match="not a pending secret"):
        its.create(ref_of(*names), None, a_ctx())
    with pytest.raises(Refused, match="not a pending secret"):
        its.remove(ref_of(*names), a_ctx())
    assert Backend.entries == {names: "kept"}


def test_a_pending_secret_is_listed_by_no_scan_and_forgotten_with_its_end(tmp_path):
    its, ref = kept(tmp_path, "*"), ref_of("keyward", "keyward-pending-01jtest")
    its.create(ref, None, a_ctx())
    assert list(its.list("*", a_ctx())) == []
    its.remove(ref, a_ctx())
    assert Index(tmp_path / INDEX).names() == frozenset()
    assert Backend.entries == {}


def test_lists_what_it_was_told_of_and_what_the_settings_name(tmp_path):
    Backend.entries |= {("told", "me"): "1", ("named", "first"): "2", ("unknown", "me"): "3", ("other", "me"): "4"}
    index = Index(tmp_path / INDEX)
    for service in ("told", "gone", "other"):
        index.remember(service, "me")
    found = [str(info.ref) for info in kept(tmp_path, "named", "to*", "g*").list("local", a_ctx())]
    assert found == ["keyring:named/first", "keyring:told/me"]


def test_a_write_is_remembered_by_name_only(tmp_path):
    Backend.entries["service", "me"] = "old"
    its, ref = kept(tmp_path, "*"), ref_of("service", "me")
    its.write(ref, Secret(CANARY), a_ctx(), expect=its.read(ref, a_ctx()).token, mark=MARK)
    assert [info.ref for info in its.list("local", a_ctx())] == [ref]
    path = tmp_path / INDEX
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert CANARY not in path.read_bytes()


def test_nothing_is_listed_before_services_are_named(tmp_path):
    with pytest.raises(SourceError, match=r"\[keyring\]") as error:
        list(kept(tmp_path).list("local", a_ctx()))
    assert error.value.status == "disabled"


@pytest.mark.parametrize(
    ("trouble", "status"),
    [
        (keyring.errors.KeyringLocked("no"), "denied"),
        (keyring.errors.NoKeyringError("none"), "unreachable"),
        (keyring.errors.InitError("none"), "unreachable"),
        (keyring.errors.KeyringError("\x1b[2J"), "failed"),
        (OSError("broken"), "failed"),
    ],
)
def test_troubles_are_told_apart(tmp_path, trouble, status):
    Index(tmp_path / INDEX).remember("service", "me")
    Backend.trouble.append(trouble)
    its, ref = kept(tmp_path, "*"), ref_of("service", "me")
    for ask in (lambda: its.read(ref, a_ctx()), lambda: its.get(ref, a_ctx()), lambda: list(its.list("", a_ctx()))):
        with pytest.raises(SourceError) as error:
            ask()
        assert error.value.status == status
        assert error.value.hint
        assert "\x1b" not in str(error.value)
    with pytest.raises(Refused):
        its.write(ref, Secret(b"new"), a_ctx(), expect="", mark=MARK)
    (answer,) = its.preflight(ref, frozenset({Can.READ}), a_ctx())
    assert (answer.ready, bool(answer.fix)) == (Ready.NO, True)


@pytest.mark.parametrize(
    "backend", ["keyring.backends.fail.Keyring", "keyring.backends.null.Keyring", "no.such.Keyring", "nonsense"]
)
def test_no_keyring_is_unreachable_and_not_empty(tmp_path, backend):
    with pytest.raises(SourceError) as error:
        list(kept(tmp_path, "*", backend=backend).list("local", a_ctx()))
    assert error.value.status == "unreachable"


@pytest.mark.parametrize(
    ("trouble", "lands", "outcome"),
    [
        (keyring.errors.PasswordSetError(f"no to {CANARY.decode()}"), False, Refused),
        (keyring.errors.KeyringLocked("no"), False, Refused),
        (OSError("connection lost"), False, Ambiguous),
        (OSError("connection lost"), True, None),
    ],
)
def test_a_lost_answer_is_looked_up(tmp_path, monkeypatch, trouble, lands, outcome):
    Backend.entries["service", "me"] = "old"
    its, ref = kept(tmp_path, "*"), ref_of("service", "me")

    def set_password(self, service, username, password):
        if lands:
            self.entries[service, username] = password
        raise trouble

    monkeypatch.setattr(Backend, "set_password", set_password)
    token = its.read(ref, a_ctx()).token
    if outcome is None:
        its.write(ref, Secret(CANARY), a_ctx(), expect=token, mark=MARK)
        return
    with pytest.raises(outcome) as error:
        its.write(ref, Secret(CANARY), a_ctx(), expect=token, mark=MARK)
    assert CANARY.decode() not in str(error.value)


def test_a_write_that_somebody_overtakes_is_ambiguous(tmp_path, monkeypatch):
    Backend.entries["service", "me"] = "old"
    its, ref = kept(tmp_path, "*"), ref_of("service", "me")
    token = its.read(ref, a_ctx()).token
    monkeypatch.setattr(
        Backend, "set_password", lambda self, service, user, _: self.entries.__setitem__((service, user), "theirs")
    )
    with pytest.raises(Ambiguous, match="another value"):
        its.write(ref, Secret(b"new"), a_ctx(), expect=token, mark=MARK)


def test_the_index_forgets_and_does_not_write_what_is_so_already(tmp_path):
    index = Index(tmp_path / "deep" / INDEX)
    index.forget("a", "b")
    index.remember("a", "b")
    before = (tmp_path / "deep" / INDEX).stat()
    index.remember("a", "b")
    assert (tmp_path / "deep" / INDEX).stat().st_ino == before.st_ino
    index.forget("a", "b")
    assert index.names() == frozenset()


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"schema": "other/1", "entries": []}', json.dumps({"schema": "keyward.keyring-index/1"})]
)
def test_a_broken_index_is_named_and_never_overwritten(tmp_path, text):
    (tmp_path / INDEX).write_text(text)
    with pytest.raises(SourceError, match=str(tmp_path / INDEX)):
        list(kept(tmp_path, "*").list("local", a_ctx()))
    with pytest.raises(SourceError):
        Index(tmp_path / INDEX).remember("a", "b")
    assert (tmp_path / INDEX).read_text() == text


def test_a_reference_of_another_form_is_gone(tmp_path):
    from keyward.model.ids import SecretRef

    with pytest.raises(Gone, match="keyring:SERVICE/USER"):
        kept(tmp_path, "*").read(SecretRef("keyring", ("only one",)), a_ctx())

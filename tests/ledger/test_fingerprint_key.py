"""The fingerprint key is made once, kept outside of the ledger, and never made again."""

import os
import random
import stat
import subprocess
import sys
import threading

import keyring
import pytest
from keyring.errors import KeyringLocked

from keyward.ledger import fingerprint_key
from keyward.ledger.chain import chain_key
from keyward.ledger.fingerprint_key import load, load_or_create
from keyward.ledger.opening import open_ledger, open_with_key
from keyward.model.errors import FingerprintKeyMissing, NotAllowed
from keyward.model.secret import Secret
from tests.ledger.conftest import WORLD, event
from tests.parts.secret_service import secret_service
from tests.parts.small_keyring import Keyring as SmallKeyring

__all__ = ["secret_service"]

VALUE = Secret(random.Random(2).randbytes(40))


@pytest.fixture
def ledger(place):
    ledger = open_ledger(place, world=WORLD, create=True)
    yield ledger
    ledger.close()


@pytest.fixture
def folder(place):
    return place.parent


@pytest.fixture(autouse=True)
def _no_keyring():
    from keyring.backends.fail import Keyring

    before = keyring.get_keyring()
    keyring.set_keyring(Keyring())
    yield
    keyring.set_keyring(before)


@pytest.fixture
def small_keyring():
    backend = SmallKeyring()
    backend.entries.clear()
    keyring.set_keyring(backend)
    yield backend
    backend.entries.clear()
    backend.trouble.clear()


@pytest.fixture
def real_keyring(secret_service, monkeypatch):
    from keyring.backends.SecretService import Keyring

    for name, value in secret_service.items():
        monkeypatch.setenv(name, value)
    keyring.set_keyring(Keyring())


def test_without_a_keyring_it_is_a_private_file(ledger, folder):
    key = load_or_create(ledger, folder=folder)
    file = folder / "fingerprint.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert load(ledger, folder=folder) == load_or_create(ledger, folder=folder) == key
    assert len(key.key) == 32
    assert ledger.meta("fingerprint_key_id") == key.id
    assert ledger.meta("fingerprint_key_check") == key.check_value()


def test_it_is_kept_in_a_real_keyring(ledger, folder, real_keyring):
    key = load_or_create(ledger, folder=folder)
    assert not (folder / "fingerprint.key").exists()
    assert keyring.get_password("keyward", f"fingerprint-key:{key.id}")
    assert load(ledger, folder=folder) == key


def test_the_ledger_never_holds_the_key(ledger, folder, place):
    key = load_or_create(ledger, folder=folder).key.reveal()
    ledger.close()
    data = place.read_bytes()
    assert key not in data
    assert key.hex().encode() not in data


def test_two_ledgers_have_two_keys(tmp_path):
    opened = [open_with_key(tmp_path / name / "ledger.db", world=WORLD, create=True) for name in ("one", "two")]
    prints = {key.fingerprint(VALUE) for _, key in opened}
    for ledger, _ in opened:
        ledger.close()
    assert len(prints) == 2


def test_a_missing_key_is_never_replaced(ledger, folder, small_keyring):
    load_or_create(ledger, folder=folder)
    small_keyring.entries.clear()
    for again in (load, load_or_create):
        with pytest.raises(FingerprintKeyMissing, match="never makes a second one") as missing:
            again(ledger, folder=folder)
        assert missing.value.exit_code == 4
    assert small_keyring.entries == {}
    assert {file.name for file in folder.iterdir()} == {"ledger.db", "ledger.db-wal", "ledger.db-shm"}


def test_a_ledger_without_a_key_says_so(ledger, folder):
    with pytest.raises(FingerprintKeyMissing, match="no fingerprint key yet"):
        load(ledger, folder=folder)


def test_another_key_is_refused_by_its_id_and_by_its_check_value(ledger, folder, tmp_path):
    key = load_or_create(ledger, folder=folder)
    file = folder / "fingerprint.key"
    right = file.read_bytes()
    file.write_bytes(right.replace(key.id.encode(), b"0" * 16))
    with pytest.raises(FingerprintKeyMissing, match="is another"):
        load(ledger, folder=folder)
    body = right.split()[2]
    file.write_bytes(right.replace(body, body.swapcase()))
    with pytest.raises(FingerprintKeyMissing, match="is another"):
        load(ledger, folder=folder)
    file.write_bytes(right)
    assert load(ledger, folder=folder) == key


@pytest.mark.parametrize(
    "junk", [b"", b"x", b"keyward-fingerprint-key a", b"keyward-fingerprint-key a AAAA\n", b"\xff" * 90]
)
def test_junk_in_the_file_is_told_without_showing_it(ledger, folder, junk):
    load_or_create(ledger, folder=folder)
    (folder / "fingerprint.key").write_bytes(junk)
    with pytest.raises(FingerprintKeyMissing, match="no fingerprint key of keyward"):
        load(ledger, folder=folder)
    assert (folder / "fingerprint.key").read_bytes() == junk


def test_a_locked_keyring_is_told(ledger, folder, small_keyring):
    load_or_create(ledger, folder=folder)
    small_keyring.trouble.append(KeyringLocked("x"))
    with pytest.raises(FingerprintKeyMissing, match="cannot be read now: KeyringLocked"):
        load(ledger, folder=folder)


def test_a_keyring_that_cannot_keep_it_leaves_it_to_the_file(ledger, folder, small_keyring):
    small_keyring.trouble.append(KeyringLocked("x"))
    key = load_or_create(ledger, folder=folder)
    assert (folder / "fingerprint.key").exists()
    assert load(ledger, folder=folder) == key


def test_the_file_of_the_settings_is_the_only_place(ledger, folder, tmp_path, small_keyring):
    named = tmp_path / "shared" / "key"
    key = load_or_create(ledger, folder=folder, key_file=named)
    assert small_keyring.entries == {}
    assert load(ledger, folder=folder, key_file=named) == key
    with pytest.raises(FingerprintKeyMissing):
        load(ledger, folder=folder)
    named.unlink()
    with pytest.raises(FingerprintKeyMissing, match="shared/key"):
        load_or_create(ledger, folder=folder, key_file=named)


def test_a_key_that_is_there_is_taken_for_a_new_ledger(place, tmp_path):
    named = tmp_path / "key"
    first, key = open_with_key(place, world=WORLD, create=True, key_file=named)
    second, same = open_with_key(tmp_path / "b" / "ledger.db", world=WORLD, create=True, key_file=named)
    assert same == key
    first.close()
    second.close()


@pytest.mark.parametrize("mode", [0o604, 0o620, 0o602, 0o666])
def test_a_file_that_is_open_to_others_is_refused(ledger, folder, mode):
    load_or_create(ledger, folder=folder)
    (folder / "fingerprint.key").chmod(mode)
    with pytest.raises(NotAllowed, match="open to others"):
        load(ledger, folder=folder)


def test_a_pipe_does_not_hang(ledger, folder, tmp_path):
    os.mkfifo(tmp_path / "key", 0o600)
    with pytest.raises(NotAllowed):
        load_or_create(ledger, folder=folder, key_file=tmp_path / "key")


@pytest.mark.parametrize("kept_in", ["file", "keyring"])
def test_of_many_that_start_together_all_get_the_same_key(place, kept_in, request):
    if kept_in == "keyring":
        request.getfixturevalue("small_keyring")
    keys, together = [], threading.Barrier(6)

    def work():
        together.wait()
        ledger, key = open_with_key(place, world=WORLD, create=True)
        keys.append(key)
        ledger.close()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 6
    assert len({key.id for key in keys}) == 1


def test_a_key_made_for_nothing_is_removed(ledger, folder, small_keyring, monkeypatch):
    claim = ledger.claim_meta

    def other_was_faster(facts):
        assert claim({"fingerprint_key_id": "theirs", "fingerprint_key_check": "0"})
        return claim(facts)

    monkeypatch.setattr(ledger, "claim_meta", other_was_faster)
    monkeypatch.setattr(small_keyring, "delete_password", lambda *name: small_keyring.entries.pop(name), raising=False)
    with pytest.raises(FingerprintKeyMissing, match="theirs"):
        load_or_create(ledger, folder=folder)
    assert small_keyring.entries == {}


def test_the_trail_can_be_written_once_the_key_is_there(place):
    ledger, key = open_with_key(place, world=WORLD, create=True)
    ledger.append([event()])
    assert ledger.verify_chain() == (1, None)
    ledger.close()
    again = open_ledger(place, world=WORLD, chain_key=chain_key(key))
    assert again.verify_chain() == (1, None)
    again.close()


def test_a_ledger_whose_key_is_missing_is_closed_again(place):
    ledger, _ = open_with_key(place, world=WORLD, create=True)
    ledger.close()
    (place.parent / "fingerprint.key").unlink()
    with pytest.raises(FingerprintKeyMissing):
        open_with_key(place, world=WORLD, create=True)
    assert {file.name for file in place.parent.iterdir()} == {"ledger.db"}


def test_the_keyring_library_is_loaded_only_when_it_is_needed(place):
    open_with_key(place, world=WORLD, create=True)[0].close()
    program = (
        "import sys\nfrom keyward.ledger.opening import open_with_key\n"
        "open_with_key(sys.argv[1], world='emulator:test')[0].close()\nprint('keyring' in sys.modules, 'alembic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(place)], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"


def test_its_name_in_the_keyring_is_stable():
    assert (fingerprint_key.SERVICE, fingerprint_key._user("ab")) == ("keyward", "fingerprint-key:ab")

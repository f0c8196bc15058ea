"""The fingerprint key of a ledger: made once together with it, kept outside of it, never made again.

It lies in the OS keyring (service `keyward`, user `fingerprint-key:<id>`) where there is one, else in a file that only this user can
read. Hosts that share a ledger share the key by a file that the settings name. The ledger holds the key's id and a check value.
"""

import base64
import binascii
import contextlib
import hmac
import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from keyward.files import private_folder, replace, shown
from keyward.ledger.place import alone
from keyward.model.errors import FingerprintKeyMissing, NotAllowed, Refused
from keyward.model.fingerprint import FingerprintKey
from keyward.model.secret import Secret
from keyward.model.text import clean

SERVICE = "keyward"
FILE = "fingerprint.key"
_ID, _CHECK = "fingerprint_key_id", "fingerprint_key_check"
_BYTES = 32
_OPEN_TO_OTHERS = 0o027  # others may not read; a group that shares the file may, but not write
_SECRET_SERVICE = "keyring.backends.SecretService"  # noqa: S105  # a module
_MARK = "keyward-fingerprint-key"


class Facts(Protocol):
    """The part of a ledger that names its key."""

    def meta(self, name: str) -> str | None:
        """A fact about the ledger."""
        ...

    def claim_meta(self, facts: Mapping[str, str]) -> bool:
        """Set these facts if none of them is there yet; whether they were set."""
        ...


def names_one(ledger: Facts) -> bool:
    """Whether the ledger names a key at all: one that never computed a fingerprint does not."""
    return ledger.meta(_ID) is not None


def load(ledger: Facts, *, folder: Path, key_file: Path | None = None) -> FingerprintKey:
    """The key that the ledger names.

    Args:
        ledger: which names it.
        folder: the state folder, where the file is unless the settings name another.
        key_file: the file that the settings name; then nothing else is looked at.

    Raises:
        FingerprintKeyMissing: it is not here, or what is here is another one. No other is made.
        NotAllowed: the file is open to others.
    """
    named, check = ledger.meta(_ID), ledger.meta(_CHECK) or ""
    if named is None:
        raise FingerprintKeyMissing("The ledger has no fingerprint key yet.", hint="`keyward scan` makes one.")
    file = key_file or folder / FILE
    found = _from_file(file)
    places = f"in {shown(file)}"
    if (found is None or found.id != named) and key_file is None:
        kept, trouble = _from_keyring(named)
        found = kept or found
        places += f" or in the OS keyring ({SERVICE}, fingerprint-key:{clean(named)}{trouble})"
    if found is None:
        raise FingerprintKeyMissing(
            f"The fingerprint key {clean(named)} that the ledger names is not {places}.", hint=_ADVICE
        )
    if found.id != named or not hmac.compare_digest(found.check_value(), check):
        raise FingerprintKeyMissing(
            f"The ledger names the fingerprint key {clean(named)}; the one found {places} is another ({clean(found.id)}).",
            hint=_ADVICE,
        )
    return found


_ADVICE = (
    "Unlock the keyring, restore the key file, or copy it from a host that shares the ledger and name it in [fingerprint] key_file. "
    "keyward never makes a second one, because what it knows would no longer match."
)


def load_or_create(ledger: Facts, *, folder: Path, key_file: Path | None = None) -> FingerprintKey:
    """The key that the ledger names; for a ledger that names none yet, the one in the file, else a new one.

    Args:
        ledger: which names it, or will.
        folder: the state folder.
        key_file: the file that the settings name, if they do.

    Raises:
        FingerprintKeyMissing: the ledger names one that is not here.
        NotAllowed: the file is open to others, or cannot be written.
    """
    if ledger.meta(_ID) is not None:
        return load(ledger, folder=folder, key_file=key_file)
    file = key_file or folder / FILE
    try:
        private_folder(file.parent)
    except Refused as error:
        raise NotAllowed(error.message, hint=error.hint) from None
    with alone(file.parent):
        key = _from_file(file)
        made = key is None
        if key is None:
            key = FingerprintKey(secrets.token_hex(8), Secret(secrets.token_bytes(_BYTES)))
            in_keyring = key_file is None and _to_keyring(key)
            if not in_keyring:
                _to_file(file, key)
        if ledger.claim_meta({_ID: key.id, _CHECK: key.check_value()}):
            return key
        if made:
            _forget(file, key)
    return load(ledger, folder=folder, key_file=key_file)  # somebody else was faster


def _text(key: FingerprintKey) -> bytes:
    return b" ".join((_MARK.encode(), key.id.encode(), base64.b64encode(key.key.reveal()))) + b"\n"


def _parse(data: bytes, where: str) -> FingerprintKey:
    try:
        name, body = data.removeprefix(_MARK.encode() + b" ").split()  # without the mark these are not two words
        return FingerprintKey(name.decode("ascii"), Secret(base64.b64decode(body, validate=True)))
    except (ValueError, binascii.Error):
        raise FingerprintKeyMissing(
            f"What {where} holds is no fingerprint key of keyward. It was not changed.",
            hint="Restore it from a backup.",
        ) from None


def _from_file(file: Path) -> FingerprintKey | None:
    try:
        opened = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise NotAllowed(f"The fingerprint key {shown(file)} cannot be read: {clean(error.strerror or '')}.") from None
    with os.fdopen(opened, "rb") as stream:
        about = os.fstat(stream.fileno())
        if not stat.S_ISREG(about.st_mode) or about.st_uid not in (0, os.geteuid()) or about.st_mode & _OPEN_TO_OTHERS:
            raise NotAllowed(
                f"The fingerprint key {shown(file)} is open to others (mode {stat.S_IMODE(about.st_mode):04o}, owner {about.st_uid}).",
                hint=f"chmod 0600 {shown(file)}, and see that it is yours.",
            )
        return _parse(stream.read(1024), shown(file))


def _to_file(file: Path, key: FingerprintKey) -> None:
    try:
        replace(file, _text(key), mark="fingerprint")
    except Refused as error:
        raise NotAllowed(f"The fingerprint key cannot be kept: {error.message}", hint=error.hint) from None


def _user(name: str) -> str:
    return f"fingerprint-key:{name}"


def _from_keyring(name: str) -> tuple[FingerprintKey | None, str]:
    """The key, and why the keyring could not be asked; in words that follow its name."""
    import keyring  # slow, and often not needed
    from keyring.errors import KeyringError, NoKeyringError

    try:
        if _shut(keyring.get_keyring()):
            return None, ", which is locked"
        kept = keyring.get_password(SERVICE, _user(name))
    except NoKeyringError:
        return None, ", which there is none here"
    except (KeyringError, RuntimeError, OSError) as error:
        return None, f", which cannot be read now: {type(error).__name__}"
    return (None, "") if kept is None else (_parse(kept.encode(), "the OS keyring"), "")


def _shut(backend: object) -> bool:
    """Whether python-keyring would open a dialog to unlock it: nobody may sit there, and a run from cron would wait for ever."""
    backends = getattr(backend, "backends", (backend,))
    if not any(type(one).__module__ == _SECRET_SERVICE for one in backends):
        return False
    import secretstorage

    try:
        with contextlib.closing(secretstorage.dbus_init()) as connection:
            return secretstorage.get_default_collection(connection).is_locked()
    except (secretstorage.exceptions.SecretStorageException, OSError):
        return False  # python-keyring says it in its own words


def _to_keyring(key: FingerprintKey) -> bool:
    """Keep the key in the OS keyring if there is a real one; whether it is there."""
    import keyring
    from keyring.errors import KeyringError

    try:
        if keyring.get_keyring().priority < 1:  # below that keyring itself calls a backend not recommended
            return False
        if _shut(keyring.get_keyring()):
            return False
        keyring.set_password(SERVICE, _user(key.id), _text(key).decode())
        return keyring.get_password(SERVICE, _user(key.id)) == _text(key).decode()
    except (KeyringError, RuntimeError, OSError):
        return False


def _forget(file: Path, key: FingerprintKey) -> None:
    """Remove a key that was made for nothing."""
    import keyring
    from keyring.errors import KeyringError

    kept = _from_file(file)
    if kept is not None and kept.id == key.id:
        file.unlink()
    with contextlib.suppress(KeyringError, RuntimeError, OSError):
        keyring.delete_password(SERVICE, _user(key.id))

"""The macOS Keychain, with care: no dialog that nobody asked for, and no moment without a value.

python-keyring replaces an entry by deleting it and adding a new one: a crash between the two loses it, and the new entry has lost the
list of applications that may read it, so each of them asks the user again. `SecItemUpdate` changes the value in place. Reading an
entry that another application made opens a dialog; `SecKeychainSetUserInteractionAllowed` turns that into an error, which is what a
run without a person needs. Both calls: Apple, Security framework, Keychain Services.
"""

import contextlib
import ctypes
from collections.abc import Iterator
from ctypes.util import find_library
from typing import Protocol

from keyward.model.errors import Ambiguous, Gone, Refused
from keyward.model.secret import Secret
from keyward.stores.keyring_other import OtherKeyring
from keyward.stores.keyring_ring import ref_of

OK, NOT_FOUND = 0, -25300
# Cancelled by the user, wrong password, no dialog allowed, not entitled: the entry is as it was (Security/SecBase.h).
DENIED = frozenset({-128, -25293, -25308, -34018})


class Keychain(Protocol):
    """The two calls that python-keyring does not have."""

    def allow_dialogs(self, allowed: bool) -> None:
        """Whether the system may ask the user while this process waits."""
        ...

    def update(self, service: str, user: str, value: bytes) -> int:
        """Change the value of an entry in place; the status that the system returns."""
        ...


class MacKeyring(OtherKeyring):
    """The Keychain: reads through python-keyring, writes in place.

    Args as `OtherKeyring`; `keychain` is the system's, or a test's.
    """

    keychain: Keychain

    def write(self, service: str, user: str, value: Secret) -> None:
        """Change the value in place and remember the name.

        Raises:
            Gone: there is no such entry.
            Refused: denied by the system or its user, or the value is no text.
            Ambiguous: the system reported something else.
        """
        data = value.reveal()
        try:
            data.decode()
        except UnicodeDecodeError:
            raise Refused(f"{ref_of(service, user)} can hold text only, and this is not UTF-8.") from None
        self._index.remember(service, user)
        with self._quiet():
            status = self.keychain.update(service, user, data)
        if status == NOT_FOUND:
            raise Gone(f"There is no entry {ref_of(service, user)} in the Keychain.")
        if status in DENIED:
            raise Refused(
                f"The Keychain did not allow changing {ref_of(service, user)} (status {status}).",
                hint="Allow it for this entry in Keychain Access, or run keyward once at a terminal and answer the dialog.",
            )
        if status != OK:
            raise Ambiguous(f"The Keychain answered {status} when {ref_of(service, user)} was changed.")

    def _status(self, error: Exception) -> str:
        # python-keyring keeps the system's status as the first argument of the cause.
        cause = error.__cause__.args[:1] if error.__cause__ is not None else ()
        return "denied" if DENIED.intersection(cause) else super()._status(error)


@contextlib.contextmanager
def without_dialogs(keychain: Keychain) -> Iterator[None]:
    """The system answers with an error where it would ask."""
    keychain.allow_dialogs(False)
    try:
        yield
    finally:
        keychain.allow_dialogs(True)


class SystemKeychain:
    """Keychain Services through ctypes; importable everywhere, usable on macOS only."""

    _UTF8 = 0x08000100

    def __init__(self) -> None:
        self._security = ctypes.CDLL(find_library("Security"))
        self._core = ctypes.CDLL(find_library("CoreFoundation"))
        for name in ("CFStringCreateWithBytes", "CFDataCreate", "CFDictionaryCreate"):
            getattr(self._core, name).restype = ctypes.c_void_p
        self._core.CFRelease.argtypes = (ctypes.c_void_p,)
        self._security.SecItemUpdate.argtypes = (ctypes.c_void_p, ctypes.c_void_p)
        self._security.SecItemUpdate.restype = ctypes.c_int32
        self._security.SecKeychainSetUserInteractionAllowed.argtypes = (ctypes.c_ubyte,)

    def allow_dialogs(self, allowed: bool) -> None:
        """Whether the system may ask the user while this process waits."""
        self._security.SecKeychainSetUserInteractionAllowed(int(allowed))

    def update(self, service: str, user: str, value: bytes) -> int:
        """Change the value of an entry in place; the status that the system returns."""
        made: list[ctypes.c_void_p] = []
        try:
            query = self._dictionary(
                made,
                {
                    "kSecClass": self._constant("kSecClassGenericPassword"),
                    "kSecAttrService": self._string(made, service),
                    "kSecAttrAccount": self._string(made, user),
                },
            )
            change = self._dictionary(made, {"kSecValueData": self._data(made, value)})
            return int(self._security.SecItemUpdate(query, change))
        finally:
            for thing in reversed(made):
                self._core.CFRelease(thing)

    def _constant(self, name: str) -> ctypes.c_void_p:
        return ctypes.c_void_p.in_dll(self._security, name)

    def _string(self, made: list[ctypes.c_void_p], text: str) -> ctypes.c_void_p:
        encoded = text.encode()
        size, encoding = ctypes.c_long(len(encoded)), ctypes.c_uint32(self._UTF8)
        external = ctypes.c_ubyte(0)
        return _kept(made, self._core.CFStringCreateWithBytes(None, ctypes.c_char_p(encoded), size, encoding, external))

    def _data(self, made: list[ctypes.c_void_p], value: bytes) -> ctypes.c_void_p:
        return _kept(made, self._core.CFDataCreate(None, ctypes.c_char_p(value), ctypes.c_long(len(value))))

    def _dictionary(self, made: list[ctypes.c_void_p], entries: dict[str, ctypes.c_void_p]) -> ctypes.c_void_p:
        array = ctypes.c_void_p * len(entries)
        keys = array(*(self._constant(name).value for name in entries))
        values = array(*(value.value for value in entries.values()))
        calls = (
            ctypes.byref(ctypes.c_char.in_dll(self._core, f"kCFTypeDictionary{what}CallBacks"))
            for what in ("Key", "Value")
        )
        return _kept(made, self._core.CFDictionaryCreate(None, keys, values, ctypes.c_long(len(entries)), *calls))


def _kept(made: list[ctypes.c_void_p], pointer: int | None) -> ctypes.c_void_p:
    if not pointer:
        raise Refused("The Keychain could not take the request: text or value cannot be converted.")
    made.append(ctypes.c_void_p(pointer))
    return made[-1]

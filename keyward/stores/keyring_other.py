"""Keyrings that cannot list, through python-keyring: what is known of them is what keyward was told."""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from keyward.model.errors import Ambiguous, Gone, KeywardError, Refused, SourceError
from keyward.model.secret import Secret
from keyward.stores.keyring_index import Index
from keyward.stores.keyring_ring import Item, locked, ref_of, told, unreachable

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

_NOBODY = "keyward-nobody"
"""A name that no entry has: asking for it tells whether the keyring answers."""
VERSION = "current"
"""The version of every entry: nothing tells them apart but the value."""


class OtherKeyring:
    """Any backend of python-keyring.

    Args:
        backend: the backend in use.
        index: the names that keyward was told of.
        services: service names of the settings; those without wildcards are asked for their first user.
        quiet: what keeps the system from opening dialogs while the block runs.
    """

    def __init__(
        self,
        backend: "KeyringBackend",
        index: Index,
        services: tuple[str, ...],
        quiet: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext,
    ) -> None:
        self._backend = backend
        self._index = index
        self._services = [service for service in services if not set("*?[") & set(service)]
        self._quiet = quiet

    def items(self) -> Iterator[Item]:
        """The entries that keyward was told of and that are there, and one for each service named in the settings.

        Raises:
            SourceError: the keyring cannot be asked; at the end, with status "partial", when that was so for single entries only.
        """
        told_of = self._index.names()
        failed: list[tuple[str, SourceError]] = []
        found = 0
        for service, user in sorted(told_of | self._named(told_of)):
            try:
                item = self.item(service, user)
            except Gone:
                continue
            except SourceError as error:
                failed.append((str(ref_of(service, user)), error))
                continue
            found += 1
            yield item
        if failed and not found:
            raise failed[0][1]
        if failed:
            names = ", ".join(name for name, _ in failed)
            raise SourceError(f"Not read: {names}. {failed[0][1].message}", status="partial", hint=failed[0][1].hint)

    def item(self, service: str, user: str) -> Item:
        """One entry; raises like `read`."""
        return self.read(service, user)[0]

    def read(self, service: str, user: str) -> tuple[Item, Secret]:
        """One entry with its value.

        Raises:
            Gone: there is none.
            SourceError: locked or denied (status "denied"), or the keyring cannot be asked.
        """
        with self._asked():
            value = self._backend.get_password(service, user)
        if value is None:
            raise Gone(f"There is no entry {ref_of(service, user)} in the keyring.")
        return Item(service, user, VERSION, plaintext=self._plaintext), Secret.of(value)

    def write(self, service: str, user: str, value: Secret) -> None:
        """Replace the value of an entry and remember its name.

        Raises:
            Gone: there is none.
            Refused: the keyring said no, or the value is no text.
            Ambiguous: no answer came.
        """
        from keyring.errors import KeyringError, KeyringLocked, PasswordSetError  # slow to load

        self.read(service, user)
        try:
            text = value.reveal().decode()
        except UnicodeDecodeError:
            raise Refused(f"{ref_of(service, user)} can hold text only, and this is not UTF-8.") from None
        self._index.remember(service, user)
        try:
            self._backend.set_password(service, user, text)
        except (KeyringLocked, PasswordSetError) as error:
            raise Refused(f"The keyring did not take {ref_of(service, user)}: {told(error, value)}.") from None
        except (KeyringError, OSError, RuntimeError) as error:
            raise Ambiguous(f"The keyring did not confirm {ref_of(service, user)}: {told(error, value)}.") from None

    def room(self) -> str:
        """Why a new entry must not be made: such a backend may keep it in a file that anyone with the disk can read.

        Raises:
            SourceError: locked or denied (status "denied"), or the keyring cannot be asked.
        """
        with self._asked():
            self._backend.get_password(_NOBODY, _NOBODY)
        return "it keeps values in plaintext" if self._plaintext else ""

    def create(self, service: str, user: str) -> None:
        """Make an empty entry and remember its name; one that is there stays as it is.

        Raises:
            Refused: the keyring said no.
            SourceError: locked, or not reached: nothing was made.
            Ambiguous: no answer came.
        """
        with contextlib.suppress(Gone):
            self.read(service, user)
            return
        self._index.remember(service, user)
        with self._changed(f"{ref_of(service, user)} was not made"):
            self._backend.set_password(service, user, "")

    def remove(self, service: str, user: str) -> None:
        """Remove an entry and forget its name; one that is not there is fine. Raises like `create`."""
        with contextlib.suppress(Gone):
            self.read(service, user)
            with self._changed(f"{ref_of(service, user)} was not removed"):
                self._backend.delete_password(service, user)
        self._index.forget(service, user)

    @contextlib.contextmanager
    def _changed(self, what: str) -> Iterator[None]:
        from keyring.errors import KeyringError, KeyringLocked, PasswordDeleteError, PasswordSetError

        try:
            with self._quiet():
                yield
        except (KeyringLocked, PasswordSetError, PasswordDeleteError) as error:
            raise Refused(f"{what}: {told(error)}.") from None
        except (KeyringError, OSError, RuntimeError) as error:
            raise Ambiguous(f"The keyring did not confirm it, so perhaps {what}: {told(error)}.") from None

    @property
    def _plaintext(self) -> bool:
        return "plaintext" in type(self._backend).__name__.lower()

    def _status(self, error: Exception) -> str:  # noqa: ARG002  # other systems know more
        """Which status a trouble without a name of its own has."""
        return "failed"

    def _named(self, told_of: frozenset[tuple[str, str]]) -> frozenset[tuple[str, str]]:
        """The first user of each service named in the settings that nothing else is known of."""
        found = set()
        for service in set(self._services) - {service for service, _ in told_of}:
            with self._asked():
                credential = self._backend.get_credential(service, None)
            if credential is not None and isinstance(credential.username, str):
                found.add((service, credential.username))
        return frozenset(found)

    @contextlib.contextmanager
    def _asked(self) -> Iterator[None]:
        from keyring.errors import InitError, KeyringError, KeyringLocked, NoKeyringError

        try:
            with self._quiet():
                yield
        except KeywardError:
            raise
        except KeyringLocked:
            raise locked("The keyring") from None
        except (NoKeyringError, InitError) as error:
            raise unreachable(told(error)) from None
        except (KeyringError, OSError, RuntimeError, ValueError) as error:
            raise SourceError(
                f"The keyring failed: {told(error)}.",
                status=self._status(error),
                hint="If it wants to ask for a permission, allow it for this entry in its own application.",
            ) from None

"""The Secret Service on D-Bus (GNOME Keyring, KWallet, KeePassXC): lists really, and never opens a dialog.

It is spoken to directly: python-keyring would ask for a password on the screen when a collection is locked, and writes a second entry
beside one that carries attributes it does not know. Entries are those with a `service` attribute, as python-keyring, keyring-rs and
other libraries write them; `username` may be missing.
"""

import contextlib
import functools
import os
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from keyward.model.errors import Ambiguous, Gone, Refused, SourceError
from keyward.model.secret import Secret
from keyward.model.text import clean
from keyward.stores.keyring_ring import Item, locked, ref_of, told, unreachable
from keyward.stores.tokens import seen

_SECONDS = 20.0
"""How long the keyring may take to answer one call."""
_LOOKS = 4
"""How often the keyring is searched while entries go away under it."""
_DEFAULT = "default"
_APPLICATION = "keyward"
_T = TypeVar("_T")


class SecretService:
    """The keyring behind the session bus.

    Args:
        environ: `DBUS_SESSION_BUS_ADDRESS` says where the bus is, else `XDG_RUNTIME_DIR/bus`.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def items(self) -> Iterator[Item]:
        """Every entry that names a service, of all unlocked collections.

        Raises:
            SourceError: no keyring (status "unreachable"); or at the end, when collections are locked: "denied" if nothing could be
                listed, else "partial".
        """
        with self._connected() as connection:
            found, closed = _patiently(lambda: _listed(connection))
        for items in found.values():
            yield _one(items)
        if closed and not found:
            raise locked(f"The keyring ({', '.join(closed)})")
        if closed:
            raise SourceError(
                f"Not everything was listed: {', '.join(closed)} is locked.", status="partial", hint="Unlock it."
            )

    def item(self, service: str, user: str) -> Item:
        """One entry; of several with the same names the one that python-keyring would take, marked unsafe.

        Raises:
            Gone: there is none.
            SourceError: locked (status "denied"), or the keyring cannot be asked.
        """
        with self._connected() as connection:
            return self._find(connection, service, user)[0]

    def read(self, service: str, user: str) -> tuple[Item, Secret]:
        """One entry with its value; raises like `item`."""
        with self._connected() as connection:
            item, entry = self._find(connection, service, user)
            return item, Secret(entry.get_secret())

    def write(self, service: str, user: str, value: Secret) -> None:
        """Replace the value; label, attributes and kind of content stay.

        Raises:
            Gone: there is no such entry.
            Refused: several entries have that name, or the keyring said no.
            SourceError: locked, or not reached: nothing was written.
            Ambiguous: no answer came.
        """
        from jeepney import DBusErrorResponse
        from secretstorage.exceptions import SecretStorageException

        with self._connected() as connection:
            item, entry = self._find(connection, service, user)
            if item.unsafe:
                raise Refused(f"{ref_of(service, user)} {item.unsafe}; it was not written.", reason="unsafe")
            kind = entry.get_secret_content_type() or "text/plain"
            try:
                entry.set_secret(value.reveal(), kind)
            except DBusErrorResponse as error:
                raise Refused(f"The keyring did not take {ref_of(service, user)}: {told(error, value)}.") from None
            except (SecretStorageException, OSError) as error:
                raise Ambiguous(f"The keyring did not confirm {ref_of(service, user)}: {told(error, value)}.") from None

    def room(self) -> str:
        """Nothing is in the way where the default collection is open.

        Raises:
            SourceError: locked (status "denied"), there is no default collection, or the keyring cannot be asked.
        """
        with self._connected() as connection:
            _default(connection)
        return ""

    def create(self, service: str, user: str) -> None:
        """Make an empty entry in the default collection; one that is there stays as it is.

        Raises:
            Refused: the keyring said no.
            SourceError: locked, or not reached: nothing was made.
            Ambiguous: no answer came.
        """
        from jeepney import DBusErrorResponse
        from secretstorage.exceptions import SecretStorageException

        ref = ref_of(service, user)
        with self._connected() as connection:
            collection = _default(connection)
            with contextlib.suppress(Gone):
                self._find(connection, service, user)
                return
            names = {"service": service, "username": user, "application": _APPLICATION}
            try:
                collection.create_item(f"{service} {user}", names, b"", replace=True, content_type="text/plain")
            except DBusErrorResponse as error:
                raise Refused(f"The keyring did not make {ref}: {told(error)}.") from None
            except (SecretStorageException, OSError) as error:
                raise Ambiguous(f"The keyring did not confirm {ref}: {told(error)}.") from None

    def remove(self, service: str, user: str) -> None:
        """Remove an entry; one that is not there is fine. Raises like `create`."""
        from jeepney import DBusErrorResponse
        from secretstorage.exceptions import SecretStorageException

        ref = ref_of(service, user)
        with self._connected() as connection:
            try:
                _, entry = self._find(connection, service, user)
            except Gone:
                return
            try:
                entry.delete()
            except DBusErrorResponse as error:
                raise Refused(f"The keyring did not remove {ref}: {told(error)}.") from None
            except (SecretStorageException, OSError) as error:
                raise Ambiguous(f"The keyring did not confirm that {ref} is removed: {told(error)}.") from None

    def _find(self, connection: Any, service: str, user: str) -> tuple[Item, Any]:
        """The entry.

        Raises:
            Gone: there is none.
            SourceError: it would be in a locked collection.
        """
        return _patiently(lambda: self._look(connection, service, user))

    def _look(self, connection: Any, service: str, user: str) -> tuple[Item, Any]:
        import secretstorage

        wanted = {"service": service} | ({"username": user} if user else {})
        entries = list(secretstorage.search_items(connection, wanted))
        shut = [entry for entry in entries if entry.is_locked()]
        first = _default_path(connection)
        described = [
            (item, entry)
            for entry in sorted(entries, key=lambda entry: not entry.item_path.startswith(first))
            if not entry.is_locked() and (item := _described(entry)) is not None and item.user == user
        ]
        if described:
            return _one([item for item, _ in described]), described[0][1]
        if shut or any(collection.is_locked() for collection in secretstorage.get_all_collections(connection)):
            raise locked(f"The keyring in which {ref_of(service, user)} would be")
        raise Gone(f"There is no entry {ref_of(service, user)} in the keyring.")

    @contextlib.contextmanager
    def _connected(self) -> Iterator[Any]:
        """A connection of its own for each use, so that threads do not meet; troubles become errors of ours."""
        from jeepney import DBusErrorResponse
        from jeepney.io.blocking import open_dbus_connection
        from secretstorage.exceptions import (
            ItemNotFoundException,
            LockedException,
            SecretStorageException,
        )

        try:
            with contextlib.closing(open_dbus_connection(self._address())) as connection:
                patient = functools.partial(connection.send_and_get_reply, timeout=_SECONDS)
                connection.send_and_get_reply = patient  # secretstorage would wait for ever
                yield connection
        except LockedException:
            raise locked("The keyring") from None
        except ItemNotFoundException:
            raise Gone("The entry went away while the keyring was asked.") from None
        except TimeoutError:
            raise unreachable(f"no answer within {_SECONDS:.0f} seconds") from None
        except (SecretStorageException, OSError, ValueError) as error:
            raise unreachable(told(error)) from None
        except DBusErrorResponse as error:
            raise SourceError(f"The keyring failed: {told(error)}.", status="failed") from None

    def _address(self) -> str:
        if address := self._environ.get("DBUS_SESSION_BUS_ADDRESS"):
            return address
        socket = Path(self._environ.get("XDG_RUNTIME_DIR") or os.devnull, "bus")
        if not socket.is_socket():
            raise unreachable("DBUS_SESSION_BUS_ADDRESS is not set")
        return f"unix:path={socket}"


def _patiently(look: Callable[[], _T]) -> _T:
    """What that look gives, looking again when some entry went away meanwhile: that fails a whole search, and says nothing of the others."""
    from secretstorage.exceptions import ItemNotFoundException

    for _ in range(_LOOKS - 1):
        with contextlib.suppress(ItemNotFoundException):
            return look()
    return look()


def _listed(connection: Any) -> tuple[dict[tuple[str, str], list[Item]], list[str]]:
    """The entries of all unlocked collections by their names, and the labels of the locked ones."""
    import secretstorage  # heavy, and absent on macOS

    found: dict[tuple[str, str], list[Item]] = {}
    closed = []
    for collection in secretstorage.get_all_collections(connection):
        label = clean(collection.get_label() or collection.collection_path.rpartition("/")[2])
        if collection.is_locked():
            closed.append(label)
            continue
        for entry in collection.get_all_items():
            if (item := _described(entry, label)) is not None:
                found.setdefault((item.service, item.user), []).append(item)
    return found, closed


def _described(entry: Any, collection: str = "") -> Item | None:
    """The entry without its value; None when it names no service or went away."""
    from secretstorage.exceptions import ItemNotFoundException

    try:
        attributes = entry.get_attributes()
        if "service" not in attributes:
            return None
        created, modified = entry.get_created(), entry.get_modified()
    except ItemNotFoundException:
        return None
    return Item(
        attributes["service"],
        attributes.get("username", ""),
        seen(entry.item_path, created, modified),
        _when(created),
        _when(modified),
        collection,
    )


def _one(items: list[Item]) -> Item:
    """The first of the entries that share their names; several are not safe to write, since readers may take any."""
    if len(items) == 1:
        return items[0]
    first = items[0]
    why = f"stands for {len(items)} entries of the same service and user"
    return Item(first.service, first.user, first.version, first.created, first.updated, first.collection, unsafe=why)


def _default(connection: Any) -> Any:
    """The collection that new entries go to.

    Raises:
        SourceError: it is locked, or there is none.
    """
    import secretstorage
    from secretstorage.exceptions import ItemNotFoundException

    try:
        collection = secretstorage.get_collection_by_alias(connection, _DEFAULT)
    except ItemNotFoundException:
        raise unreachable("it has no default collection for new entries") from None
    if collection.is_locked():
        raise locked("The default keyring")
    return collection


def _default_path(connection: Any) -> str:
    import secretstorage
    from secretstorage.exceptions import ItemNotFoundException

    try:
        return str(secretstorage.get_collection_by_alias(connection, _DEFAULT).collection_path) + "/"
    except ItemNotFoundException:
        return "/"


def _when(seconds: int) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None

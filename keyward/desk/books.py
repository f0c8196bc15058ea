"""The ledger and its fingerprint key, opened when they are first needed: made together by what needs them, never by what only reads."""

import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from keyward.model.errors import FingerprintKeyMissing
from keyward.paths import expanded

if TYPE_CHECKING:
    from keyward.ledger.postgres_link import Link
    from keyward.ledger.queries import Reading
    from keyward.ledger.sql import SqlLedger
    from keyward.model.fingerprint import FingerprintKey
    from keyward.wiring import Parts


class Books:
    """The ledger of this host's user in the present world.

    Args:
        parts: the real parts.
    """

    def __init__(self, parts: "Parts") -> None:
        self._parts = parts
        self._lock = threading.Lock()
        self._open: tuple[SqlLedger, FingerprintKey] | None = None
        self._spare: list[Link] = []  # one connection to PostgreSQL, so that looking twice does not connect twice

    @property
    def where(self) -> str:
        """The file, its `sqlite:` URL, or a `postgresql:` URL; a person sees `name`."""
        return self._parts.settings.ledger.url or str(self._parts.paths.ledger)

    @property
    def name(self) -> str:
        """What a person calls it; nothing of a URL but host and database."""
        from keyward.ledger.address import shown

        return shown(self.where)

    @property
    def _folder(self) -> Path:
        """Where the file of the fingerprint key is, unless the settings name one."""
        from keyward.ledger.address import is_postgres
        from keyward.ledger.place import local_path

        return self._parts.paths.state if is_postgres(self.where) else local_path(self.where).parent

    @property
    def key_file(self) -> Path | None:
        """The file that the settings name for the fingerprint key, if they do."""
        named = self._parts.settings.fingerprint.key_file
        return expanded(named) if named else None

    def writing(self, *, create: bool = True) -> "tuple[SqlLedger, FingerprintKey]":
        """The ledger and its key, both made where neither is there; kept open until `close`.

        Raises:
            FingerprintKeyMissing: the ledger names a key that is not here.
            AnotherWorld: the ledger belongs to other endpoints.
            NotConfigured: there is no ledger, and it may not be made.
        """
        with self._lock:
            if self._open is None:
                from keyward.ledger.opening import open_with_key  # loads SQLAlchemy

                self._open = open_with_key(
                    self.where,
                    world=self._parts.world,
                    create=create,
                    key_file=self.key_file,
                    folder=self._folder,
                )
            return self._open

    def reading(self) -> "Reading | None":
        """The ledger as it is, read without SQLAlchemy; None when there is none. The caller closes it."""
        from keyward.ledger.opening_to_read import open_to_read
        from keyward.ledger.place import NoLedger

        try:
            return open_to_read(self.where, world=self._parts.world, spare=self._spare)
        except NoLedger:
            return None

    def names_key(self) -> bool:
        """Whether there is a ledger that names a fingerprint key; nothing is made."""
        from keyward.ledger import fingerprint_key

        ledger = self.reading()
        if ledger is None:
            return False
        with ledger:
            return fingerprint_key.names_one(ledger)  # type: ignore[arg-type]  # it is only read, as in `key_of_reading`

    def key_of_reading(self) -> "FingerprintKey":
        """The key that the ledger names; nothing is made.

        Raises:
            FingerprintKeyMissing: it is not here, or there is no ledger that names one.
        """
        from keyward.ledger import fingerprint_key

        ledger = self.reading()
        if ledger is None:
            raise FingerprintKeyMissing("There is no ledger yet, so there is no fingerprint key.")
        with ledger:
            # A ledger that only reads cannot name a key, and `load` never asks it to.
            return fingerprint_key.load(
                ledger,  # type: ignore[arg-type]  # see above
                folder=self._folder,
                key_file=self.key_file,
            )

    # Folders of this host that were scanned before

    @property
    def _folders_name(self) -> str:
        return f"folders:{self._parts.host}"

    def folders(self) -> tuple[Path, ...]:
        """Folders of this host that a scan named before: a later look reads them again."""
        if self._open is not None:
            found = self._open[0].meta(self._folders_name)
        else:
            ledger = self.reading()
            if ledger is None:
                return ()
            with ledger:
                found = ledger.meta(self._folders_name)
        return tuple(Path(name) for name in json.loads(found)) if found else ()

    def remember_folders(self, folders: Sequence[Path]) -> None:
        """Read these again from now on."""
        known = self.folders()
        added = dict.fromkeys([*known, *folders])
        if len(added) > len(known):
            ledger, _ = self.writing()
            ledger.set_meta(self._folders_name, json.dumps([str(folder) for folder in added]))

    def close(self) -> None:
        """Let go of the ledger."""
        with self._lock:
            if self._open is not None:
                self._open[0].close()
                self._open = None
        while self._spare:
            self._spare.pop().close()

"""Whose a key is that was found somewhere, from what the scans know. Without a ledger nobody can tell, and nothing is made to be able to."""

from datetime import datetime
from typing import TYPE_CHECKING

from keyward.inventory.identify import unread
from keyward.model.credential import Credential
from keyward.model.detectors import BY_KIND, DETECTORS
from keyward.model.errors import FingerprintKeyMissing
from keyward.model.ids import DECLARED, SHAPE

if TYPE_CHECKING:
    from keyward.desk.desk import Desk
    from keyward.hygiene.leaks.found import Mark
    from keyward.model.fingerprint import FingerprintKey

UNLISTED = (SHAPE, DECLARED)
"""How the ids of keys begin that no provider lists."""


class Inventory:
    """The inventory as the last scan left it, read once.

    Args:
        desk: parts and books.
        wanted: whether it is to be looked at, if there is one.

    Raises:
        FingerprintKeyMissing: the ledger names a key that is not here.
    """

    def __init__(self, desk: "Desk", *, wanted: bool = True) -> None:
        self.key: FingerprintKey | None = _key(desk) if wanted else None
        self._cache = desk.cache() if self.key is not None else None

    def close(self) -> None:
        """Let go of the cache."""
        if self._cache is not None:
            self._cache.close()

    @property
    def there(self) -> bool:
        """Whether there is one."""
        return self._cache is not None

    @property
    def scanned(self) -> datetime | None:
        """When it was read."""
        return None if self._cache is None else self._cache.scanned_at

    def unshaped(self) -> frozenset[str]:
        """Fingerprints of values that have no shape which tells them anywhere."""
        if self._cache is None:
            return frozenset()
        rows = self._cache.rows("SELECT provider, scope, fingerprint FROM key WHERE fingerprint IS NOT NULL")
        return frozenset(fingerprint for provider, scope, fingerprint in rows if not _tells_itself(provider, scope))

    def keys(self, mark: "Mark") -> list[Credential]:
        """The keys with that value, or with the id in it or beside it; those that a provider lists first."""
        if self._cache is None:
            return []
        ids = self._cache.by_fingerprint(mark.fingerprint) if mark.fingerprint else []
        if not ids and mark.value_id and mark.kind in BY_KIND:
            named = (BY_KIND[mark.kind].provider, mark.value_id)
            ids = [row[0] for row in self._cache.rows("SELECT id FROM key WHERE provider = ? AND uid = ?", named)]
        found = list(self._cache.credentials(ids))
        return sorted(found, key=lambda key: (key.ref.provider in UNLISTED, key.id))

    def unread(self, mark: "Mark") -> int:
        """Listed keys that it could be as well, because nobody was allowed to read their values."""
        provider = BY_KIND[mark.kind].provider if mark.kind in BY_KIND else ""
        return unread(self._cache, provider) if self._cache is not None and provider else 0


def _key(desk: "Desk") -> "FingerprintKey | None":
    if not desk.books.names_key():
        return None
    try:
        return desk.books.key_of_reading()
    except FingerprintKeyMissing as error:
        hint = f"{error.hint} `--no-inventory` searches without saying whose a key is.".strip()
        raise FingerprintKeyMissing(error.message, hint=hint) from None


def _tells_itself(provider: str, scope: str) -> bool:
    """Whether the table of shapes finds such a key wherever it stands."""
    if provider == SHAPE:
        detector = BY_KIND.get(scope)
        return detector is not None and not detector.within
    shapes = [one for one in DETECTORS if one.provider == provider and one.is_secret]
    return bool(shapes) and not any(one.within for one in shapes)

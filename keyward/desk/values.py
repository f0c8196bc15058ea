"""Where values pass through the desk: read to be shown, read to be tried, handed in to be recognised. None is kept."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Sequence

    from keyward.desk.desk import Desk
    from keyward.desk.revealing import Readable, Revealed
    from keyward.inventory.identify import Identity
    from keyward.model.secret import Secret
    from keyward.model.verdict import Verdict


class Values:
    """Values of keys.

    Args:
        desk: whose cache and ledger.
    """

    def __init__(self, desk: "Desk") -> None:
        self._desk = desk

    def readable(self, key: str) -> "Readable":
        """Where the value of a key (a full id) would be read, or why it cannot be; see `keyward.desk.revealing.where`."""
        from keyward.desk.revealing import where

        return where(self._desk, key)

    def reveal(self, key: str, cancel: "threading.Event | None" = None) -> "Revealed":
        """Read the value of a key (a full id) for the person at this terminal; see `keyward.desk.revealing.reveal`."""
        from keyward.desk.revealing import reveal

        return reveal(self._desk, key, self._desk.parts.ctx(None, cancel))

    def copied(self, key: str, way: str) -> None:
        """Put down that a value which is shown goes to a clipboard; see `keyward.desk.revealing.copied`."""
        from keyward.desk.revealing import copied

        copied(self._desk, key, way)

    def identify(self, value: "Secret") -> "Identity":
        """Whose value this is, where else it is kept, and what is not known."""
        from keyward.inventory.identify import identify

        _, key = self._desk.books.writing()
        cache = self._desk.cache()
        try:
            return identify(value, cache, key, accepted=self._desk.accepted())
        finally:
            cache.close()

    def verify(self, keys: "Sequence[str]", cancel: "threading.Event | None" = None) -> "Iterator[tuple[str, Verdict]]":
        """Try whether these keys (full ids) work, each with one harmless use; a verdict as soon as it is there."""
        from keyward.desk.verifying import verify

        return verify(self._desk, keys, self._desk.parts.ctx(None, cancel))

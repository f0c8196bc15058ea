"""What is known of one key, from the cache and the ledger; only `ask_around` asks anybody."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping, Sequence

    from keyward.desk.desk import Desk
    from keyward.desk.timeline import Moment
    from keyward.desk.using import KeyUsage
    from keyward.desk.where_used import WhereUsed


class Keys:
    """One key at a time, by its full id. Where there is none of that id, every method but `resolve` raises `UnknownKey`.

    Args:
        desk: whose cache and ledger.
    """

    def __init__(self, desk: "Desk") -> None:
        self._desk = desk

    def resolve(self, text: str) -> str:
        """The full id of the key that a person means by a full id, a unique prefix of one, or a display name.

        Raises:
            UnknownKey: there is none.
            AmbiguousKey: there are several.
        """
        from keyward.inventory.resolve import resolve
        from keyward.model.errors import UnknownKey

        cache = self._desk.cache()
        try:
            return resolve(cache, text)
        except UnknownKey:
            if not self._remembered(text):
                raise
            return text
        finally:
            cache.close()

    def _remembered(self, key: str) -> bool:
        """Whether the ledger knows places or an open rotation of that key: the cache may be lost, and forgets a key that was replaced."""
        ledger = self._desk.books.reading()
        if ledger is None:
            return False
        with ledger:
            return bool(ledger.placements(credential=key)) or bool(ledger.rotations(open_only=True, credential=key))

    def show(self, key: str) -> "Mapping[str, Any]":
        """Everything known of it: its entry of `keys` in `keyward.inventory/1`, and the sources that it depends on."""
        from keyward.desk.showing import show

        return show(self._desk, key)

    def show_secret(self, secret: str) -> "Mapping[str, Any] | None":
        """The same of a secret, as one entry of `secrets` in `keyward.inventory/1`; None when that is the id of none."""
        from keyward.desk.showing import show_secret

        return show_secret(self._desk, secret)

    def ask_around(self, of: str, cancel: "threading.Event | None" = None) -> "Sequence[str]":
        """Ask what is around a key or secret: billing, APIs, labels, and who can read it or the secrets that hold it.

        Returns:
            The ids of the keys of whose data handling something else is known now.

        Raises:
            Interrupted: cancelled; what was asked until then is kept.
        """
        from keyward.desk.showing import ask_around

        return ask_around(self._desk, of, self._desk.parts.ctx(None, cancel))

    def usage(self, key: str, days: int = 42) -> "KeyUsage":
        """Its calls in the last so many days, from what scans kept."""
        from keyward.desk.using import usage

        return usage(self._desk, key, days)

    def timeline(self, key: str) -> "Sequence[Moment]":
        """What is known to have happened to it, newest first."""
        from keyward.desk.timeline import timeline

        return timeline(self._desk, key)

    def where_used(self, key: str) -> "WhereUsed":
        """Its places on all hosts, and who is told when they change."""
        from keyward.desk.where_used import where_used

        return where_used(self._desk, key)

    def copies(self, key: str) -> "Sequence[tuple[str, str]]":
        """(what it is, the text) of everything of it that can be copied; never its value."""
        from keyward.desk.copies import copies

        return tuple(copies(self._desk, key))

"""What is wrong: rules over what the last scan knew, keys that lie in files and histories, and what providers do with data."""

from contextlib import closing
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping, Sequence

    from keyward.desk.desk import Desk
    from keyward.desk.leaking import Leaked, LeakWish
    from keyward.hygiene.checked import Checked
    from keyward.hygiene.leaks.found import Looked


class Hygiene:
    """The rules, the search for leaked keys, and data handling.

    Args:
        desk: whose parts, ledger and cache.
    """

    def __init__(self, desk: "Desk") -> None:
        self._desk = desk

    def check(self, query: str = "", rules: "Sequence[str]" = ()) -> "Checked":
        """Apply the rules to what the last scan knew; see `keyward.desk.checking.check`. Nothing is asked."""
        from keyward.desk.checking import check

        return check(self._desk, query, rules)

    def leaks(
        self,
        wish: "LeakWish",
        report: "Callable[[Looked], None] | None" = None,
        cancel: "threading.Event | None" = None,
    ) -> "Leaked":
        """Search files, a history or an index for keys, and say whose each is; see `keyward.desk.leaking.leaks`."""
        from keyward.desk.leaking import leaks

        return leaks(self._desk, wish, self._desk.parts.ctx(None, cancel), report or (lambda _: None))

    def providers(self) -> "Mapping[str, Any]":
        """The document `keyward.providers/1`: every provider of the catalog in short."""
        from keyward.desk.catalog import providers

        return providers(self._desk)

    def provider(self, name: str) -> "Mapping[str, Any]":
        """The document `keyward.provider/1` of the provider that a person means by an id, another name or the beginning of one.

        Raises:
            UsageError: there is none, or there are several.
        """
        from keyward.desk.catalog import provider

        return provider(self._desk, name)

    def judge_data(self) -> "Sequence[str]":
        """Bring what the list says of data handling up to date with settings and day; gives the ids of the keys that changed."""
        from keyward.desk.data_mark import holds

        with closing(self._desk.cache()) as cache:
            if holds(cache, self._desk.parts):
                return ()
        from keyward.desk.data_judging import again  # the catalog loads when something changed

        return again(self._desk)

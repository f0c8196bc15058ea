"""What is wrong: rules over what the last scan knew, keys that lie in files and histories, and what providers do with data."""

from contextlib import closing
from typing import TYPE_CHECKING, Any

from keyward.model.errors import KeywardError

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

    def check(self, query: str = "", rules: "Sequence[str]" = (), since: str | None = None) -> "Checked":
        """Apply the rules to what the last scan knew; see `keyward.desk.checking.check`. Nothing is asked.

        What is found when nothing narrows it is kept for lists.
        """
        from keyward.desk.checking import check

        return check(self._desk, query, rules, since) if query or rules else self.judge(since)[0]

    def judge(
        self, since: str | None = None, cancel: "threading.Event | None" = None
    ) -> "tuple[Checked, Sequence[str]]":
        """Apply all rules to everything, for lists too; gives what was found and the ids of the keys that changed."""
        from keyward.desk.judged_keys import judge

        return judge(self._desk, since, cancel)

    def of_key(self, key: str, cancel: "threading.Event | None" = None) -> "Checked":
        """What the rules say of that key (a full id), which is nothing where there is none of that id."""
        from keyward.desk.checking import check

        return check(self._desk, f'id:"{key}"', cancel=cancel)

    def judged(self) -> tuple[float, str] | None:
        """When lists were last told of findings, and why that does not hold any more; see `keyward.desk.judged_mark.standing`."""
        from keyward.desk.judged_mark import standing

        with closing(self._desk.cache()) as cache:
            return standing(cache, self._desk.parts)

    def judge_keys(self) -> "Sequence[str]":
        """Bring what the list says of findings up to date, unless it is; gives the ids of the keys that changed.

        Raises:
            SettingsError: the policy names rules that there are not, or limits of another kind than theirs.
        """
        before = self.judged()
        return () if before is not None and not before[1] else self.judge()[1]

    def leaks(
        self,
        wish: "LeakWish",
        report: "Callable[[Looked], None] | None" = None,
        cancel: "threading.Event | None" = None,
    ) -> "Leaked":
        """Search files, a history or an index for keys, say whose each is, and keep for checks where the inventory's keys lie.

        See `keyward.desk.leaking.leaks`.
        """
        from keyward.desk.leak_memory import remember
        from keyward.desk.leaking import leaks

        found = leaks(self._desk, wish, self._desk.parts.ctx(None, cancel), report or (lambda _: None))
        try:
            remember(self._desk, found)
        except KeywardError as error:  # what was found is told all the same
            self._desk.warn(f"`keyward check` will not know of this search: {error}")
        return found

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

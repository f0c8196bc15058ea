"""What is wrong: rules over what the last scan knew, and keys that lie in files and histories."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from keyward.desk.desk import Desk
    from keyward.desk.leaking import Leaked, LeakWish
    from keyward.hygiene.checked import Checked
    from keyward.hygiene.leaks.found import Looked


class Hygiene:
    """The rules, and the search for leaked keys.

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

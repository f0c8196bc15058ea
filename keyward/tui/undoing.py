"""The way back from a rotation: whether there is one, how long, and the question before it is taken."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from keyward.tui import words
from keyward.tui.keymap import Keymap
from keyward.tui.live import KeyLive
from keyward.tui.offered import read_only

if TYPE_CHECKING:
    from keyward.ledger.records import RotationRow
    from keyward.tui.app import KeywardApp

_BACK = ("rolling-back", "rollback-waiting")


class WayBack(NamedTuple):
    """Whether a rotation can be undone, in a few words for a cell and in a sentence. The engine looks once more before anything moves."""

    open: bool
    short: str
    said: str


def way_back(row: "RotationRow", now: float, keymap: Keymap | None = None) -> WayBack:  # noqa: PLR0911  # one return for each way to stand
    """The way back of a rotation, as the ledger knows it; `now` is seconds since 1970, `keymap` has the user's keys."""
    undo, go_on = map((keymap or Keymap()).key_of, ("history.undo", "history.go_on"))
    state, until = row.state.value, words.read_time(row.data.get("undo_until"))
    if state == "aborted":
        return WayBack(False, "was undone", "it was rolled back already")
    if state in _BACK:
        return WayBack(False, "under way", f"it is being rolled back; {go_on} goes on with it")
    policy = row.data.get("policy")
    if isinstance(policy, Mapping) and policy.get("old_gone"):
        return WayBack(False, "no", "a person deleted the old key")
    if row.data.get("revoked") is None:
        return WayBack(True, f"{undo} at any time", "the old key was not deleted yet")
    if until is None:
        return WayBack(False, "no", "its provider brings no deleted key back")
    left = until.timestamp() - now
    if left <= 0:
        return WayBack(
            False,
            f"over {words.day(until)}",
            f"undo is over: the old key could be restored until {words.moment(until)} UTC",
        )
    return WayBack(
        True, f"{undo} until {words.day(until)}", f"{words.span(left)} left: until {words.moment(until)} UTC"
    )


def ask_undo(app: "KeywardApp", row: "RotationRow", opened: Callable[[], None] | None = None) -> None:
    """Ask for the phrase; with it, bring the old key back and show that. Without a way back there is no question."""
    way = way_back(row, app.now(), app.keymap)
    if not way.open or not app.may_write():
        return
    from keyward.tui.widgets.dialog import Confirm

    last, production = row.credential.rpartition("/")[2], app.production(row.credential)
    text = (
        f"{row.credential}\n\nThe old key is brought back and proved, written to every place again, "
        f"and then the new key is deleted. {way.said[0].upper()}{way.said[1:]}."
    )

    def answered(yes: bool | None) -> None:
        if yes:
            from keyward.tui.screens.rotation import RotationScreen

            app.push_screen(RotationScreen(app.runs.undo(row.id, _key(row))))
            if opened is not None:
                opened()

    where = f" in production {row.credential.partition(':')[2].partition('/')[0]}" if production else ""
    app.push_screen(
        Confirm(f"Undo rotation {row.id}", text, f"undo {last[-8:]}{where}", "Undo", production=production), answered
    )


def go_on(app: "KeywardApp", row: "RotationRow") -> None:
    """Show the run that is at work on it, or begin one that does what can be done now."""
    from keyward.tui.screens.rotation import RotationScreen

    live = app.runs.of(row.id)
    if live is not None or (not row.state.closed and app.may_write()):
        app.push_screen(RotationScreen(live or app.runs.go_on(row.id, _key(row))))


def why_not(app: "KeywardApp", row: "RotationRow", action: str) -> str:
    """Why a rotation cannot be gone on with, or undone, now; empty when it can."""
    if action == "go_on" and app.runs.of(row.id) is None:  # to look at a run that is at work changes nothing
        closed = f"it is {row.state.value}: there is nothing to go on with" if row.state.closed else ""
        return closed or ("" if app.write else read_only(app))
    if action == "undo" and not (way := way_back(row, app.now(), app.keymap)).open:
        return way.said
    return ""


def _key(row: "RotationRow") -> KeyLive:
    return KeyLive(row.credential, named(row)[0])


def named(row: "RotationRow") -> tuple[str, str]:
    """Name and scope of the key, for people."""
    old = row.data.get("old")
    name = old.get("name") if isinstance(old, Mapping) else None
    local = row.credential.partition(":")[2]
    return str(name or local.rpartition("/")[2]), local.partition("/")[0]

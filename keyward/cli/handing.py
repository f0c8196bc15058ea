"""A person hands in the key that he made: what to do where, the value, and what is said of it before it is taken."""

from typing import TYPE_CHECKING

from keyward.cli import hidden
from keyward.cli.ask import yes
from keyward.model.errors import NeedsPerson, UsageError

if TYPE_CHECKING:
    from keyward.cli.invocation import Invocation
    from keyward.desk.swapping import ByHand, Judged
    from keyward.model.secret import Secret
    from keyward.rotation.state import Rotation

_TRIES = 5


def at_terminal(invocation: "Invocation", rotation: "Rotation") -> "tuple[Secret, bool]":
    """Ask for the value until one is good; gives it, and whether it is to be taken without a proof.

    Raises:
        NeedsPerson: none was handed in; the swap waits.
        Interrupted: cancelled; the swap waits.
    """
    from keyward.desk.swapping import by_hand, judge
    from keyward.model.verdict import VerdictKind

    key = rotation.old.id
    later = f"`keyward swap {key}` goes on at any time; `keyward undo {rotation.id}` calls it off."
    _tell(by_hand(invocation.desk, rotation))
    for _ in range(_TRIES):
        try:
            value = hidden.ask("The new key (not shown; Enter alone stops here): ", invocation.parts.cancel)
        except UsageError as error:
            _say(f"{error.message} {error.hint}".rstrip())
            continue
        if value is None:
            raise NeedsPerson("No key was handed in; no place was changed.", hint=later)
        found = judge(invocation.desk, key, value)
        if _asked(found):
            continue
        verdict = found.verdict
        unproved = verdict is not None and verdict.kind is VerdictKind.UNPROVED
        if unproved and not rotation.policy.accept_unproved and not yes("Take it without a proof?"):
            continue
        return value, unproved
    raise NeedsPerson("No usable key was handed in; no place was changed.", hint=later)


def _asked(found: "Judged") -> bool:
    """Say what is wrong with a value; True when another one is needed."""
    from keyward.model.verdict import VerdictKind

    if found.refused:
        _say(found.refused)
        return True
    if found.verdict is not None:
        _say(f"{found.verdict.kind.value}: {found.verdict.evidence}")
        if found.verdict.kind is VerdictKind.DEAD:
            _say("It does not work, so it is not taken.")
            return True
    return bool(found.doubt) and not yes(f"{found.doubt} Take it all the same?")


def from_stdin(invocation: "Invocation", key: str, *, accept_unproved: bool) -> "Secret":
    """The value on standard input, if it can be taken without a question.

    Raises:
        UsageError: there is none, or it cannot be a new key.
        NeedsPerson: a person has to look at it.
    """
    from keyward.desk.swapping import judge
    from keyward.model.verdict import VerdictKind

    value = hidden.from_stdin()
    found = judge(invocation.desk, key, value)
    if found.refused:
        raise UsageError(found.refused)
    if found.doubt:
        raise NeedsPerson(f"{found.doubt} Nothing was changed.", hint=f"At a terminal: keyward swap {key}")
    verdict = found.verdict
    if verdict is not None and verdict.kind is VerdictKind.DEAD:
        raise NeedsPerson(f"The new key does not work ({verdict.evidence}); nothing was changed.")
    if verdict is not None and verdict.kind is VerdictKind.UNPROVED and not accept_unproved:
        why = f"The new key cannot be tried from here ({verdict.evidence}); nothing was changed."
        raise NeedsPerson(why, hint="--accept-unproved takes it without a proof.")
    return value


def _tell(todo: "ByHand") -> None:
    _say(f"\nMake the new key {todo.make}.\n  name it    {todo.name}")


def _say(text: str) -> None:
    from keyward.cli.guard import told

    told(text)

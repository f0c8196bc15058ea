"""Which keys start which action: the registry's own, and those that the user's settings give instead."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from keyward.model.errors import SettingsError
from keyward.tui.actions import ACTIONS, Action, meet
from keyward.tui.keynames import canonical, character_of, key_name

if TYPE_CHECKING:
    from keyward.settings.schema import KeyChoice

_NO_KEY = "no-key"
"""Stands for no key at all in what Textual is told, which would take an empty text for no change. No terminal sends it."""


class Keymap:
    """The keys of every action.

    Args:
        chosen: the user's keys by the full id of the action; none is an action without a key.
    """

    def __init__(self, chosen: Mapping[str, tuple[str, ...]] = MappingProxyType({})) -> None:
        self._chosen = dict(chosen)

    def keys(self, action: Action) -> tuple[str, ...]:
        """The keys that start it."""
        return self._chosen.get(action.ref, tuple(action.keys.split(",")))

    def printed(self, action: Action) -> str:
        """What is printed on all of them; empty when there is none."""
        return " ".join(map(key_name, self.keys(action)))

    def first(self, action: Action) -> str:
        """What is printed on the first of them; empty when there is none."""
        keys = self.keys(action)
        return key_name(keys[0]) if keys else ""

    def key_of(self, ref: str) -> str:
        """What a sentence calls the key of the action with that full id; the title and where to find it, when there is none."""
        action = next(action for action in ACTIONS if action.ref == ref)
        return self.first(action) or f"{action.title} (no key)"

    @property
    def overrides(self) -> dict[str, str]:
        """What Textual lays over its bindings."""
        return {ref: ",".join(keys) or _NO_KEY for ref, keys in self._chosen.items()}


def read(choices: "Iterable[KeyChoice]") -> Keymap:
    """The keymap of these settings.

    Raises:
        SettingsError: an action or a key that does not exist, a key for two actions that are heard at the same time, or a letter for
            something dangerous that asks for no phrase. It names file and line.
    """
    known = {action.ref: action for action in ACTIONS}
    settings = {choice.action: choice for choice in choices}
    for ref, choice in settings.items():
        if ref not in known:
            raise _wrong(choice, f"there is no action {ref!r}", _nearest(ref, known))
    keymap = Keymap({ref: tuple(_keys(choice, known[ref])) for ref, choice in settings.items()})
    for ref, choice in settings.items():
        _alone(choice, known[ref], keymap, settings)
    return keymap


def _wrong(choice: "KeyChoice", what: str, hint: str = "") -> SettingsError:
    return SettingsError(f"[keys] {what}.", file=choice.file, line=choice.line, hint=hint)


def _nearest(ref: str, known: Iterable[str]) -> str:
    import difflib  # only for an error

    names = sorted(known)
    scope, _, last = ref.rpartition(".")
    meant = [name for name in names if name.rpartition(".")[2] == last]
    close = difflib.get_close_matches(ref, meant or names, 1, 0 if meant else 0.7)
    same = [name for name in names if scope and name.startswith(f"{scope}.")]
    if close:
        return f"Did you mean {close[0]}?"
    return (
        f"Known are: {', '.join(same)}."
        if same
        else "Ids are scope and name, such as inventory.rotate; the README lists them."
    )


def _keys(choice: "KeyChoice", action: Action) -> Iterable[str]:
    if not choice.keys:
        return
    for text in choice.keys.split(","):
        if not text.strip():
            raise _wrong(
                choice,
                f"{action.ref}: a key is missing",
                "Write comma or space for these keys, and nothing between the quotes for no key.",
            )
        try:
            key = canonical(text.strip())
        except ValueError as error:
            raise _wrong(
                choice, f"{action.ref}: {error}", "Keys are written R, ?, f5, space, pagedown, ctrl+r, alt+x."
            ) from None
        if action.danger and not action.phrase and character_of(key):
            what = f"{action.ref}: {key_name(key)} is typed too easily for what asks for no phrase"
            raise _wrong(choice, what, "Take a function key, or one with ctrl.")
        yield key


def _alone(choice: "KeyChoice", action: Action, keymap: Keymap, settings: "Mapping[str, KeyChoice]") -> None:
    """That none of its keys belongs to another action that is heard at the same time."""
    keys = keymap.keys(action)
    if twice := next((key for key in keys if keys.count(key) > 1), None):
        raise _wrong(choice, f"{action.ref}: {key_name(twice)} stands there twice")
    for other in ACTIONS:
        shared = set(keys) & set(keymap.keys(other))
        if other.ref != action.ref and meet(action, other) and shared:
            later = max(
                choice, settings.get(other.ref, choice), key=lambda one: one.line if one.file == choice.file else 0
            )
            what = f"{action.ref}: {key_name(min(shared))} is the key of {other.ref} ({other.title}) too"
            raise _wrong(later, what, f'Give one of them another key, or none: "{other.ref}" = ""')

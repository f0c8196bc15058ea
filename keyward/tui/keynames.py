"""Which keys a terminal can send, how they are written in settings, and what is printed on them."""

import string
import unicodedata

_PRINTED = {
    "escape": "Esc",
    "enter": "Enter",
    "space": "Space",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "up": "Up",
    "down": "Down",
    "left": "Left",
    "right": "Right",
    "home": "Home",
    "end": "End",
    "insert": "Ins",
    "delete": "Del",
    "backspace": "Backspace",
    "tab": "Tab",
}
_ALSO = {"esc": "escape", "return": "enter", "pgup": "pageup", "pgdn": "pagedown", "del": "delete", "ins": "insert"}
_RENAMED = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
"""Characters that the app knows by other names than Unicode."""
_NAMED = frozenset({*_PRINTED, *(f"f{number}" for number in range(1, 25))})
_TAKEN = {
    "tab": "it goes from part to part of a screen",
    "shift+tab": "it goes from part to part of a screen",
    "ctrl+c": "it copies what is selected",
}
_SAME = {"ctrl+i": "Tab", "ctrl+m": "Enter", "ctrl+j": "Enter", "ctrl+h": "Backspace", "ctrl+z": "a signal to stop"}


def canonical(text: str) -> str:
    """The key as the app knows it: `R`, `question_mark`, `ctrl+r`, `f5`.

    Args:
        text: the key as a person writes it: a character, a name such as `pgdn`, `ctrl+r` or `^R`, `alt+x`.

    Raises:
        ValueError: there is no such key, or it may not be given to an action.
    """
    if len(text) == 1:
        return _of_character(text)
    if len(text) == 2 and text[0] == "^":
        text = f"ctrl+{text[1]}"
    *modifiers, last = text.lower().split("+")
    if any(modifier not in ("ctrl", "alt", "shift") for modifier in modifiers) or not last:
        raise ValueError(f"there is no key {text!r}")
    last = _ALSO.get(last, last)
    name = "+".join([*modifiers, last])
    if name in _TAKEN:
        raise ValueError(f"{text!r} cannot be given away: {_TAKEN[name]}")
    if name in _SAME:
        raise ValueError(f"a terminal sends {_SAME[name]} for {text!r}")
    if len(last) == 1:
        return _with_modifiers(modifiers, last, text)
    if last not in _NAMED or (modifiers and last in ("escape", "space", "enter", "backspace", "tab")):
        if not modifiers and last in _TYPED:
            return last
        raise ValueError(f"there is no key {text!r} that every terminal sends")
    return name


def _with_modifiers(modifiers: list[str], letter: str, text: str) -> str:
    if modifiers == ["shift"] and letter.isalpha():
        raise ValueError(f"{text!r} is written {letter.upper()!r}")
    if modifiers == ["ctrl"] and letter.isascii() and letter.isalpha():
        return f"ctrl+{letter}"
    if modifiers == ["alt"] and letter.isascii() and letter.isalnum():
        return f"alt+{letter}"
    raise ValueError(f"there is no key {text!r} that every terminal sends")


def _of_character(character: str) -> str:
    if not character.isprintable() or character == " ":
        raise ValueError("a blank is written 'space'")
    return character if character.isalnum() else _name_of(character)


def _name_of(character: str) -> str:
    name = unicodedata.name(character, character).lower().replace("-", "_").replace(" ", "_")
    return _RENAMED.get(name, name)


_TYPED = {_name_of(character): character for character in string.punctuation} | {"space": " "}


def character_of(key: str) -> str:
    """The character that the key types; empty when it types none."""
    return key if len(key) == 1 else _TYPED.get(key, "")


def key_name(key: str) -> str:
    """What is printed on the key; of several, separated by commas, each."""
    if "," in key:
        return " ".join(map(key_name, key.split(",")))
    *modifiers, last = key.split("+") if len(key) > 1 else [key]
    printed = _PRINTED.get(last) or character_of(last) or last.upper()
    if modifiers == ["ctrl"] and len(printed) == 1:
        return f"^{printed.upper()}"
    return "+".join([*(modifier.title() for modifier in modifiers), printed])

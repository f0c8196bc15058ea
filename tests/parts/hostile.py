"""Texts that were made to do something to a terminal or to a toolkit, and what of a terminal's bytes would have done it."""

import re

ORDERS = {
    "clipboard": "\x1b]52;c;b3duZWQ=\x07",
    "title": "\x1b]0;owned\x07",
    "clear": "\x1b[2J\x1b[31m",
    "C1": "\x9b31m\x9d52;c;b3duZWQ=\x9c\x85",
    "DCS": "\x1bP+q544e\x1b\\\x1b_x\x1b\\",
    "lines": "a\r\nb\tc\x0bd\x08\x7f\x00e",
    "turned round": "\u202egnp.exe\u202c \u2066x\u2069",
    "invisible": "\ufeffz\u200be\u2028f\u2029g",
}
"""By what they would do. A terminal takes these for orders, or shows something else than stands there."""
MARKUP = {
    "bold": "[bold]x[/bold]",
    "unopened": "[/nope]",
    "unfinished": "[/nope",
    "click": "[@click=app.quit]press[/]",
    "link": "[link=file:///etc/passwd]x[/link]",
    "variable": "$(x) {y} \\[z] %s",
}
"""A toolkit takes these for orders."""
WIDE = "日本語キー \N{KEY}\N{FAMILY} e" + "\u0301" * 30 + " \U0001f468\u200d\U0001f469\u200d\U0001f467 \uff21"
"""Two cells a character, none at all, and what is drawn in the place of several."""
LONG = "very-long-" * 1_000

_SEQUENCE = re.compile(rb"\x1b(?:\[[<>=?]?[0-9;:]*\$?[a-zA-Z]|[\]P_^X].*?(?:\x07|\x1b\\|\Z)|.|\Z)", re.DOTALL)
_NEEDED = re.compile(
    rb"\x1b\[[0-9;]*m|\x1b\[[0-9]+;[0-9]+H|\x1b\[2J"  # colours, the cursor, the wiping at the end
    rb"|\x1b\[\?[0-9;]+(?:[hl]|\$p)|\x1b\[>[0-9]+u|\x1b\[<u"  # modes and the question for them, kitty's keys
    rb"|\x1b\]22;[a-z]*(?:\x07|\x1b\\)"  # the shape of the mouse pointer
)
_UNSEEN = re.compile("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def orders(written):
    """What in these bytes is an order to the terminal that the app has no need to give."""
    found = [one for one in _SEQUENCE.findall(written) if not _NEEDED.fullmatch(one)]
    return found + _UNSEEN.findall(_SEQUENCE.sub(b"", written).decode("utf-8", "replace"))


def unseen(text):
    """The characters of a text that are no sign, as far as lines may end."""
    return _UNSEEN.findall(text)

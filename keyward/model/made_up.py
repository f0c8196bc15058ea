"""Values that only look like keys: what manuals, templates and tests write in place of one."""

import re

_SAME_IN_A_ROW = re.compile(rb"(.)\1{7}")
_MADE_UP_WORDS = re.compile(
    rb"example|placeholder|changeme|change_me|your[-_]?(?:api|key|token|secret)|your[-_](?:\w{1,12}[-_]){1,3}key|insert[-_]?your|redacted|0123456789|abcdefgh",
    re.IGNORECASE,
)
_FEWEST_KINDS = 6
_SHORTEST_BODY = 16


def made_up(body: bytes) -> bool:
    """Whether what follows the prefix of a key is plainly no key: a word for the reader, one character again and again, a count.

    A random body of 16 characters and more is called so less than once in ten million times.
    """
    if _MADE_UP_WORDS.search(body) or _SAME_IN_A_ROW.search(body):
        return True
    return len(body) >= _SHORTEST_BODY and len(set(body)) < _FEWEST_KINDS

"""Values that only look like keys, or only stand for one: what manuals, templates and tests write in place of it."""

import re

_SAME_IN_A_ROW = re.compile(rb"(.)\1{7}")
_MADE_UP_WORDS = re.compile(
    rb"example|placeholder|changeme|change_me|your[-_]?(?:api|key|token|secret)|your[-_](?:\w{1,12}[-_]){1,3}key|insert[-_]?your|redacted|0123456789|abcdefgh",
    re.IGNORECASE,
)
_STANDS_FOR = re.compile(
    rb"(?:(?:please|to)[-_ ])?(?:change|replace|insert|fill|set|enter|paste|put)[-_ ]?(?:me|this|it|here|in)?(?:[-_ ](?:later|soon|now))?"
    rb"|(?:(?:insert|enter|paste|put|add|replace[-_ ]?with)[-_ ])?(?:your|my)[-_ ](?:[a-z0-9]{1,20}[-_ ]){0,4}(?:key|token|secret|value)(?:[-_ ](?:goes[-_ ])?here)?"
    rb"|(?:place[-_ ]?holder|dummy|fake|example|sample)(?:[-_ ](?:[a-z0-9]{1,20}[-_ ]){0,3}(?:key|token|secret|value))?"
    rb"|to[-_]?do|tbd|fixme|redacted|undefined|x{3,200}|\*{3,200}|\.{3}|<[^<>]{1,60}>",
    re.IGNORECASE,
)
_OF_A_KEY = re.compile(r"(?:api|access|auth|bearer)[-_]?(?:key|token)\Z", re.IGNORECASE)
_FEWEST_KINDS = 6
_SHORTEST_BODY = 16


def made_up(body: bytes) -> bool:
    """Whether what follows the prefix of a key is plainly no key: a word for the reader, one character again and again, a count.

    A random body of 16 characters and more is called so less than once in ten million times.
    """
    if _MADE_UP_WORDS.search(body) or _SAME_IN_A_ROW.search(body):
        return True
    return len(body) >= _SHORTEST_BODY and len(set(body)) < _FEWEST_KINDS


def stands_for(value: bytes, name: str = "") -> bool:
    """Whether a whole value is what templates write where a key is to be put, such as `changeme`.

    Args:
        value: without white space around it.
        name: the variable or field that holds it, which must be called like a key; empty when the value is a whole secret.
    """
    return (not name or _OF_A_KEY.search(name) is not None) and _STANDS_FOR.fullmatch(value) is not None

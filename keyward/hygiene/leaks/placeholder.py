"""Passwords in addresses that manuals, templates and tests write in place of one: nearly every such address in public code is one of these.

Only what could be guessed is judged so; a random password counts wherever it stands. Hosts that nobody can own are those of RFC 2606,
RFC 6761 (`example.com`, `.test`, `localhost`) and RFC 5737 (documentation networks).
"""

import re

_PASSWORD = re.compile(
    rb"(?:(?:my|your|the|some|a|db|user|admin|root|test|super)[-_]?)*(?:p(?:ass)?(?:w(?:or)?d|phrase)?|secret|token|key|api[-_]?key|tiger|test(?:ing)?|"
    rb"change[-_]?(?:me|it)|example|foo(?:bar)?|bar|dummy|fake|none|null|empty|str(?:ing)?|value|[.x*?_-]+)[-_]?\d{0,4}",
    re.IGNORECASE,
)
_HOST = re.compile(
    rb"(?:(?:my|your|the|some|a|remote|db|data|database|mail|redis|mongo|sql)[-_]?)*(?:host(?:name|spec)?|server(?:name)?|address|addr|domain|ip|url|endpoint|localhost)\d*"
    rb"|127\.[\d.]+|0\.0\.0\.0|\[?::1\]?|(?:192\.0\.2|198\.51\.100|203\.0\.113)\.\d+|\.{3}.*",
    re.IGNORECASE,
)
_RESERVED = re.compile(rb"(?:^|\.)(?:example(?:\.(?:com|net|org))?|test|invalid|localhost)\.?$", re.IGNORECASE)
_NAME = re.compile(rb"@(\[[0-9A-Fa-f:.]*\]|[^\s/:?#,\"'`<>()\\\]]*)")


def is_placeholder(before: bytes, password: bytes, behind: bytes) -> bool:
    """Whether it reads like one.

    Args:
        before: what stands before the password, up to its colon.
        password: it could be guessed.
        behind: what stands behind it, from its at sign on.
    """
    user = before.rpartition(b"//")[2].removesuffix(b":")
    if _PASSWORD.fullmatch(password) or password.lower() == user.lower() or len(set(password)) == 1:
        return True
    host = _NAME.match(behind)
    name = host[1] if host is not None else b""
    first = name.partition(b".")[0]
    return bool(_RESERVED.search(name)) or any(_HOST.fullmatch(one) for one in (name, first))

"""Service account key files: JSON objects with `"type": "service_account"`, recognised and compared whatever their layout.

The same key lies pretty-printed in a file, on one line in a variable and as a member of a larger document. What makes it the same key are
a few fields; indent, separators, the order of fields, and what somebody added (`quota_project_id`) belong to the place, and stay there
when the key is replaced. The fields are those of Google's own files (IAM v1, `projects.serviceAccounts.keys.create`).
"""

import json
import re
from typing import Any

from keyward.model.secret import Secret

TYPE = "service_account"
LARGEST = 32_768
"""Bytes; Google's own files have about 2,400."""

_IDENTITY = ("type", "client_email", "private_key_id", "private_key")
_NEEDED = (*_IDENTITY, "token_uri")
"""What Google's libraries need to sign in."""

_FEATURE = f'"{TYPE}"'.encode()
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_INDENT = re.compile(r'\{(\r?\n)([ \t]*)"')
_COLON = re.compile(r'"type"(\s{0,8}:\s{0,8})"service_account"')
_COMMA = re.compile(r'"(,[ \t]{0,8})"')


def fields(value: bytes) -> dict[str, Any] | None:
    """The fields of a service account key file; None when the bytes are none."""
    value = value.removeprefix(_BYTE_ORDER_MARK)
    if len(value) > LARGEST or _FEATURE not in value or not value.lstrip().startswith(b"{"):
        return None
    try:
        # Line ends inside of strings are what is left of "\n" where a shell has read the value.
        found = json.loads(value, strict=False)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or found.get("type") != TYPE or not isinstance(found.get("private_key"), str):
        return None
    return found


def key_id(value: bytes) -> str:
    """The id of the key in the file, which is no secret; empty when the bytes are no such file, or have none."""
    found = fields(value)
    name = found.get("private_key_id") if found else None
    return name if isinstance(name, str) and re.fullmatch(r"[0-9a-f]{40}", name) else ""


def canonical(value: bytes) -> bytes:
    """The same bytes for the same key, however its file is laid out; other values as they are."""
    found = fields(value)
    if found is None:
        return value
    kept = {name: found.get(name) for name in _IDENTITY}
    kept["private_key"] = str(kept["private_key"]).replace("\r", "").strip()
    return json.dumps(kept, sort_keys=True, separators=(",", ":")).encode()


def dressed(new: Secret, *, like: Secret) -> Secret:
    """The new key file in the layout of the one that it replaces: indent, separators, line ends, fields and their order.

    Args:
        new: what is to be written.
        like: what is there now. When one of the two is no key file, `new` is given back as it is.
    """
    now, wanted = fields(like.reveal()), fields(new.reveal())
    if now is None or wanted is None:
        return new
    names = [*now, *(name for name in _NEEDED if name not in now and name in wanted)]
    merged = {name: wanted.get(name, now.get(name)) for name in names}
    text = like.reveal().decode("utf-8", "replace")
    shape = _INDENT.search(text)
    colon, comma = _COLON.search(text), _COMMA.search(text)
    between = (comma[1] if comma else ",") if shape is None else ","
    written = json.dumps(
        merged,
        indent=shape[2] if shape else None,
        separators=(between, colon[1] if colon else ": "),
        ensure_ascii=text.isascii(),
    )
    if shape is not None and shape[1] == "\r\n":
        written = written.replace("\n", "\r\n")
    if "\\/" in text:
        written = written.replace("/", "\\/")
    return Secret.of(_around(text, written))


def _around(text: str, written: str) -> str:
    """With the white space that was around it."""
    head = text[: len(text) - len(text.lstrip())]
    return head + written + text[len(text.rstrip()) :]

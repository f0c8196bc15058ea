"""What a person may copy of a key: ids, names and command lines; never a value."""

import json
import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from keyward.model.ids import DECLARED, SHAPE, CredentialRef

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyward.desk.desk import Desk


def copies(desk: "Desk", key: str) -> Iterator[tuple[str, str]]:
    """(what it is, the text) of everything that can be copied of that key (a full id).

    Raises:
        UnknownKey: there is none of that id.
    """
    record: Mapping[str, Any] = desk.keys.show(key)["key"]
    ref = CredentialRef.parse(key)
    yield "id", key
    if record.get("name"):
        yield "name", str(record["name"])
    if ref.provider in {SHAPE, DECLARED}:
        yield "keyward swap ...", shlex.join(("keyward", "swap", key))
    else:
        yield "keyward rotate ...", shlex.join(("keyward", "rotate", key))
    yield "keyward show ...", shlex.join(("keyward", "show", key))
    if ref.provider in desk.parts.providers.names:
        describe = getattr(desk.parts.providers.get(ref.provider), "describe_command", None)
        if describe is not None:  # only some providers have a command line of their own
            argv = describe(ref, str(record.get("resource") or ""))
            yield f"{argv[0]} ...", shlex.join(argv)
    yield "JSON of the record", json.dumps(record, ensure_ascii=False, indent=2)

"""From what a person types to the full id of a key."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from keyward.model.errors import UsageError

if TYPE_CHECKING:
    from keyward.cli.invocation import Invocation


def named(invocation: "Invocation", texts: Sequence[str], *, writes: bool = False) -> list[str]:
    """The keys that are meant; each once, in the order typed. What was not typed in full is echoed in full.

    Args:
        invocation: this run.
        texts: full ids, unique prefixes, or display names.
        writes: whether something will be changed: then only a person at a terminal may abbreviate.

    Raises:
        UnknownKey: there is none.
        AmbiguousKey: there are several.
        UsageError: it is not a full id, and nobody is there to look at what it was taken for.
    """
    found: dict[str, None] = {}
    for text in texts:
        key = invocation.desk.keys.resolve(text)
        if key != text:
            if writes and not invocation.interactive:
                raise UsageError(
                    f"{text!r} is not the full id of a key, which commands that write need without a terminal.",
                    hint=f"Perhaps it means {key}",
                )
            sys.stderr.write(f"{text} is {key}\n")
        found[key] = None
    return list(found)

"""Permissions as answers before anything is done: held, missing with the command that grants them, or not known."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from keyward.google.advice import grant
from keyward.model.capability import Readiness, Ready
from keyward.model.errors import Gone, SourceError


def readiness(
    needed: Mapping[str, str],
    ask: Callable[[Sequence[str]], frozenset[str]],
    *,
    project: str,
    caller: str,
    untested: str = "",
) -> Iterator[Readiness]:
    """One answer for each permission.

    Args:
        needed: permissions, and what each is good for ("create keys").
        ask: gives those that the caller holds; may raise SourceError or Gone, and then nothing is known.
        project: where a missing one would be granted.
        caller: to whom: an e-mail address or a description.
        untested: why nothing can be asked now; then nothing is known.
    """
    if untested:
        yield from (Readiness(what, Ready.UNKNOWN, untested, permission=name) for name, what in needed.items())
        return
    try:
        held = ask(list(needed))
    except (SourceError, Gone) as error:
        for permission, what in needed.items():
            yield Readiness(
                what, Ready.UNKNOWN, f"permissions could not be tested: {error.message}", error.hint, permission
            )
        return
    for permission, what in needed.items():
        if permission in held:
            yield Readiness(what, Ready.YES, permission=permission)
        else:
            yield Readiness(what, Ready.NO, f"{permission} is missing", grant(permission, project, caller), permission)

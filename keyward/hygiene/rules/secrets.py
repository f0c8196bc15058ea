"""Secrets themselves: who may read them, whether they are replaced, and what is left in old versions."""

import shlex
from collections.abc import Iterable, Iterator
from datetime import timedelta

from keyward.hygiene.estate import Estate
from keyward.hygiene.rule import KEPT, Judgement, Rule, broken, unknown
from keyward.hygiene.say import command, span
from keyward.model.about import UNDER_A_CONDITION, Held, What, public
from keyward.model.finding import Severity, Subject
from keyward.model.secretinfo import SecretInfo, VersionState

_GUIDE = "https://docs.cloud.google.com/secret-manager/docs/best-practices"


def _no_rotation(info: SecretInfo, estate: Estate, limit: None) -> Iterable[Judgement]:
    del estate, limit
    if info.plaintext or not info.immutable_versions:
        return  # a place that has no such setting
    if info.rotation:
        yield KEPT
    else:
        said = "its store is not told to remind anybody of replacing it"
        yield broken(
            said,
            text="Name the TOPIC that is told and a TIME, such as a date in a quarter of a year.",
            commands=[_remind(info)],
        )


def _for_everybody(info: SecretInfo, estate: Estate, limit: None) -> Iterable[Judgement]:
    del limit
    found = _readers(info, estate)
    if found is None:
        return
    if isinstance(found, Judgement):
        yield found
        return
    open_to = [one for one in found if public(one)]
    for one in open_to:
        member = one.partition(" ")[0]
        text = "Take that member out of the policy; who needs it gets the role by name."
        yield broken(f"{public(one)} may read it: {one}", text=text, commands=_shut(info, estate, member), about=member)
    if not open_to:
        yield KEPT


def _too_many_readers(info: SecretInfo, estate: Estate, limit: int) -> Iterable[Judgement]:
    found = _readers(info, estate)
    if found is None:
        return
    if isinstance(found, Judgement):
        yield found
    elif len(found) > limit:
        text = "Give reading to the accounts that need it, on the secret and not on the project."
        yield broken(f"{len(found)} members may read it; {limit} are allowed", text=text)
    else:
        yield KEPT


def _readers(info: SecretInfo, estate: Estate) -> tuple[str, ...] | Judgement | None:
    """Everybody who may read it, by its own policy or its project's; a judgement where that is not known; None where nobody can say."""
    if info.plaintext or not info.immutable_versions:
        return None
    own, around = str(info.ref), f"project:{info.ref.scope.partition('@')[0]}"
    for subject in (own, around):
        if estate.known(subject, What.READERS) is None:
            return unknown(estate.why_unknown(subject, What.READERS), commands=[command("show", own, "--refresh")])
    every = (*(estate.known(own, What.READERS) or ()), *(estate.known(around, What.READERS) or ()))
    members = dict.fromkeys(one.partition(" ")[0] for one in every)
    return tuple(next(one for one in every if one.partition(" ")[0] == member) for member in members)


def _newest_off(info: SecretInfo, estate: Estate, limit: None) -> Iterable[Judgement]:
    del estate, limit
    newest = info.versions[0] if info.versions else None
    if newest is None:
        if info.versions is None:
            yield unknown("its versions were not listed", commands=["keyward scan"])
        return
    if newest.state is VersionState.ENABLED:
        yield KEPT
    else:
        text = "Enable it, or add a version that works: what reads `latest` fails."
        enable = [] if newest.state is VersionState.DESTROYED else [_of(info, "versions", "enable", newest.id)]
        yield broken(f"version {newest.id}, the newest, is {newest.state.value}", text=text, commands=enable)


def _old_versions(info: SecretInfo, estate: Estate, limit: timedelta) -> Iterable[Judgement]:
    """Versions that nothing reads by name any more, and that can still be read."""
    if not info.immutable_versions:
        return
    if info.versions is None:
        yield unknown("its versions were not listed", commands=["keyward scan"])
        return
    named = {info.current, *info.aliases.values()}
    old = [
        version
        for version in info.versions
        if version.state is not VersionState.DESTROYED
        and version.id not in named
        and _replaced(info, version.id, estate) > limit
    ]
    if not old:
        yield KEPT
        return
    names = ", ".join(version.id for version in old)
    yield broken(
        f"{len(old)} old version{'s' if len(old) > 1 else ''} can still be read or enabled ({names}); the newest is older than {span(limit)}",
        text="Destroy what nobody goes back to.",
        commands=[_destroy(info, version.id) for version in old],
    )


def _replaced(info: SecretInfo, version: str, estate: Estate) -> timedelta:
    """For how long that version has had a successor."""
    ids = [one.id for one in info.versions or ()]
    later = (info.versions or ())[: ids.index(version)] if version in ids else ()
    made = later[-1].created if later else None
    return estate.now - made if made is not None else timedelta(0)


def _destroy(info: SecretInfo, version: str) -> str:
    return _of(info, "versions", "destroy", version)


def _remind(info: SecretInfo) -> str:
    when = ("--next-rotation-time=TIME", "--rotation-period=7776000s")
    project, _, region = info.ref.scope.partition("@")
    where = (f"--project={project}", *((f"--location={region}",) if region else ()))
    return shlex.join(("gcloud", "secrets", "update", info.ref.name, *where, "--add-topics=TOPIC", *when))


def _shut(info: SecretInfo, estate: Estate, member: str) -> Iterator[str]:
    """Takes every role away that lets that member read it, where it was given: on the secret, or on the project."""
    project, _, region = info.ref.scope.partition("@")
    where = (f"--project={project}", *((f"--location={region}",) if region else ()))
    for subject, words in (
        (str(info.ref), ("secrets", "remove-iam-policy-binding", info.ref.name, *where)),
        (f"project:{project}", ("projects", "remove-iam-policy-binding", project)),
    ):
        for one in map(Held.of, estate.known(subject, What.READERS) or ()):
            if one.member == member:
                condition = ("--all",) if UNDER_A_CONDITION in one.notes else ("--condition=None",)
                yield shlex.join(("gcloud", *words, f"--member={member}", f"--role={one.role}", *condition))


def _of(info: SecretInfo, *words: str) -> str:
    """A command of gcloud about a version of that secret."""
    project, _, region = info.ref.scope.partition("@")
    where = (f"--secret={info.ref.name}", f"--project={project}", *((f"--location={region}",) if region else ()))
    return shlex.join(("gcloud", "secrets", *words, *where))


RULES = (
    Rule(
        "KW-501",
        "Secret without a rotation period",
        "Nobody is reminded, so the value stays for years.",
        Severity.INFO,
        Subject.SECRET,
        _no_rotation,
        f"{_GUIDE}; OWASP NHI7:2025",
    ),
    Rule(
        "KW-502",
        "Secret that everybody may read",
        "Its value is public.",
        Severity.CRITICAL,
        Subject.SECRET,
        _for_everybody,
        f"{_GUIDE}; OWASP NHI6:2025",
        needs="keyward scan --context",
    ),
    Rule(
        "KW-503",
        "Secret that many may read",
        "Each of them can copy it, and a leak has that many possible sources.",
        Severity.LOW,
        Subject.SECRET,
        _too_many_readers,
        f"{_GUIDE}; OWASP NHI5:2025",
        10,
        "how many members may read one secret",
        needs="keyward scan --context",
    ),
    Rule(
        "KW-506",
        "Newest version is off",
        "What asks for the latest version gets an error.",
        Severity.HIGH,
        Subject.SECRET,
        _newest_off,
        "https://docs.cloud.google.com/secret-manager/docs/access-secret-version",
    ),
    Rule(
        "KW-507",
        "Old versions never destroyed",
        "Old values wait to be read by whoever gets the right to; many still open something.",
        Severity.LOW,
        Subject.SECRET,
        _old_versions,
        _GUIDE,
        timedelta(days=90),
        "for how long a version that has a successor may stay",
    ),
)

"""Whether a secret could be read and written: tested without doing anything."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from keyward.google.permissions import readiness
from keyward.model.capability import Can, Readiness, Ready
from keyward.model.errors import Gone, SourceError
from keyward.model.secretinfo import VersionState
from keyward.stores.gsm import wire

if TYPE_CHECKING:
    from keyward.model.context import Ctx
    from keyward.model.ids import SecretRef
    from keyward.model.secretinfo import SecretInfo
    from keyward.stores.gsm.secrets import Secrets

_ON_SECRET = {
    Can.READ: {"versions.access": "read its value"},
    Can.WRITE: {"versions.add": "add versions", "versions.list": "see its versions"},
    Can.VERSIONS: {"versions.disable": "disable versions", "versions.enable": "enable versions"},
    Can.ALIASES: {"secrets.update": "move aliases"},
    Can.REMOVE: {"secrets.delete": "remove it"},
}
_ON_PROJECT = {Can.SECRET_STORE: {"secrets.create": "create secrets"}}


def preflight(
    secrets: "Secrets", ref: "SecretRef", want: frozenset[Can], ctx: "Ctx", known: "SecretInfo | None" = None
) -> Iterator[Readiness]:
    """One answer for each permission that the wanted abilities need, and for the secret itself."""
    if want - set(_ON_PROJECT):
        there = _there(secrets, ref, want, ctx, known)
        yield there
        # Permissions on a secret that is not there come back as none, which would be misleading.
        if there.ready is not Ready.NO:
            yield from _permissions(secrets, ref, _needed(_ON_SECRET, want), ctx)
    if want & set(_ON_PROJECT):
        yield from _permissions(secrets, ref, _needed(_ON_PROJECT, want), ctx, on_project=True)


def _needed(table: dict[Can, dict[str, str]], want: frozenset[Can]) -> dict[str, str]:
    return {
        f"secretmanager.{name}": what for can, names in table.items() if can in want for name, what in names.items()
    }


def _there(
    secrets: "Secrets", ref: "SecretRef", want: frozenset[Can], ctx: "Ctx", known: "SecretInfo | None"
) -> Readiness:
    what = f"{ref} is there"
    try:
        found = known or secrets.get(ref, ctx)
    except Gone:
        where = f" --location={wire.region(ref)}" if wire.region(ref) else ""
        command = f"gcloud secrets create {ref.name} --project={wire.project(ref)}{where}"
        return Readiness(what, Ready.NO, "there is no such secret", command)
    except SourceError as error:
        return Readiness(what, Ready.UNKNOWN, error.message, error.hint, error.permission)
    current = found.version(found.current or "")
    if known is not None and known.versions is None:
        return Readiness(what, Ready.YES)  # its versions were not asked for, because one was just read
    if Can.READ in want and (current is None or current.state is not VersionState.ENABLED):
        why = "it has no version" if current is None else f"its newest version is {current.state}"
        return Readiness(what, Ready.NO, why, "Enable it, or add a version.")
    return Readiness(what, Ready.YES)


def _permissions(
    secrets: "Secrets", ref: "SecretRef", needed: dict[str, str], ctx: "Ctx", *, on_project: bool = False
) -> Iterator[Readiness]:
    project, parts = wire.project(ref), secrets.connection.parts

    def ask(names: Sequence[str]) -> frozenset[str]:
        if on_project:
            return parts.projects.permitted(project, names, ctx)
        # What is held on the project holds for its secrets, and is asked once for all of them.
        with suppress(SourceError, Gone):
            inherited = parts.projects.permitted(project, names, ctx)
            if inherited >= set(names):
                return inherited
        return _held(secrets, ref, list(names), ctx)

    untested = parts.untested(project, ctx)
    return readiness(needed, ask, project=project, caller=parts.caller(project, ctx), untested=untested)


def _held(secrets: "Secrets", ref: "SecretRef", permissions: list[str], ctx: "Ctx") -> frozenset[str]:
    asked = secrets.asked(f"Testing permissions on {ref}", wire.project(ref), "secrets.get")
    request = {"resource": wire.resource(ref), "permissions": permissions}
    answer = secrets.ask("test_iam_permissions", request, ctx, asked)
    return frozenset(answer.permissions)

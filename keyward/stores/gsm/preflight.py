"""Whether a secret could be read and written: tested without doing anything."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keyward.google.advice import grant
from keyward.model.capability import Can, Readiness, Ready
from keyward.model.errors import Gone, SourceError
from keyward.model.secretinfo import VersionState
from keyward.stores.gsm import wire

if TYPE_CHECKING:
    from keyward.model.context import Ctx
    from keyward.model.ids import SecretRef
    from keyward.stores.gsm.secrets import Secrets

_ON_SECRET = {
    Can.READ: {"versions.access": "read its value"},
    Can.WRITE: {"versions.add": "add versions", "versions.list": "see its versions"},
    Can.VERSIONS: {"versions.disable": "disable versions", "versions.enable": "enable versions"},
    Can.ALIASES: {"secrets.update": "move aliases"},
    Can.REMOVE: {"secrets.delete": "remove it"},
}
_ON_PROJECT = {Can.SECRET_STORE: {"secrets.create": "create secrets"}}


def preflight(secrets: "Secrets", ref: "SecretRef", want: frozenset[Can], ctx: "Ctx") -> Iterator[Readiness]:
    """One answer for each permission that the wanted abilities need, and for the secret itself."""
    if want - set(_ON_PROJECT):
        there = _there(secrets, ref, want, ctx)
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


def _there(secrets: "Secrets", ref: "SecretRef", want: frozenset[Can], ctx: "Ctx") -> Readiness:
    what = f"{ref} is there"
    try:
        found = secrets.get(ref, ctx)
    except Gone:
        return Readiness(
            what, Ready.NO, "there is no such secret", f"gcloud secrets create {ref.name} --project={wire.project(ref)}"
        )
    except SourceError as error:
        return Readiness(what, Ready.UNKNOWN, error.message, error.hint, error.permission)
    current = found.version(found.current or "")
    if Can.READ in want and (current is None or current.state is not VersionState.ENABLED):
        why = "it has no version" if current is None else f"its newest version is {current.state}"
        return Readiness(what, Ready.NO, why, "Enable it, or add a version.")
    return Readiness(what, Ready.YES)


def _permissions(
    secrets: "Secrets", ref: "SecretRef", needed: dict[str, str], ctx: "Ctx", *, on_project: bool = False
) -> Iterator[Readiness]:
    project = wire.project(ref)
    try:
        held = (
            secrets.connection.parts.projects.permitted(project, list(needed), ctx)
            if on_project
            else _held(secrets, ref, list(needed), ctx)
        )
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
            fix = grant(permission, project, secrets.connection.parts.identity.description)
            yield Readiness(what, Ready.NO, f"{permission} is missing", fix, permission)


def _held(secrets: "Secrets", ref: "SecretRef", permissions: list[str], ctx: "Ctx") -> frozenset[str]:
    asked = secrets.asked(f"Testing permissions on {ref}", wire.project(ref), "secrets.get")
    request = {"resource": wire.resource(ref), "permissions": permissions}
    answer = secrets.ask("test_iam_permissions", request, ctx, asked)
    return frozenset(answer.permissions)

"""Writing: versions, their states, aliases, and secrets that keyward makes for a while."""

from typing import TYPE_CHECKING, Any

from keyward.google.calls import Call
from keyward.google.errors import GoogleFailure
from keyward.google.refusals import writing
from keyward.model.errors import Ambiguous, Conflict, Gone, Refused
from keyward.model.secretinfo import SecretInfo, Version, VersionState
from keyward.stores.gsm import wire
from keyward.stores.gsm.client import API
from keyward.stores.gsm.secrets import checksum

if TYPE_CHECKING:
    from keyward.google.refusals import Asked
    from keyward.model.context import Ctx
    from keyward.model.ids import SecretRef
    from keyward.model.secret import Secret
    from keyward.stores.gsm.secrets import Secrets

LARGEST = 65_536
"""Bytes that a version can hold (Secret Manager quotas)."""

_VERBS = {
    VersionState.ENABLED: ("enable_secret_version", "versions.enable", "Enabling"),
    VersionState.DISABLED: ("disable_secret_version", "versions.disable", "Disabling"),
    VersionState.DESTROYED: ("destroy_secret_version", "versions.destroy", "Destroying"),
}


def add(secrets: "Secrets", ref: "SecretRef", data: "Secret", ctx: "Ctx", expect: str) -> Version:
    """Add a version, if the newest one is still `expect`; with a checksum that Secret Manager compares.

    Raises:
        Conflict: another version is the newest; nothing was written, except when one came between the look and the write.
        Gone: there is no such secret.
        Refused: not written.
        SourceError: not written, it could not be asked.
        Ambiguous: perhaps written, or not confirmed.
    """
    if len(data) > LARGEST:
        raise Refused(f"{len(data)} bytes are too many for {ref}; Secret Manager holds {LARGEST}.", reason="too-large")
    newest = secrets.newest(ref, ctx)
    if newest != expect:
        raise Conflict(f"The newest version of {ref} is {newest or 'none'}, not {expect or 'none'}.")
    asked = secrets.asked(f"Adding a version to {ref}", wire.project(ref), "versions.add")
    payload = {"data": data.reveal(), "data_crc32c": checksum(data.reveal())}
    request = {"parent": wire.resource(ref), "payload": payload}
    answer = _change(secrets, "add_secret_version", request, ctx, asked, idempotent=False)
    made = wire.version(answer)
    if not answer.client_specified_payload_checksum:
        raise Ambiguous(
            f"{ref.at(made.id)} was added, but Secret Manager did not compare its checksum.", hint="Read it back."
        )
    if expect.isdecimal() and made.id.isdecimal() and int(made.id) != int(expect) + 1:
        # Secret Manager has no compare-and-set for payloads; numbers without a gap prove that nobody came between.
        raise Conflict(
            f"Somebody else added a version to {ref} at the same moment: keyward's is {made.id}, made from {expect}.",
            hint="Compare the versions between them, and write what is right.",
        )
    return made


def set_state(secrets: "Secrets", ref: "SecretRef", version: str, state: VersionState, ctx: "Ctx") -> None:
    """Enable, disable or destroy a version; returns when it is so already, or will be (`versionDestroyTtl`).

    Raises:
        Gone: there is no such version.
        Refused: it is destroyed, or Google said no.
        SourceError: not done, it could not be asked.
        Ambiguous: perhaps done.
    """
    if state is VersionState.DESTROYED and _is_so(secrets.version(ref, version, ctx), state):
        return  # a destruction that was scheduled is not begun anew
    method, permission, verb = _VERBS[state]
    asked = secrets.asked(f"{verb} {ref.at(version)}", wire.project(ref), permission)
    request = {"name": f"{wire.resource(ref)}/versions/{version}"}
    try:
        # Doing it twice is the same as doing it once, so a lost answer is asked for again.
        _run(secrets, method, request, ctx, asked, idempotent=True)
    except GoogleFailure as failure:
        if failure.error.status == "FAILED_PRECONDITION" and _is_so(secrets.version(ref, version, ctx), state):
            return
        raise writing(failure.error, asked) from None


def _is_so(version: Any, state: VersionState) -> bool:
    if state is VersionState.DESTROYED and version.scheduled_destroy_time is not None:
        return True
    return wire.version(version).state is state


def move_alias(secrets: "Secrets", ref: "SecretRef", alias: str, version: str, ctx: "Ctx") -> None:
    """Point the alias at that version.

    Raises:
        Conflict: somebody else changed the secret meanwhile.
        Gone: there is no such secret.
        Refused: not done.
        SourceError: not done, it could not be asked.
        Ambiguous: perhaps done.
    """
    if not version.isdecimal():
        raise Refused(f"The alias {alias!r} of {ref} needs the number of a version.", reason="INVALID_ARGUMENT")
    secret = secrets.raw(ref, ctx)
    aliases = dict(secret.version_aliases)
    if aliases.get(alias) == int(version):
        return
    asked = secrets.asked(f"Moving the alias {alias!r} of {ref}", wire.project(ref), "secrets.update")
    changed = {"name": wire.resource(ref), "etag": secret.etag, "version_aliases": {**aliases, alias: int(version)}}
    request = {"secret": changed, "update_mask": {"paths": ["version_aliases"]}}
    try:
        _run(secrets, "update_secret", request, ctx, asked, idempotent=False)
    except GoogleFailure as failure:
        # Whether a wrong etag is ABORTED or FAILED_PRECONDITION is not documented.
        if failure.error.status == "FAILED_PRECONDITION" and secrets.raw(ref, ctx).etag != secret.etag:
            raise Conflict(f"{ref} was changed meanwhile; its alias {alias!r} was left alone.") from None
        raise writing(failure.error, asked) from None


def create(secrets: "Secrets", ref: "SecretRef", like: "SecretRef | None", ctx: "Ctx") -> SecretInfo:
    """Make an empty secret with the replication and encryption of `like`; one that is there already is returned.

    A secret stays in the region of `like`: a global one that is made for a regional one has its only replica there.

    Raises:
        Gone: `like` does not exist.
        Refused: not made.
        SourceError: not made, it could not be asked.
        Ambiguous: perhaps made.
    """
    labels = {"keyward": "pending"} if ref.name.startswith(wire.PENDING) else {}
    asked = secrets.asked(f"Creating {ref}", wire.project(ref), "secrets.create")
    request = {
        "parent": wire.parent(wire.scope(ref)),
        "secret_id": ref.name,
        "secret": {**_kept(secrets, ref, like, ctx), "labels": labels},
    }
    try:
        _run(secrets, "create_secret", request, ctx, asked, idempotent=True)
    except GoogleFailure as failure:
        if failure.error.status != "ALREADY_EXISTS" and failure.error.code != 409:
            found = writing(failure.error, asked)
            raise (Refused(found.message, reason="NOT_FOUND") if isinstance(found, Gone) else found) from None
    return secrets.get(ref, ctx)


def _kept(secrets: "Secrets", ref: "SecretRef", like: "SecretRef | None", ctx: "Ctx") -> dict[str, Any]:
    """Where and how it is kept, as `like` is."""
    here = wire.region(ref)
    if like is None:
        return {} if here else {"replication": {"automatic": {}}}
    there = wire.region(like)
    if here and here != there:
        return {}  # a region has keys of its own
    found = secrets.raw(like, ctx)
    encryption = {"customer_managed_encryption": found.customer_managed_encryption} if there else {}
    encryption = {name: value for name, value in encryption.items() if value}
    if here:
        return encryption
    if there:
        return {"replication": {"user_managed": {"replicas": [{"location": there, **encryption}]}}}
    return {"replication": found.replication}


def remove(secrets: "Secrets", ref: "SecretRef", ctx: "Ctx") -> None:
    """Remove a pending secret that keyward made; one that is not there counts as removed.

    Raises:
        Refused: it is not a pending secret, or Google said no.
        SourceError: not done, it could not be asked.
        Ambiguous: perhaps done.
    """
    if not ref.name.startswith(wire.PENDING):
        raise Refused(f"{ref} is not a pending secret of keyward's, so it is not removed.", reason="not-ours")
    asked = secrets.asked(f"Removing {ref}", wire.project(ref), "secrets.delete")
    try:
        _run(secrets, "delete_secret", {"name": wire.resource(ref)}, ctx, asked, idempotent=True)
    except GoogleFailure as failure:
        if failure.error.status != "NOT_FOUND":
            raise writing(failure.error, asked) from None


def _run(secrets: "Secrets", method: str, request: Any, ctx: "Ctx", asked: "Asked", *, idempotent: bool) -> Any:
    call = Call(API, asked.project, "write", idempotent=idempotent)
    return secrets.connection.run(method, request, ctx, call, take=lambda answer: answer)


def _change(secrets: "Secrets", method: str, request: Any, ctx: "Ctx", asked: "Asked", *, idempotent: bool) -> Any:
    try:
        return _run(secrets, method, request, ctx, asked, idempotent=idempotent)
    except GoogleFailure as failure:
        raise writing(failure.error, asked) from None

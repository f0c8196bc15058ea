"""The provider `google-hmac-keys` (DESIGN.md section 6)."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from keyward.google import audit
from keyward.google.about import around
from keyward.google.calls import Call
from keyward.google.errors import GoogleFailure
from keyward.google.orgpolicy import effective
from keyward.google.permissions import readiness
from keyward.google.refusals import writing
from keyward.model.capability import Act, Can, CrashClass, Readiness, Ready
from keyward.model.credential import Credential, State
from keyward.model.errors import Gone, KeywardError, Refused, SourceError
from keyward.model.secret import Secret
from keyward.model.usage import UsageReport, UseStatus
from keyward.model.verdict import Verdict, VerdictKind
from keyward.providers.google_hmac_keys import wire
from keyward.providers.google_hmac_keys.signed import Signer
from keyward.providers.google_hmac_keys.storage import API, KEYS, Storage
from keyward.providers.interface import NO_CLUES, Clues, Created
from keyward.providers.plain import Plain

if TYPE_CHECKING:
    from keyward.google.parts import GoogleParts
    from keyward.model.about import About
    from keyward.model.context import Ctx
    from keyward.model.ids import CredentialRef
    from keyward.providers.interface import Change, Marker, Want

FRESH = timedelta(minutes=5)
"""How long a new or changed key may be unknown to some servers: up to three minutes, as Google says of other changes."""

LIMIT = 10
"""Keys of one account (unverified)."""

ROOM = "Delete a key of this account that nobody uses: `keyward list kind:access-key` shows them."

CONSTRAINT = "iam.managed.disableServiceAccountKeyCreation"
"""The organisation policy that stops HMAC keys too."""

_DEAD = (60.0, 180.0)
_SKEW = timedelta(minutes=1)
_NEEDED = {
    f"{KEYS}.create": "make keys",
    f"{KEYS}.get": "read keys",
    f"{KEYS}.list": "list keys",
    f"{KEYS}.update": "disable and enable keys",
    f"{KEYS}.delete": "delete keys",
}


class GoogleHmacKeys(Plain):
    """HMAC keys of service accounts for Cloud Storage. A scope is a project id; the value is the secret, the access id stands beside it.

    The secret is shown once. Keys of people are not listed by Google. Nothing records their use.

    Args:
        parts: the Google parts.
    """

    name = wire.NAME
    crash = CrashClass.UNMARKABLE
    can = frozenset({Can.LIST, Can.CREATE, Can.DISABLE, Can.DELETE, Can.VERIFY})

    def __init__(self, parts: "GoogleParts") -> None:
        self._storage = Storage(parts)

    def describe_command(self, ref: "CredentialRef", resource: str) -> tuple[str, ...]:  # noqa: ARG002  # as other providers need it
        """The command line of gcloud that shows this key, without its secret."""
        return ("gcloud", "storage", "hmac", "describe", ref.local[0], f"--project={ref.scope}")

    def list(self, scope: str, ctx: "Ctx") -> Iterator[Credential]:
        """Every key of the project's service accounts that is not deleted, as pages arrive."""
        for item in self._storage.list(scope, ctx):
            yield wire.credential(item, scope)

    def get(self, ref: "CredentialRef", ctx: "Ctx") -> Credential:
        """The key as it is now."""
        return wire.credential(self._storage.get(ref, ctx), ref.scope)

    def siblings(self, want: "Want", ctx: "Ctx") -> Sequence[Credential]:
        """The keys of the same account."""
        return tuple(wire.credential(item, want.scope) for item in self._of(want, ctx))

    def _of(self, want: "Want", ctx: "Ctx") -> Iterator[dict[str, object]]:
        return self._storage.list(want.scope, ctx, want.bound_identity)

    def preflight(self, want: "Want", ctx: "Ctx") -> Sequence[Readiness]:
        """Permissions, room, organisation policy."""
        parts = self._storage.parts
        caller = parts.caller(want.scope, ctx)
        found = list(
            readiness(
                _NEEDED,
                lambda names: parts.projects.permitted(want.scope, names, ctx),
                project=want.scope,
                caller=caller,
                untested=parts.untested(want.scope, ctx),
            )
        )
        policy = effective(parts, want.scope, CONSTRAINT, ctx)
        word = {True: Ready.NO, False: Ready.YES, None: Ready.UNKNOWN}[policy.enforced]
        why = "" if word is Ready.YES else f"{CONSTRAINT} is enforced" if word is Ready.NO else policy.why
        found.append(Readiness("organisation policy allows a new key", word, why))
        try:
            count = sum(1 for _ in self._of(want, ctx))
            full = count >= LIMIT
            word, fix = (Ready.NO, ROOM) if full else (Ready.YES, "")
            found.append(Readiness("room for one more key of the account", word, f"{count} of {LIMIT} keys", fix))
        except SourceError as error:
            found.append(Readiness("room for one more key of the account", Ready.UNKNOWN, error.message, error.hint))
        return tuple(found)

    def create(self, want: "Want", marker: "Marker", ctx: "Ctx", *, material: Secret | None = None) -> Created:  # noqa: ARG002  # none is made here
        """Let Google make a key and show its secret, this once; one request.

        Raises:
            Refused: not made.
            SourceError: not made; Google could not be reached.
            Ambiguous: perhaps made.
        """
        if not want.bound_identity:
            raise Refused("An HMAC key needs a service account.", hint="Name one: --service-account EMAIL.")
        asked = self._storage.asked(f"Creating an HMAC key for {want.bound_identity}", want.scope, "create")
        request = self._storage.keys.create(projectId=want.scope, serviceAccountEmail=want.bound_identity)
        call = Call(API, want.scope, "write", idempotent=False)
        try:
            item = self._storage.execute(request, ctx, call, audit.agent(marker.rotation))
        except GoogleFailure as failure:
            found = writing(failure.error, asked)
            raise Refused(found.message, reason="NOT_FOUND") if isinstance(found, Gone) else found from None
        secret = item.pop("secret", None)
        value = Secret.of(secret) if isinstance(secret, str) and secret else None
        return Created(wire.credential(item.get("metadata") or {}, want.scope), value)

    def own(self, want: "Want", marker: "Marker", ctx: "Ctx", clues: Clues = NO_CLUES) -> Sequence[Credential]:
        """What the audit log says that this rotation made."""
        fresh = self._fresh(want, ctx, clues)
        ids = self._told(want, marker, ctx, clues).ids if fresh else frozenset()
        return tuple(one for one in fresh if one.uid in ids)

    def suspects(self, want: "Want", marker: "Marker", ctx: "Ctx", clues: Clues = NO_CLUES) -> Sequence[Credential]:
        """Keys made since, of which the log does not say by whom."""
        fresh = self._fresh(want, ctx, clues)
        told = self._told(want, marker, ctx, clues) if fresh else audit.Told()
        unproved = [one for one in fresh if one.live and one.uid not in told.ids and one.uid not in told.others]
        if told.readable and any(one.created is None or ctx.now - one.created < audit.LAG for one in unproved):
            raise SourceError(
                "A new key is not in the audit log yet, which tells who made it.",
                api="logging.googleapis.com",
                retry_after=audit.LAG.total_seconds() / 4,
            )
        return tuple(unproved)

    def _fresh(self, want: "Want", ctx: "Ctx", clues: Clues) -> Sequence[Credential]:
        if clues.since is None:
            return ()
        begun = clues.since - _SKEW
        found = [one for one in self.siblings(want, ctx) if one.id not in clues.baseline]
        return tuple(one for one in found if one.created is None or one.created >= begun)

    def _told(self, want: "Want", marker: "Marker", ctx: "Ctx", clues: Clues) -> audit.Told:
        return audit.Log(self._storage.parts, want.scope, wire.CREATES).made_by(marker.rotation, clues.since, ctx)

    def read_value(self, ref: "CredentialRef", ctx: "Ctx") -> Secret:  # noqa: ARG002  # the interface's
        """Always refused: Google shows it once."""
        raise Refused(f"Google shows the secret of {ref} only when it is made.", reason="unsupported")

    def update(self, ref: "CredentialRef", change: "Change", ctx: "Ctx", *, etag: str) -> Credential:  # noqa: ARG002
        """Always refused: there is nothing to change."""
        raise Refused(f"{ref} has neither a name nor restrictions that could be changed.", reason="unsupported")

    def act(self, act: Act, ref: "CredentialRef", ctx: "Ctx", *, etag: str = "", check_usage: bool = False) -> None:
        """Disable, enable, or disable and delete."""
        if check_usage and act is Act.REVOKE:
            raise Refused(f"Google does not check the use of {ref} before it deletes it.", reason="unsupported")
        self._storage.act(act, ref, ctx, etag)

    def needs(self, act: Act) -> frozenset[str]:
        """Changing and reading; deleting too."""
        more = {f"{KEYS}.delete"} if act is Act.REVOKE else set()
        return frozenset({f"{KEYS}.update", f"{KEYS}.get", *more})

    def verify(self, value: Secret, ref: "CredentialRef | None", ctx: "Ctx") -> Verdict:
        """Sign one request with it; the access id comes from the key's id."""
        ctx.check()
        if ref is None:
            return Verdict(VerdictKind.UNPROVED, "a secret alone cannot be tried; its access id belongs to it", ctx.now)
        parts = self._storage.parts
        signer = Signer(parts.plain_http.telling(ctx), parts.endpoints.url(API))
        return signer.verify(ref.local[0], value, ctx.now, lambda: self._look(ref, ctx))

    def _look(self, ref: "CredentialRef", ctx: "Ctx") -> tuple[VerdictKind, str] | None:
        try:
            item = self._storage.get(ref, ctx)
        except Gone:
            return VerdictKind.DEAD, "it is deleted"
        except KeywardError:
            return None
        found = wire.credential(item, ref.scope)
        if found.state is not State.ACTIVE:
            return VerdictKind.DEAD, f"it is {found.state.value}"
        if found.created is not None and ctx.now - found.created < FRESH:
            return VerdictKind.NOT_YET, "not known yet, a new key takes up to three minutes"
        return None

    def blind(self) -> Sequence[str]:
        """What Cloud Storage lists to nobody but their owner."""
        return ("Cannot be listed: HMAC keys of user accounts, only those of service accounts can.",)

    def around(self, scope: str, ctx: "Ctx") -> "Sequence[About]":
        """What is known around the project."""
        return around(self._storage.parts, scope, ctx)

    def usage(self, scope: str, since: datetime, ctx: "Ctx") -> UsageReport:  # noqa: ARG002  # nothing to ask
        """Nothing: Google keeps no record of the use of HMAC keys."""
        return UsageReport(
            UseStatus.UNSUPPORTED, since, ctx.now, {}, detail="Google does not record the use of HMAC keys"
        )

    def dead_after(self, credential: Credential) -> tuple[float, float]:  # noqa: ARG002  # all alike
        """A minute or so; three at most."""
        return _DEAD

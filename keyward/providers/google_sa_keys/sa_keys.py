"""The provider `google-sa-keys` (DESIGN.md section 6)."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from keyward.google import assets
from keyward.google.about import around
from keyward.google.times import moment
from keyward.model.capability import Act, Can, CrashClass, Readiness
from keyward.model.credential import Credential
from keyward.model.errors import Gone, KeywardError, Refused, SourceError
from keyward.model.ids import CredentialRef
from keyward.model.keyfile import fields
from keyward.model.secret import Secret
from keyward.model.verdict import VerdictKind
from keyward.providers.google_sa_keys import acting, keyfile, making, owning, wire
from keyward.providers.google_sa_keys import material as materials
from keyward.providers.google_sa_keys.exchange import Exchange
from keyward.providers.google_sa_keys.iam import KEYS, Iam, email_of
from keyward.providers.google_sa_keys.preflight import crash_for, preflight
from keyward.providers.google_sa_keys.usage import usage
from keyward.providers.interface import NO_CLUES, Clues
from keyward.providers.plain import Plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyward.google.parts import GoogleParts
    from keyward.model.about import About
    from keyward.model.context import Ctx
    from keyward.model.index import Indexed
    from keyward.model.usage import UsageReport
    from keyward.model.verdict import Verdict
    from keyward.providers.interface import Change, Created, Marker, Want

FRESH = timedelta(minutes=5)
"""How long a new key may be unknown to the token service: about a minute, as public reports have it."""

_DEAD = (5.0, 20.0)
"""Google: about five seconds."""


class GoogleServiceAccountKeys(Plain):
    """User-managed keys of service accounts. A scope is a project id; the account is a key's bound identity.

    A key is made by uploading the public half of a pair that was made here; where that is forbidden Google makes it and shows it once.
    Keys can be disabled and enabled; a deleted one is gone for good. Safe to call from many threads.

    Args:
        parts: the Google parts.
    """

    name = wire.NAME
    crash = CrashClass.OWN_MATERIAL
    can = frozenset({Can.LIST, Can.CREATE, Can.DISABLE, Can.DELETE, Can.UPLOAD, Can.USAGE, Can.VERIFY, Can.INDEX})
    quiet = timedelta(hours=24)

    def __init__(self, parts: "GoogleParts") -> None:
        self._parts = parts
        self._iam = Iam(parts)

    def describe_command(self, ref: CredentialRef, resource: str) -> tuple[str, ...]:  # noqa: ARG002  # as other providers need it
        """The command line of gcloud that shows this key: it can only list them, so the list is filtered."""
        email, key = ref.local
        listed = ("gcloud", "iam", "service-accounts", "keys", "list", f"--iam-account={email}")
        return (*listed, f"--filter=name~/{key}$", "--format=yaml", f"--project={ref.scope}")

    def list(self, scope: str, ctx: "Ctx") -> Iterator[Credential]:
        """Every user-managed key of the project; one request for a hundred accounts, and one for each account."""
        for account in self._iam.list_accounts(scope, ctx):
            email = str(account.get("email", ""))
            try:
                items = self._iam.list_keys(scope, email, ctx)
            except Gone:
                continue  # deleted since it was listed
            for item in items:
                yield wire.credential(item, scope, email, ctx.now)

    def indexed(self, roots: Sequence[str], scopes: Sequence[str], ctx: "Ctx") -> "Indexed[Credential]":
        """The user-managed keys as the asset index has them: no question for each account."""

        def understand(scope: str, found: Sequence[assets.Asset]) -> list[Credential] | None:
            return wire.of_assets(found, scope, ctx.now)

        return assets.indexed(self._parts, (wire.ASSET, wire.ACCOUNT_ASSET), roots, scopes, ctx, understand=understand)

    def get(self, ref: CredentialRef, ctx: "Ctx") -> Credential:
        """The key as it is now; one that was just made too."""
        return wire.credential(self._iam.get_key(ref, ctx), ref.scope, email_of(ref), ctx.now)

    def siblings(self, want: "Want", ctx: "Ctx") -> Sequence[Credential]:
        """The keys of the same account."""
        email = want.bound_identity or ""
        try:
            items = self._iam.list_keys(want.scope, email, ctx)
        except Gone as gone:
            raise SourceError(gone.message) from None
        return tuple(wire.credential(item, want.scope, email, ctx.now) for item in items)

    def crash_for(self, want: "Want", ctx: "Ctx") -> CrashClass:
        """By upload; by create where the organisation policy forbids uploads and nothing else."""
        return crash_for(self._parts, want, ctx)

    def preflight(self, want: "Want", ctx: "Ctx") -> Sequence[Readiness]:
        """Permissions, the account, room for one more key, organisation policy."""
        return tuple(preflight(self._iam, want, ctx))

    def material(self, want: "Want", ctx: "Ctx") -> Secret:  # noqa: ARG002  # any account takes any pair
        """A new private key; nothing is asked."""
        return materials.make()

    def create(self, want: "Want", marker: "Marker", ctx: "Ctx", *, material: Secret | None = None) -> "Created":
        """Upload the public half of the material; without material let Google make the key."""
        if material is None:
            return making.create(self._iam, want, marker, ctx)
        return making.upload(self._iam, want, marker, material, ctx)

    def compose(self, credential: Credential, material: Secret, ctx: "Ctx") -> Secret:
        """The JSON key file, with the key id that Google gave."""
        email = email_of(credential.ref)
        return keyfile.compose(
            material,
            project=credential.ref.scope,
            email=email,
            key_id=credential.uid,
            client_id=self._client_id(credential.ref.scope, email, ctx),
            token_uri=keyfile.token_uri(self._parts.endpoints),
        )

    def _client_id(self, scope: str, email: str, ctx: "Ctx") -> str:
        try:
            account = self._iam.get_account(scope, email, ctx)
        except SourceError as error:
            if error.status != "denied":
                raise
            return ""  # the file works without it
        return str(account.get("oauth2ClientId") or account.get("uniqueId") or "")

    def own(self, want: "Want", marker: "Marker", ctx: "Ctx", clues: Clues = NO_CLUES) -> Sequence[Credential]:
        """By the public half, by the certificate, or by the audit log; see `owning.own`."""
        return owning.own(self._iam, want, marker, ctx, clues)

    def suspects(self, want: "Want", marker: "Marker", ctx: "Ctx", clues: Clues = NO_CLUES) -> Sequence[Credential]:
        """Keys that Google made since, and nobody can say for whom; see `owning.suspects`."""
        return owning.suspects(self._iam, want, marker, ctx, clues)

    def read_value(self, ref: CredentialRef, ctx: "Ctx") -> Secret:  # noqa: ARG002  # the interface's
        """Always refused: Google does not have it."""
        raise Refused(f"Google does not keep the value of {ref}.", reason="unsupported")

    def update(self, ref: CredentialRef, change: "Change", ctx: "Ctx", *, etag: str) -> Credential:  # noqa: ARG002
        """Always refused: there is nothing to change."""
        raise Refused(f"{ref} has neither a name nor restrictions that could be changed.", reason="unsupported")

    def act(
        self,
        act: Act,
        ref: CredentialRef,
        ctx: "Ctx",
        *,
        etag: str = "",  # noqa: ARG002  # such keys have none
        check_usage: bool = False,
    ) -> None:
        """Disable, enable or delete."""
        if check_usage and act is Act.REVOKE:
            raise Refused(f"Google does not check the use of {ref} before it deletes it.", reason="unsupported")
        acting.act(self._iam, act, ref, ctx)

    def needs(self, act: Act) -> frozenset[str]:
        """The method's own, and reading what it did."""
        verb = "delete" if act is Act.REVOKE else act.value
        return frozenset({f"{KEYS}.{verb}", f"{KEYS}.get"})

    def verify(self, value: Secret, ref: CredentialRef | None, ctx: "Ctx") -> "Verdict":
        """Exchange it for an access token, which is thrown away. This counts as use of the key."""
        ctx.check()
        exchange = Exchange(self._parts.plain_http.telling(ctx), self._parts.endpoints)
        return exchange.verify(value, ctx.now, lambda: self._look(value, ref, ctx))

    def _look(self, value: Secret, ref: CredentialRef | None, ctx: "Ctx") -> tuple[VerdictKind, str] | None:
        """What the key itself says, when its signature was refused; without `ref` nothing excuses it."""
        if ref is None:
            return self._gone(value, ctx)
        try:
            item = self._iam.get_key(ref, ctx)
        except Gone:
            return VerdictKind.DEAD, "it is deleted"
        except KeywardError:
            return None
        return _judged(item, ctx)

    def _gone(self, value: Secret, ctx: "Ctx") -> tuple[VerdictKind, str] | None:
        """Whether IAM knows the key of that file no more, so that a missing account is no excuse."""
        found = fields(value.reveal()) or {}
        local = (str(found.get("client_email", "")), str(found.get("private_key_id", "")))
        project = str(found.get("project_id", ""))
        if not project or not all(local):
            return None
        try:
            self._iam.get_key(CredentialRef(wire.NAME, project, local), ctx)
        except Gone:
            return VerdictKind.DEAD, "it is deleted"
        except KeywardError:
            return None
        return None

    def around(self, scope: str, ctx: "Ctx") -> "Sequence[About]":
        """What is known around the project."""
        return around(self._parts, scope, ctx)

    def usage(self, scope: str, since: datetime, ctx: "Ctx") -> "UsageReport":
        """One question to Cloud Monitoring for the whole project."""
        return usage(self._parts, scope, since, ctx)

    def dead_after(self, credential: Credential) -> tuple[float, float]:  # noqa: ARG002  # all alike
        """Seconds."""
        return _DEAD


def _judged(item: "Mapping[str, Any]", ctx: "Ctx") -> tuple[VerdictKind, str] | None:
    if why := wire.exposed(item):
        return VerdictKind.BLOCKED, why
    if item.get("disabled"):
        return VerdictKind.DEAD, "it is disabled"
    made = moment(item.get("validAfterTime"))
    if made is not None and ctx.now - made < FRESH:
        return VerdictKind.NOT_YET, "not known yet, a new key takes up to a minute"
    return None

"""The provider `google-api-keys` (DESIGN.md section 6)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from keyward.google import assets
from keyward.google.about import around
from keyward.google.times import moment
from keyward.model.capability import Act, Can, CrashClass, Readiness
from keyward.model.credential import Credential, Kind
from keyward.model.errors import KeywardError, SourceError
from keyward.model.secret import Secret
from keyward.providers.google_api_keys import changing, making, migration, wire
from keyward.providers.google_api_keys.keys import Keys
from keyward.providers.google_api_keys.preflight import preflight
from keyward.providers.google_api_keys.probe import FRESH, Probe
from keyward.providers.google_api_keys.usage import usage
from keyward.providers.interface import NO_CLUES, Clues
from keyward.providers.plain import Plain

if TYPE_CHECKING:
    from keyward.google.parts import GoogleParts
    from keyward.model.about import About
    from keyward.model.context import Ctx
    from keyward.model.ids import CredentialRef
    from keyward.model.index import Indexed
    from keyward.model.usage import UsageReport
    from keyward.model.verdict import Verdict
    from keyward.providers.interface import Change, Created, Marker, Want

# How long deleted keys go on working: public trials, ten standard keys (8 to 23 minutes) and Google's word on auth keys (a minute).
_DEAD_STANDARD = (480.0, 1800.0)
_DEAD_AUTH = (60.0, 180.0)


class GoogleApiKeys(Plain):
    """API keys of Google Cloud projects. A scope is a project id.

    The value of a key can be read again at any time, so nothing is staged; a deleted key can be restored for 30 days; there is no
    disabling. Safe to call from many threads.

    Args:
        parts: the Google parts.
    """

    name = wire.NAME
    crash = CrashClass.NAMED
    can = frozenset(
        {
            Can.LIST,
            Can.CREATE,
            Can.RESTORE,
            Can.DELETE,
            Can.READ_VALUE,
            Can.UPDATE,
            Can.USAGE,
            Can.USAGE_CHECK,
            Can.VERIFY,
            Can.INDEX,
        }
    )

    def __init__(self, parts: "GoogleParts") -> None:
        self._parts = parts
        self._keys = Keys(parts)

    def describe_command(self, ref: "CredentialRef", resource: str) -> tuple[str, ...]:
        """The command line of gcloud that shows this key, without its value."""
        return ("gcloud", "services", "api-keys", "describe", resource or ref.local[0], f"--project={ref.scope}")

    def list(self, scope: str, ctx: "Ctx") -> Iterator[Credential]:
        """Every key of the project, restorable ones too, as pages arrive; one request a page."""
        for item in self._keys.list(scope, ctx):
            yield wire.credential(item, scope, ctx.now)

    def indexed(self, roots: Sequence[str], scopes: Sequence[str], ctx: "Ctx") -> "Indexed[Credential]":
        """The keys as the asset index has them, where it has more of them than names."""

        def understand(scope: str, found: Sequence[assets.Asset]) -> list[Credential] | None:
            items = [assets.data(one) for one in found]
            if not all(item.get("uid") and item.get("createTime") for item in items):
                return None
            for item in items:
                self._keys.remember(scope, item)
            return [wire.credential(item, scope, ctx.now) for item in items]

        return assets.indexed(self._parts, (wire.ASSET,), roots, scopes, ctx, understand=understand)

    def get(self, ref: "CredentialRef", ctx: "Ctx") -> Credential:
        """The key as it is now."""
        return wire.credential(self._keys.find(ref, ctx), ref.scope, ctx.now)

    def preflight(self, want: "Want", ctx: "Ctx") -> Sequence[Readiness]:
        """Permissions, room, organisation policy and the bound account."""
        return tuple(preflight(self._parts, self._keys, want, ctx))

    def create(self, want: "Want", marker: "Marker", ctx: "Ctx", *, material: Secret | None = None) -> "Created":  # noqa: ARG002  # the interface's
        """One create with the marker's name as key id; see `making.create`."""
        return making.create(self._keys, want, marker, ctx)

    def own(self, want: "Want", marker: "Marker", ctx: "Ctx", clues: Clues = NO_CLUES) -> Sequence[Credential]:  # noqa: ARG002  # names tell
        """The keys whose name and annotation are this rotation's."""
        scope = want.scope
        return tuple(wire.credential(item, scope, ctx.now) for item in making.own(self._keys, scope, marker, ctx))

    def read_value(self, ref: "CredentialRef", ctx: "Ctx") -> Secret:
        """The key string; an audited read."""
        value = self._keys.string(ref, ctx).get("keyString")
        if not isinstance(value, str) or not value:
            raise SourceError(f"Google gave no value for {ref}.", api="apikeys.googleapis.com")
        return Secret.of(value)

    def update(self, ref: "CredentialRef", change: "Change", ctx: "Ctx", *, etag: str) -> Credential:
        """Change it, if it is still as `etag` says."""
        return wire.credential(changing.update(self._keys, ref, change, ctx, etag), ref.scope, ctx.now)

    def act(
        self, act: Act, ref: "CredentialRef", ctx: "Ctx", *, etag: str = "", check_usage: bool = False
    ) -> Credential | None:
        """Delete or restore; keys cannot be disabled. `check_usage` has Google refuse when it saw use within 7 days."""
        item = changing.act(self._keys, act, ref, ctx, etag=etag, check_usage=check_usage)
        return (
            wire.credential(item, ref.scope, ctx.now) if item and wire.local_id(item) == "/".join(ref.local) else None
        )

    def needs(self, act: Act) -> frozenset[str]:
        """Deleting or restoring; without `serviceusage.operations.get` the end is seen by looking at the key."""
        return frozenset({f"apikeys.keys.{'delete' if act is Act.REVOKE else 'undelete'}", "apikeys.keys.get"})

    def verify(self, value: Secret, ref: "CredentialRef | None", ctx: "Ctx") -> "Verdict":
        """List one Gemini model with it. This counts as use of the key."""
        base = self._parts.endpoints.url("generativelanguage")

        def young() -> bool:
            return ref is not None and self._young(ref, ctx)

        return Probe(self._parts.plain_http.telling(ctx), base).verify(value, ctx.now, young=young)

    def _young(self, ref: "CredentialRef", ctx: "Ctx") -> bool:
        """Whether it was made, changed or restored so lately that Google's servers may not know it yet."""
        try:
            item = self._keys.find(ref, ctx)
        except KeywardError:
            return False
        times = [moment(item.get(name)) for name in ("createTime", "updateTime")]
        return not item.get("deleteTime") and any(at is not None and ctx.now - at < FRESH for at in times)

    def blind(self) -> Sequence[str]:
        """What stands beside the API keys on the credentials page of the console."""
        return ("Cannot be listed: OAuth clients; Google has no API for them.",)

    def around(self, scope: str, ctx: "Ctx") -> "Sequence[About]":
        """What is known around the project."""
        return around(self._parts, scope, ctx)

    def usage(self, scope: str, since: datetime, ctx: "Ctx") -> "UsageReport":
        """One question to Cloud Monitoring for the whole project."""
        return usage(self._parts, scope, since, ctx)

    def tolerate(self, old: Credential, want: "Want", used: Mapping[str, int] | None) -> Sequence[str]:
        """Another form, another project, refused calls."""
        return tuple(migration.tolerate(old, want, used))

    def dead_after(self, credential: Credential) -> tuple[float, float]:
        """Minutes for standard keys, about one for auth keys."""
        return _DEAD_AUTH if credential.kind is Kind.AUTH_KEY else _DEAD_STANDARD

"""Stable, typable names of keys, secrets and places (DESIGN.md section 5).

A key is `provider:scope/part/part`, a secret `store:component/component`, a place `secret[@version][#part]`. Separators inside a
component, and everything outside `[A-Za-z0-9._~@/-]`, are percent-encoded (RFC 3986, section 2.1).
"""

import re
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import quote as _quote
from urllib.parse import unquote as _unquote

from keyward.model.errors import UsageError
from keyward.model.text import escaped

SHAPE = "shape"
"""The provider of credentials that are known by their shape alone."""

DECLARED = "declared"
"""The provider of credentials that a person declared, because they have no shape."""

SHORT = 16
"""Hex characters of a fingerprint in the ids of such credentials."""

# Paths that are not UTF-8 come from the operating system with surrogates, and go through unharmed.
quote = partial(_quote, errors="surrogateescape")
unquote = partial(_unquote, errors="surrogateescape")


# Nearly every name is plain, and a scan says the names of its keys many times: one look tells that nothing is to be encoded.
_PLAIN_KEY = re.compile(r"[A-Za-z0-9._~@/-]*+")
_PLAIN_SECRET = re.compile(r"[A-Za-z0-9._~/-]*+")


def _component(text: str, keep: str = "@") -> str:
    return quote(text, safe=f"._~-{keep}")


@dataclass(frozen=True, slots=True, order=True)
class CredentialRef:
    """Which credential: the provider, the scope there, and the local name in as many components as the provider uses.

    `google-api-keys:acme-prod/<uid>`, `google-sa-keys:acme-prod/<email>/<key id>`, `shape:openai/<16 hex>`, `declared:<name>/<16 hex>`.
    """

    provider: str
    scope: str
    local: tuple[str, ...] = ()

    def __str__(self) -> str:
        name = "/".join((self.scope, *self.local))
        if name.count("/") == len(self.local) and _PLAIN_KEY.fullmatch(name):
            return f"{self.provider}:{name}"
        return f"{self.provider}:" + "/".join(_component(part) for part in (self.scope, *self.local))

    @property
    def source(self) -> str:
        """The id of the source that knows it, `<provider>:<scope>`."""
        return f"{self.provider}:{escaped(self.scope)}"

    @classmethod
    def parse(cls, text: str) -> "CredentialRef":
        """Read an id back.

        Raises:
            UsageError: it is not of the form `provider:scope/name`.
        """
        provider, colon, rest = text.partition(":")
        parts = [unquote(part) for part in rest.split("/")]
        if not colon or not provider or not all(parts):
            raise UsageError(
                f"{text!r} is not the id of a key.",
                hint="Ids look like google-api-keys:PROJECT/UID; `keyward list -o ids` prints them.",
            )
        return cls(provider, parts[0], tuple(parts[1:]))


@dataclass(frozen=True, slots=True, order=True)
class SecretRef:
    """Which secret of which store.

    `locator` is what the id is made of: for `gsm` (project, secret), for `keyring` (service, user), for `env` (absolute path,).
    `scope` is what the store was asked about when it was found; it is no part of the identity.
    """

    store: str
    locator: tuple[str, ...]
    scope: str = field(default="", compare=False)

    def __str__(self) -> str:
        name = "/".join(self.locator)
        if name.count("/") == len(self.locator) - 1 and _PLAIN_SECRET.fullmatch(name):
            return f"{self.store}:{name}"
        return f"{self.store}:" + "/".join(_locator_component(self, part) for part in self.locator)

    @property
    def source(self) -> str:
        """The id of the source that knows it, `<store>:<scope>`."""
        return f"{self.store}:{escaped(self.scope)}"

    @property
    def name(self) -> str:
        """The last component: what a person calls the secret."""
        return self.locator[-1]

    def at(self, version: str | None = None, part: str = "") -> "PlacementRef":
        """The place in this secret."""
        return PlacementRef(self, version, part)

    @classmethod
    def parse(cls, text: str) -> "SecretRef":
        """Read an id back; one that names a version or part is refused.

        Raises:
            UsageError: it is not of the form `store:name`.
        """
        place = PlacementRef.parse(text)
        if place.version is not None or place.part:
            raise UsageError(f"{text!r} names a version or a part; a whole secret is needed here.")
        return place.secret


def _locator_component(ref: SecretRef, part: str) -> str:
    # An absolute path is one component, and its slashes are what people type.
    return _component(part, "/" if part.startswith("/") and len(ref.locator) == 1 else "")


@dataclass(frozen=True, slots=True, order=True)
class PlacementRef:
    """A place where a value can be: a part of a version of a secret. No version means the current one; no part the whole payload."""

    secret: SecretRef
    version: str | None = None
    part: str = ""

    def __str__(self) -> str:
        version = f"@{_component(self.version, '')}" if self.version is not None else ""
        part = f"#{quote(self.part, safe='._~@/-')}" if self.part else ""
        return f"{self.secret}{version}{part}"

    @property
    def current(self) -> "PlacementRef":
        """The same part of whatever version is current: what a target names."""
        return PlacementRef(self.secret, None, self.part)

    @classmethod
    def parse(cls, text: str) -> "PlacementRef":
        """Read an id back.

        Raises:
            UsageError: it is not of the form `store:name[@version][#part]`.
        """
        store, colon, rest = text.partition(":")
        rest, _, part = rest.partition("#")
        rest, at, version = rest.partition("@")
        if not colon or not store or not rest or (at and not version):
            raise UsageError(
                f"{text!r} is not the id of a place.",
                hint="Ids look like gsm:PROJECT/SECRET, keyring:SERVICE/USER or env:/path/.env#VARIABLE.",
            )
        raw = [rest] if rest.startswith("/") else rest.split("/")
        locator = tuple(unquote(component) for component in raw)
        scope = "" if rest.startswith("/") else locator[0]
        return cls(SecretRef(store, locator, scope), unquote(version) if at else None, unquote(part))

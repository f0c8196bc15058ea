"""Where a key is tried: at its vendor, or where the variable of the vendor's own SDK says, if that place may be trusted with the key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from keyward.google.endpoints import is_loopback
from keyward.model.errors import NotAllowed
from keyward.model.text import clean
from keyward.providers.catalog.entry import Probe


@dataclass(frozen=True, slots=True)
class Place:
    """A base URL without a slash at its end; `origin` is the variable that names it, empty for the vendor's own."""

    base: str
    origin: str = ""

    @property
    def host(self) -> str:
        """Host and port."""
        return urlsplit(self.base).netloc.lower()

    def __str__(self) -> str:
        return f"{self.base} ({self.origin})" if self.origin else self.host


@dataclass(frozen=True, slots=True)
class Where:
    """The environment variables, and the https hosts besides the vendors' own that the user's settings allow."""

    environ: Mapping[str, str]
    allow: Sequence[str] = ()

    def of(self, probe: Probe) -> Place:
        """Where keys of this vendor are tried.

        Raises:
            NotAllowed: the vendor's variable names a place that may not be trusted with keys; says which.
        """
        named = self.environ.get(probe.variable, "").strip() if probe.variable else ""
        if not named:
            return Place(probe.base)
        try:
            parts = urlsplit(named)
            host, _ = (parts.hostname or "").lower(), parts.port
        except ValueError:
            parts, host = urlsplit(""), ""
        shown, plain = clean(parts.netloc.rpartition("@")[2]), not (parts.username or parts.query or parts.fragment)
        if not host or not plain or not (named.isascii() and named.isprintable()):
            raise NotAllowed(
                f"{probe.variable} is not the address of a server.", hint="Write https://HOST/PATH, or unset it."
            )
        if parts.scheme == "http" and is_loopback(host):
            return Place(named.rstrip("/"), probe.variable)
        if parts.scheme != "https":
            raise NotAllowed(
                f"{probe.variable} would send the key to {shown} in plaintext; plaintext is for this machine only.",
                hint="Use https, or unset it.",
            )
        if host != urlsplit(probe.base).hostname and not {host, parts.netloc.lower()} & set(self.allow):
            raise NotAllowed(
                f"{probe.variable} would send the key to {shown}, which is not the vendor's own host.",
                hint=f'Unset it, or add "{clean(host)}" to allow in [endpoints] of your own keyward.toml if you trust that host.',
            )
        return Place(named.rstrip("/"), probe.variable)

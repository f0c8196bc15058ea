"""Where each Google API is asked, and whether that place may be trusted with tokens and values.

gcloud's own variables and properties decide (`CLOUDSDK_API_ENDPOINT_OVERRIDES_<API>`, `api_endpoint_overrides/<api>`), and
`SECRET_MANAGER_EMULATOR_HOST=host:port` for plaintext gRPC. Plaintext goes to loopback only; tokens and values go over https only to
Google or to hosts that the user's own settings allow.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from keyward.model.errors import NotAllowed
from keyward.model.text import clean

if TYPE_CHECKING:
    from keyward.google.gcloud import Gcloud

APIS = (
    "apikeys",
    "billingbudgets",
    "cloudasset",
    "cloudbilling",
    "cloudresourcemanager",
    "generativelanguage",
    "iam",
    "iamcredentials",
    "logging",
    "monitoring",
    "orgpolicy",
    "policyanalyzer",
    "secretmanager",
    "serviceusage",
    "storage",
)
"""The APIs that keyward may ask; the names are gcloud's."""

_BELOW = {"storage": "storage/v1/"}
"""Where an API is not at the root of its host; gcloud's overrides name the same place."""

GRPC_VARIABLE = "SECRET_MANAGER_EMULATOR_HOST"
_PLACE = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}")
_GOOGLE = re.compile(r"(?:[a-z0-9-]+\.){1,3}googleapis\.com")


@dataclass(frozen=True, slots=True)
class Override:
    """One API that is asked elsewhere than at Google's usual place: its base URL or `host:port`, and who says so."""

    api: str
    url: str
    origin: str
    host: str
    loopback: bool


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where each API is asked. Made by `find`, which has checked every place.

    `grpc` is the plaintext gRPC place of Secret Manager, `host:port`, or empty. `proxies` are the proxy variables that are set.
    """

    overrides: Mapping[str, Override] = field(default_factory=dict)
    grpc: str = ""
    proxies: tuple[str, ...] = ()

    def url(self, api: str) -> str:
        """The base URL of the API, with a slash at its end."""
        override = self.overrides.get(api)
        return override.url if override else f"https://{api}.googleapis.com/{_BELOW.get(api, '')}"

    def loopback(self, api: str) -> bool:
        """Whether the API is asked on this machine, where no credentials are needed."""
        if api == "secretmanager" and self.grpc:
            return True
        return (override := self.overrides.get(api)) is not None and override.loopback

    def active_overrides(self) -> tuple[str, ...]:
        """What differs from Google's usual places, as lines for plans: `apikeys -> http://127.0.0.1:8085/ (VARIABLE)`."""
        lines = [f"{one.api} -> {one.url} ({one.origin})" for one in self.overrides.values()]
        if self.grpc:
            lines.append(f"secretmanager -> {self.grpc}, plaintext gRPC ({GRPC_VARIABLE})")
        return (*lines, *(f"proxy ({name})" for name in self.proxies))

    @property
    def all_loopback(self) -> bool:
        """Whether nothing leaves this machine, so that keyward may take the other side's clock for its own."""
        return all(self.loopback(api) for api in APIS)

    @property
    def world_hosts(self) -> tuple[str, ...]:
        """The hosts (with port) that are not Google's, sorted."""
        hosts = {one.host for one in self.overrides.values() if one.loopback or not is_google(one.host)}
        return tuple(sorted(hosts | ({self.grpc} if self.grpc else set())))

    def world(self) -> str:
        """`google`, `emulator:<instance>`, or `custom:<sorted hosts>`: what ledgers and caches are stamped with.

        Raises:
            OSError: the emulator that is named does not answer.
        """
        if not self.world_hosts:
            return "google"
        if self.all_loopback:
            from keyward.google.emulated import ask  # keeps http.client out of the start on real Google

            answers = {ask(url) for url in self._bases()}
            instances = {answer.instance for answer in answers if answer is not None}
            if None not in answers and len(instances) == 1:
                return f"emulator:{instances.pop()}"
        return f"custom:{','.join(self.world_hosts)}"

    def emulator_clock(self) -> Callable[[], tuple[datetime, float]] | None:
        """Asks the emulator for its present (UTC) and rate; None unless every endpoint is loopback and one emulator answers.

        The function raises OSError while the emulator does not answer.
        """
        if not self.all_loopback or not self.world().startswith("emulator:"):
            return None
        base = self._bases()[0]

        def tell() -> tuple[datetime, float]:
            from keyward.google.emulated import ask

            answer = ask(base)
            if answer is None:
                raise OSError(f"no emulator answers at {base}")
            return answer.now, answer.rate

        return tell

    def _bases(self) -> list[str]:
        bases = (urlsplit(one.url) for one in self.overrides.values() if one.loopback)
        return sorted({f"{base.scheme}://{base.netloc}/" for base in bases})


def find(gcloud: "Gcloud", allow: tuple[str, ...] = ()) -> Endpoints:
    """The endpoints that gcloud's variables and properties name.

    Args:
        gcloud: where they are read.
        allow: https hosts besides Google's, from the user's own settings.

    Raises:
        NotAllowed: a place that may not be trusted with tokens and values; names the variable and the host.
        NotConfigured: gcloud's configuration cannot be read.
    """
    overrides: dict[str, Override] = {}
    for api in APIS:
        setting = gcloud.get("api_endpoint_overrides", api)
        if setting is not None:
            overrides[api] = _checked(api, setting.value, setting.origin, allow)
    grpc = gcloud.environ.get(GRPC_VARIABLE, "").strip()
    # gRPC reads the text in its own way: it has to be a host and a port, and nothing else.
    if grpc and not (is_loopback(_split(f"http://{grpc}", GRPC_VARIABLE)[0]) and _PLACE.fullmatch(grpc)):
        raise NotAllowed(
            f"{GRPC_VARIABLE} names {clean(grpc)}: secrets travel in plaintext there, so it must be on this machine.",
            hint=f"Use 127.0.0.1:PORT, or unset {GRPC_VARIABLE}.",
        )
    names = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
    return Endpoints(overrides, grpc, tuple(name for name in names if gcloud.environ.get(name)))


def _checked(api: str, value: str, origin: str, allow: tuple[str, ...]) -> Override:
    host, netloc, scheme = _split(value, origin)
    loopback = is_loopback(host)
    if scheme == "http" and not loopback:
        raise NotAllowed(
            f"{origin} sends {api} to {clean(netloc)} in plaintext; plaintext is for this machine only.",
            hint="Use https, or unset it.",
        )
    if scheme == "https" and not loopback and not is_google(host) and not {host, netloc} & set(allow):
        raise NotAllowed(
            f"{origin} sends {api} to {clean(netloc)}, which is not a host of Google.",
            hint=f'Unset it, or add "{clean(host)}" to allow in [endpoints] of your own keyward.toml if you trust that host.',
        )
    return Override(api, value if value.endswith("/") else f"{value}/", origin, netloc, loopback and scheme == "http")


def _split(value: str, origin: str) -> tuple[str, str, str]:
    try:
        parts = urlsplit(value)
        host, _ = (parts.hostname or "").lower(), parts.port
    except ValueError:
        host = ""
        parts = urlsplit("")
    plain = not (parts.username or parts.password or parts.query or parts.fragment)
    if parts.scheme not in {"http", "https"} or not host or not plain or not (value.isascii() and value.isprintable()):
        raise NotAllowed(
            f"{origin} is not the address of a server: {clean(value)}.",
            hint="Write http://127.0.0.1:PORT/ or unset it.",
        )
    return host, parts.netloc.lower(), parts.scheme


def is_loopback(host: str) -> bool:
    """Whether the host is this machine for certain: `localhost` or a loopback address, never a name that has to be looked up."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_google(host: str) -> bool:
    """Whether the host (no port, or 443) is below `googleapis.com`, Private Service Connect and regional names included."""
    return _GOOGLE.fullmatch(host.lower().removesuffix(":443")) is not None

"""Client restrictions of a key: referrer, address, Android and iOS application."""

from __future__ import annotations

import ipaddress
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from keyward.emulator.errors import refuse

if TYPE_CHECKING:
    from keyward.emulator.apikeys.key import Key
    from keyward.emulator.errors import ApiError
    from keyward.emulator.routing import Request


def check_client(request: Request, key: Key, service: str) -> None:
    """Refuse a request that does not come from a client that the key allows.

    Raises:
        ApiError: 403 with the reason of the kind of restriction.
    """
    given, headers = key.restrictions, request.headers
    if "browserKeyRestrictions" in given:
        referrer = headers.get("referer", "")
        allowed = given["browserKeyRestrictions"].get("allowedReferrers", [])
        if not any(_refers(referrer, pattern) for pattern in allowed):
            message = f"Requests from referer {referrer or '<empty>'} are blocked."
            raise _blocked(key, service, message, "HTTP_REFERRER", httpReferrer=referrer or "<empty>")
    if "serverKeyRestrictions" in given:
        caller = request.world.behaviour.caller_ip
        if not any(_within(caller, net) for net in given["serverKeyRestrictions"].get("allowedIps", [])):
            message = f"The provided API key has an IP address restriction. The originating IP address of the call ({caller}) violates this restriction."
            raise _blocked(key, service, message, "IP_ADDRESS", ipAddress=caller)
    if "androidKeyRestrictions" in given:
        package, print_ = headers.get("x-android-package", ""), headers.get("x-android-cert", "").replace(":", "")
        allowed = given["androidKeyRestrictions"].get("allowedApplications", [])
        if not any((one.get("packageName"), one.get("sha1Fingerprint")) == (package, print_) for one in allowed):
            message = f"Requests from this Android client application {package or '<empty>'} are blocked."
            raise _blocked(key, service, message, "ANDROID_APP", androidPackage=package or "<empty>")
    if "iosKeyRestrictions" in given:
        bundle = headers.get("x-ios-bundle-identifier", "")
        if bundle not in given["iosKeyRestrictions"].get("allowedBundleIds", []):
            message = f"Requests from this iOS client application {bundle or '<empty>'} are blocked."
            raise _blocked(key, service, message, "IOS_APP", iosBundleId=bundle or "<empty>")


def _blocked(key: Key, service: str, message: str, what: str, **metadata: str) -> ApiError:
    consumer = f"projects/{key.project}"
    return refuse(
        "PERMISSION_DENIED", message, f"API_KEY_{what}_BLOCKED", consumer=consumer, service=service, **metadata
    )


def _refers(referrer: str, pattern: str) -> bool:
    parts = urlsplit(referrer)
    bare = f"{parts.netloc}{parts.path}"
    wanted = pattern.partition("://")[2] or pattern
    return bool(referrer) and (fnmatchcase(bare, wanted) or fnmatchcase(bare, f"{wanted.rstrip('/')}/*"))


def _within(address: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False

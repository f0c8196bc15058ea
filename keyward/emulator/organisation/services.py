"""Short words of the catalogue for services, permissions and restrictions."""

from __future__ import annotations

from typing import Any

GEMINI = "generativelanguage.googleapis.com"

HOSTS = {
    "android-maps": "maps-android-backend.googleapis.com",
    "apikeys": "apikeys.googleapis.com",
    "firebase-installations": "firebaseinstallations.googleapis.com",
    "gemini": GEMINI,
    "geocoding": "geocoding-backend.googleapis.com",
    "ios-maps": "maps-ios-backend.googleapis.com",
    "language": "language.googleapis.com",
    "maps": "maps-backend.googleapis.com",
    "messaging": "fcmregistrations.googleapis.com",
    "places": "places.googleapis.com",
    "recaptcha": "recaptchaenterprise.googleapis.com",
    "routes": "routes.googleapis.com",
    "secretmanager": "secretmanager.googleapis.com",
    "speech": "speech.googleapis.com",
    "storage": "storage.googleapis.com",
    "static-maps": "static-maps-backend.googleapis.com",
    "translate": "translate.googleapis.com",
    "vision": "vision.googleapis.com",
    "youtube": "youtube.googleapis.com",
}
"""Host name of each service that the catalogue names."""

PERMISSIONS = {
    "apikeys": [
        f"apikeys.keys.{verb}"
        for verb in ("create", "delete", "get", "getKeyString", "list", "lookup", "undelete", "update")
    ],
    "secretmanager": [
        *[f"secretmanager.secrets.{verb}" for verb in ("create", "delete", "get", "list", "update")],
        *[f"secretmanager.secrets.{verb}" for verb in ("getIamPolicy", "setIamPolicy")],
        *[
            f"secretmanager.versions.{verb}"
            for verb in ("access", "add", "destroy", "disable", "enable", "get", "list")
        ],
    ],
    "monitoring": [
        "monitoring.timeSeries.list",
        "policyanalyzer.serviceAccountKeyLastAuthenticationActivities.query",
    ],
    "alerts": ["monitoring.alertPolicies.list", "monitoring.notificationChannels.list"],
    "policy": ["resourcemanager.projects.getIamPolicy"],
    "services": ["serviceusage.services.list"],
    "iam": [
        *[f"iam.serviceAccounts.{verb}" for verb in ("get", "list")],
        *[f"iam.serviceAccountKeys.{verb}" for verb in ("create", "delete", "disable", "enable", "get", "list")],
        *[f"storage.hmacKeys.{verb}" for verb in ("create", "delete", "get", "list", "update")],
    ],
}
"""What a caller lacks in a project that denies a service."""


def restrictions(entry: dict[str, Any], fingerprint: str) -> dict[str, Any]:
    """The restrictions of a key in Google's JSON.

    Args:
        entry: A key of the catalogue.
        fingerprint: SHA-1 of an Android signing certificate, for keys that are restricted to an Android application.
    """
    found: dict[str, Any] = {}
    if "referrers" in entry:
        found["browserKeyRestrictions"] = {"allowedReferrers": entry["referrers"]}
    if "ips" in entry:
        found["serverKeyRestrictions"] = {"allowedIps": entry["ips"]}
    if "android" in entry:
        application = {"sha1Fingerprint": fingerprint, "packageName": entry["android"]}
        found["androidKeyRestrictions"] = {"allowedApplications": [application]}
    if "ios" in entry:
        found["iosKeyRestrictions"] = {"allowedBundleIds": [entry["ios"]]}
    if "only" in entry:
        found["apiTargets"] = [{"service": HOSTS[word]} for word in entry["only"]]
    return found

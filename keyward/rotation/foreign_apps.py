"""Keys that others hold copies of: in apps on people's devices, in pages, or referenced by Firebase. Pure."""

from keyward.model.credential import Credential

_COPIES = {
    "android": "it is compiled into Android apps",
    "ios": "it is compiled into iOS apps",
    "referrer": "it stands in web pages",
}
_SHOWN = 2

_FIREBASE = "auto created by firebase"
"""How Firebase names the keys that it makes: "Browser key (auto created by Firebase)", also for Android and iOS."""


def copies(credential: Credential) -> str:
    """Who holds copies that no write of keyward reaches, told by the client restriction; empty when nobody does as far as that tells."""
    restrictions = credential.restrictions
    if restrictions is None or restrictions.client not in _COPIES:
        return ""
    where = ", ".join(restrictions.allowed[:_SHOWN])
    more = f" and {len(restrictions.allowed) - _SHOWN} more" if len(restrictions.allowed) > _SHOWN else ""
    return (
        f"{_COPIES[restrictions.client]} ({where}{more}), so its users hold copies that no rotation reaches: release the new key there "
        "first, and let the old one go when nobody uses it any more"
    )


def firebase(credential: Credential) -> str:
    """That a Firebase app may refer to the key by its uid. A hint of the display name only: Firebase itself is not asked."""
    if _FIREBASE not in (credential.name or "").lower():
        return ""
    return (
        f"a Firebase app may refer to it by its uid {credential.uid} (its name says so; Firebase was not asked): the app's apiKeyId has to "
        "be changed there, and apps built anew"
    )

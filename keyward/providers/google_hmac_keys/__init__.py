"""HMAC keys of Google Cloud Storage: an access id and a secret for programs that speak S3."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyward.model.surroundings import Surroundings
    from keyward.providers.google_hmac_keys.hmac_keys import GoogleHmacKeys


def provider(surroundings: "Surroundings") -> "GoogleHmacKeys":
    """The provider `google-hmac-keys`; nothing is asked and no credentials are looked for yet."""
    from keyward.google.parts import of
    from keyward.providers.google_hmac_keys.hmac_keys import GoogleHmacKeys

    return GoogleHmacKeys(of(surroundings))

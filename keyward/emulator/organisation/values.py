"""Made-up values: key strings, passwords and everything else that must never stand in the source."""

from __future__ import annotations

import base64
import json
import random
import string
import uuid

_URL_SAFE = string.ascii_letters + string.digits + "-_"


class Values:
    """Draws values; the same seed gives the same ones in the same order."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)  # noqa: S311  # repeatable on purpose, protects nothing
        self._seed = seed

    def text(self, length: int, alphabet: str = string.ascii_letters + string.digits) -> str:
        """That many characters of an alphabet."""
        return "".join(self.random.choices(alphabet, k=length))

    def digits(self, length: int) -> str:
        """A decimal number of that length, not starting with 0."""
        return str(self.random.randrange(10 ** (length - 1), 10**length))

    def hex(self, length: int) -> str:
        """That many lower-case hexadecimal digits."""
        return f"{self.random.getrandbits(4 * length):0{length}x}"

    def uid(self) -> str:
        """A version 4 UUID."""
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def key_string(self, *, bound: bool) -> str:
        """The string of an API key: 53 characters when it is bound to a service account, else 39."""
        # In pieces, so that no scanner takes this source for a key.
        return "AQ" + ".Ab" + self.text(48, _URL_SAFE) if bound else "AI" + "za" + self.text(35, _URL_SAFE)

    def access_id(self) -> str:
        """The access id of an HMAC key: 61 characters."""
        return "GOOG" + "1E" + self.text(55, string.ascii_uppercase + string.digits)

    def hmac_secret(self) -> str:
        """The secret of an HMAC key: 40 characters of base64."""
        return self.text(40, string.ascii_letters + string.digits + "+/")

    def shared(self, name: str) -> str:
        """The value of that name: the same wherever it is asked for, and no draw from the others."""
        return Values(f"{self._seed}/{name}").text(40)

    def password(self) -> str:
        """A password without characters that a payload format would have to quote."""
        return self.text(20, string.ascii_letters + string.digits + "-_")

    def url(self, kind: str) -> str:
        """A connection string with a password in it."""
        port = {"postgres": 5432, "mysql": 3306, "redis": 6379}[kind]
        return (
            f"{kind}://app:{self.text(24)}@10.{self.random.randrange(256)}.0.{self.random.randrange(2, 250)}:{port}/app"
        )

    def certificate(self) -> str:
        """Something that looks like a certificate in PEM."""
        body = base64.b64encode(b"0\x82" + self.random.randbytes(700)).decode()
        lines = [body[at : at + 64] for at in range(0, len(body), 64)]
        return "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""])

    def account(self, project: str) -> str:
        """A service account file without a key in it: the part that a workload identity needs."""
        email = f"export@{project}.iam.gserviceaccount.com"
        return json.dumps({"type": "external_account", "service_account": email, "audience": self.hex(24)}, indent=2)

    def fingerprint(self) -> str:
        """SHA-1 of a signing certificate, without colons."""
        return self.hex(40).upper()

"""Credentials from a file that holds an access token, as gcloud's `auth/access_token_file`: whoever writes the file keeps it fresh."""

from pathlib import Path
from typing import Any

from google.auth import credentials, exceptions

from keyward.model.errors import NotConfigured
from keyward.model.text import clean


class TokenFile(credentials.Credentials):
    """Reads the token again whenever the present one was refused.

    Args:
        file: holds the token, and nothing else but white space.
        origin: who named the file, for messages.
    """

    def __init__(self, file: Path, origin: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # google-auth is typed in part
        self._file = file
        self._origin = origin

    def read(self) -> None:
        """Take the token from the file.

        Raises:
            NotConfigured: the file cannot be read, or holds no token.
        """
        try:
            token = self._file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise NotConfigured(
                f"The access token file {clean(str(self._file))} cannot be read: {type(error).__name__}.",
                hint=f"Write a token into it (`gcloud auth print-access-token`), or unset {self._origin}.",
            ) from None
        if not token or not token.isprintable() or " " in token:
            raise NotConfigured(
                f"The access token file {clean(str(self._file))} holds no token.",
                hint="It must hold one token and nothing else: `gcloud auth print-access-token > FILE`.",
            )
        self.token = token

    @property
    def expired(self) -> bool:
        """Never known to be: the file tells no expiry, the server refuses an old token."""
        return False

    def refresh(self, request: Any) -> None:  # noqa: ARG002  # google-auth's signature; nothing is asked over the network
        """Take the token from the file once more.

        Raises:
            RefreshError: the file still holds the token that was refused, or none.
        """
        old = self.token
        try:
            self.read()
        except NotConfigured as error:
            raise _refused(error.message) from None
        if self.token == old:
            raise _refused(f"the token in {clean(str(self._file))} is not accepted any more")


def _refused(why: str) -> exceptions.RefreshError:
    return exceptions.RefreshError(why)  # type: ignore[no-untyped-call]  # google-auth is typed in part

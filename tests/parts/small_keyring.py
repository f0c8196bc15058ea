"""A backend of python-keyring that cannot list, as third parties write them: entries live in this process."""

from typing import ClassVar

from keyring.backend import KeyringBackend
from keyring.credentials import SimpleCredential

NAME = "tests.parts.small_keyring.Keyring"


class Keyring(KeyringBackend):
    """Keeps texts; `trouble` is raised by the next calls."""

    priority = 1
    entries: ClassVar[dict[tuple[str, str], str]] = {}
    trouble: ClassVar[list[Exception]] = []

    def get_password(self, service, username):
        self._maybe()
        return self.entries.get((service, username))

    def set_password(self, service, username, password):
        self._maybe()
        self.entries[service, username] = password

    def delete_password(self, service, username):
        self._maybe()
        del self.entries[service, username]

    def get_credential(self, service, username):
        self._maybe()
        users = [user for known, user in self.entries if known == service and username in (None, user)]
        return SimpleCredential(users[0], self.entries[service, users[0]]) if users else None

    def _maybe(self):
        if self.trouble:
            raise self.trouble[0]

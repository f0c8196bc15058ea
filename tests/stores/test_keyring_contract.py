"""The OS keyring does what every store must do: a real gnome-keyring on a D-Bus of its own, and a file backend of python-keyring."""

import contextlib
import secrets
from pathlib import Path
from typing import ClassVar

import pytest

from keyward.model.ids import SecretRef
from keyward.model.surroundings import Surroundings
from keyward.stores.os_keyring import store
from tests.contract.stores import CANARY, StoreCase, StoreContract


def surroundings(environ, folder, **options):
    return Surroundings(environ, folder, folder, folder, "here", Path("/nonexistent"), options=options)


class TestSecretService(StoreContract):
    carried: ClassVar = {**StoreContract.carried, "empty": b"", "not utf-8": b"\xff\xfe\x00"}

    @pytest.fixture
    def case(self, secret_service, tmp_path):
        import secretstorage
        from jeepney.io.blocking import open_dbus_connection

        service, user = f"service/{secrets.token_hex(4)}", "jürgen@example.com"
        connection = open_dbus_connection(secret_service["DBUS_SESSION_BUS_ADDRESS"])
        collection = secretstorage.get_default_collection(connection)
        wanted = {"service": service, "username": user}
        held = b"value " + CANARY
        item = collection.create_item("label", wanted | {"application": "somebody else's"}, held)
        kept = store(surroundings(secret_service, tmp_path, **{"keyring.services": ("service/*",)}))
        ref = SecretRef("keyring", (service, user), "local")
        absent = SecretRef("keyring", (service, "nobody"), "local")
        with contextlib.closing(connection):
            pending = SecretRef("keyring", ("keyward", f"keyward-pending-{user[:1]}{secrets.token_hex(4)}"), "keyward")
            yield StoreCase(kept, "local", ref, held, absent, item.set_secret, item.get_secret, pending)
            assert len(list(secretstorage.search_items(connection, wanted))) == 1
            assert item.get_label() == "label"
            assert item.get_attributes()["application"] == "somebody else's"
            item.delete()

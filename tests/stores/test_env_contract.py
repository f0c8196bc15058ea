"""Env files do what every store must do."""

from pathlib import Path
from typing import ClassVar

import pytest

from keyward.model.ids import SecretRef
from keyward.stores.env_files import EnvFiles
from tests.contract.stores import CANARY, StoreCase, StoreContract


class TestEnvFiles(StoreContract):
    carried: ClassVar = {**StoreContract.carried, "empty": b"", "not utf-8": b"# caf\xe9\nA=1\n"}
    refused: ClassVar = {"binary": b"\0", "too large": b"x" * 1_048_577}

    @pytest.fixture
    def case(self, tmp_path):
        path = tmp_path / "some folder" / ".env"
        path.parent.mkdir()
        path.write_bytes(b"KEY=" + CANARY)
        ref = SecretRef("env", (str(path),), str(tmp_path))
        absent = SecretRef("env", (str(tmp_path / "other" / ".env"),), str(tmp_path))
        store = EnvFiles(Path("/nonexistent"), {})
        return StoreCase(store, str(tmp_path), ref, path.read_bytes(), absent, path.write_bytes, path.read_bytes)

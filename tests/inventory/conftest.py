import pytest

from tests.parts.emulator import emulator, make_emulator
from tests.parts.scanning import Machine

__all__ = ["emulator", "machine", "make_emulator"]


@pytest.fixture
def machine(make_emulator, tmp_path):
    """A machine whose cloud is empty."""
    found = Machine(make_emulator(grpc=False), tmp_path)
    yield found
    found.close()

from tests.parts.emulator import emulator, make_emulator

__all__ = ["emulator", "make_emulator"]

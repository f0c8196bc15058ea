"""A signal may come while the main thread stands in the middle of a write: the handler must not need that stream."""

import subprocess
import sys

PROGRAM = """
import io, os, signal, sys
from keyward.cli import guard

class Struck(io.RawIOBase):  # Ctrl-C is pressed while these bytes are on their way out
    def writable(self):
        return True

    def write(self, data):
        if not guard.cancelled.is_set():
            os.kill(os.getpid(), signal.SIGINT)
        return os.write(2, data)

def work():
    sys.stderr.write("one line\\n")
    sys.stderr.flush()
    return 0

sys.stderr = io.TextIOWrapper(io.BufferedWriter(Struck()), line_buffering=True)
guard.harden()
status = guard.guarded(work)
assert guard.cancelled.is_set()
raise SystemExit(status)
"""


def test_ctrl_c_in_the_middle_of_a_write_is_heard_and_harms_nothing():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "Stopping at the next safe place" in done.stderr
    assert "one line" in done.stderr

"""A process that has loaded the program once and forks a fresh copy for every command line.

Loading takes most of a second; a matrix of several hundred killed runs would take most of an hour without this. The child is the command
line itself: `keyward.__main__.main` with its arguments, its own environment and standard streams.

Reads one JSON object a line from standard input: {"argv", "env", "kill_at", "stdin", "host"}, and for each two descriptors from the socket that it
was given: the child tells its points on the one and waits for a byte on the other, with nobody in between. Writes one JSON object a line at
the end: {"status", "out", "err"}.
"""

import ctypes
import json
import os
import socket
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE)]

from tests.parts.loaded import become, preload  # noqa: E402  # found by the path above

_CLONE_NEWUTS = 0x04000000


def be_called(host: str) -> None:
    """Give this process a machine name of its own (a UTS namespace; root only)."""
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWUTS):
        raise OSError(ctypes.get_errno(), "unshare")
    socket.sethostname(host)


def _standard_input(text: str) -> int:
    """A descriptor that gives this text and then ends."""
    if not text:
        return os.open(os.devnull, os.O_RDONLY)
    read, write = os.pipe()  # it holds 64 KB, so nobody waits
    os.write(write, text.encode())
    os.close(write)
    return read


def child(order: dict, tell: int, hear: int, out: str, err: str) -> None:
    """Become the command line."""
    from points import Points, install

    for number, path in ((1, out), (2, err)):
        fd = os.open(path, os.O_WRONLY)
        os.dup2(fd, number)
    os.dup2(_standard_input(order.get("stdin", "")), 0)
    if order.get("host"):
        be_called(order["host"])
    install(Points(tell, hear, order.get("kill_at", 0)))
    try:
        status = become(order["argv"], order["env"])
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status)


def serve(fds: socket.socket) -> None:
    """Take orders until standard input ends."""
    preload()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        _, (tell, hear), _, _ = socket.recv_fds(fds, 1, 2)
        with tempfile.TemporaryDirectory() as folder:
            out, err = Path(folder) / "out", Path(folder) / "err"
            out.touch()
            err.touch()
            pid = os.fork()
            if pid == 0:
                try:
                    child(order, tell, hear, str(out), str(err))
                except BaseException as error:  # noqa: BLE001  # a broken child must say why
                    os.write(2, repr(error).encode())
                    os._exit(99)
            os.close(tell)
            os.close(hear)
            _, status = os.waitpid(pid, 0)
            print(
                json.dumps(
                    {
                        "status": os.waitstatus_to_exitcode(status),
                        "out": out.read_text(errors="replace"),
                        "err": err.read_text(errors="replace"),
                    }
                ),
                flush=True,
            )


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))

"""A process that has loaded the program once and forks a fresh copy for every command line.

Loading takes most of a second; a matrix of several hundred killed runs would take most of an hour without this. The child is the command
line itself: `keyward.__main__.main` with its arguments, its own environment and standard streams.

Reads one JSON object a line from standard input: {"argv", "env", "kill_at", "stdin"}; writes one a line: the points as they pass (each
waits for a line), and at the end {"status", "out", "err"}.
"""

import importlib
import json
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))


def preload() -> None:
    """Everything that the command line would import on its way; nothing that opens a connection."""
    for name in (
        "google.cloud.secretmanager_v1",
        "googleapiclient.discovery",
        "keyring.backends.SecretService",
        "sqlalchemy.dialects.sqlite",
        "keyward.cli.main",
        "keyward.wiring",
    ):
        importlib.import_module(name)


def child(order: dict, tell: int, hear: int, out: str, err: str) -> None:
    """Become the command line."""
    from points import Points, install

    for number, path in ((1, out), (2, err)):
        fd = os.open(path, os.O_WRONLY)
        os.dup2(fd, number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.clear()
    os.environ.update(order["env"])
    install(Points(tell, hear, order.get("kill_at", 0)))
    sys.argv = ["keyward", *order["argv"]]
    from keyward.__main__ import main

    status = 0
    try:
        main()
    except SystemExit as end:
        status = int(end.code or 0)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status)


def serve() -> None:
    """Take orders until standard input ends."""
    preload()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        with tempfile.TemporaryDirectory() as folder:
            out, err = Path(folder) / "out", Path(folder) / "err"
            out.touch()
            err.touch()
            tell_read, tell = os.pipe()
            hear, nod = os.pipe()
            pid = os.fork()
            if pid == 0:
                os.close(tell_read)
                os.close(nod)
                try:
                    child(order, tell, hear, str(out), str(err))
                except BaseException as error:  # noqa: BLE001  # a broken child must say why
                    os.write(2, repr(error).encode())
                    os._exit(99)
            os.close(tell)
            os.close(hear)
            with os.fdopen(tell_read) as points:
                for point in points:
                    print(json.dumps({"point": point.strip()}), flush=True)
                    sys.stdin.readline()
                    try:
                        os.write(nod, b".")
                    except BrokenPipeError:
                        break
            _, status = os.waitpid(pid, 0)
            os.close(nod)
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
    serve()

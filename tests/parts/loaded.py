"""A process that has loaded the program once and forks a fresh copy for every command line that is asked for.

Loading takes most of what a command line takes. The child is the command line itself: `keyward.__main__.main` with its arguments, its own
environment, folder and standard streams, and it ends as a process ends: threads are waited for, exit functions run.

Each order is a JSON object {"argv", "env", "cwd"} in one packet of the socket that it was given, with four descriptors: standard input,
output and error, and a pipe that gets two lines, the process id and the status (negative: the signal).
"""

import atexit
import gc
import importlib
import json
import os
import pkgutil
import runpy
import signal
import socket
import sys
import threading
from pathlib import Path

PARTS = ("cli", "desk", "google", "hygiene", "inventory", "ledger", "providers", "rotation", "stores")
"""What a command line may load of keyward."""
PACKET = 1 << 20
_UNSAFE = ("macos",)
"""Modules of another system."""


def preload() -> None:
    """Everything that the command line would import on its way; nothing that opens a connection."""
    for name in (
        "google.cloud.secretmanager_v1",
        "googleapiclient.discovery",
        "keyring.backends.SecretService",
        "sqlalchemy.dialects.sqlite",
        "typer._adapters",
        "keyward.wiring",
        *(module for part in PARTS for module in _modules(f"keyward.{part}")),
    ):
        importlib.import_module(name)
    gc.freeze()


def _modules(package: str) -> list[str]:
    inside = pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}.")
    return [module.name for module in inside if ".migrations." not in module.name]


def become(argv: list[str], env: dict[str, str]) -> int:
    """Be the command line with these arguments and this environment, to its end; its status."""
    os.environ.clear()
    os.environ.update(env)
    for folder in env.get("PYTHONPATH", "").split(os.pathsep):
        custom = Path(folder) / "sitecustomize.py"
        if folder and custom.exists():
            runpy.run_path(str(custom), run_name="sitecustomize")
    sys.argv = ["keyward", *argv]
    from keyward.__main__ import main

    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def _finish() -> None:
    """What the interpreter does when a program has ended."""
    threading._shutdown()
    atexit._run_exitfuncs()
    gc.collect()  # what nobody holds is closed, as it is when an interpreter ends
    sys.stdout.flush()
    sys.stderr.flush()


def _mind(order: dict, streams: list[int], told: int) -> None:
    """Fork the command line, wait for it, and tell how it ended."""
    pid = os.fork()
    if pid == 0:
        os.close(told)
        for number, fd in enumerate(streams):
            os.dup2(fd, number)
        os.closerange(3, 1024)
        os.chdir(order["cwd"])
        status = 99
        try:
            status = become(order["argv"], order["env"])
            _finish()
        except BaseException as error:  # noqa: BLE001  # a broken child must say why
            os.write(2, repr(error).encode())
        os._exit(status)
    for fd in streams:
        os.close(fd)
    os.write(told, f"{pid}\n".encode())
    _, status = os.waitpid(pid, 0)
    os.write(told, f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def serve(orders: socket.socket) -> None:
    """Take orders until the other end is closed."""
    preload()
    orders.send(b"ready")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits here for those who wait there
    while True:
        packet, descriptors, _, _ = socket.recv_fds(orders, PACKET, 4)
        if not packet:
            return
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            orders.close()
            *streams, told = descriptors
            _mind(json.loads(packet), streams, told)
        for fd in descriptors:
            os.close(fd)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))

"""A process that has loaded the program once and forks a fresh copy for every command line that is asked for.

Loading takes most of what a command line takes. The child is the command line itself: `keyward.__main__.main` with its arguments, its own
environment, folder and standard streams, and it ends as a process ends: threads are waited for, exit functions run.

Each order is a JSON object {"argv", "env", "cwd"} in one packet of the socket that it was given, with four descriptors: standard input,
output and error, and a pipe that gets two lines, the process id and the status (negative: the signal).
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
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
        "alembic.command",
        "alembic.config",
        "google.cloud.secretmanager_v1",
        "googleapiclient.discovery",
        "googleapiclient.discovery_cache",
        "grpc._channel",
        "keyring.backends.SecretService",
        "mako.template",
        "platformdirs.unix",
        "rich.cells",
        "sqlalchemy.dialects.sqlite",
        "typer._adapters",
        "keyward.plugins",
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
    sys.argv = ["keyward", *argv]
    for folder in env.get("PYTHONPATH", "").split(os.pathsep):
        custom = Path(folder) / "sitecustomize.py"
        if folder and custom.exists():
            runpy.run_path(str(custom), run_name="sitecustomize")
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


def _begin(order: dict, streams: list[int]) -> int:
    """Fork the command line; its process id."""
    if pid := os.fork():
        return pid
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number, fd in enumerate(streams):
        os.dup2(fd, number)
    os.closerange(3, 1024)
    status = 99
    try:
        os.chdir(order["cwd"])
        status = become(order["argv"], order["env"])
        _finish()
    except BaseException as error:  # noqa: BLE001  # a broken child must say why
        os.write(2, repr(error).encode())
    os._exit(status)


def _bury(running: dict[int, int]) -> None:
    """Tell of each that has ended how it did."""
    while running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        told = running.pop(pid)
        with contextlib.suppress(BrokenPipeError):  # who asked may have gone
            os.write(told, f"{os.waitstatus_to_exitcode(status)}\n".encode())
        os.close(told)


def serve(orders: socket.socket) -> None:
    """Take orders until the other end is closed."""
    preload()
    wake, woken = socket.socketpair()
    wake.setblocking(False)
    woken.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)  # so that it wakes what waits below
    signal.set_wakeup_fd(woken.fileno())
    orders.send(b"ready")
    running: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([orders, wake], [], [])
        if wake in ready:
            wake.recv(PACKET)
            _bury(running)
        if orders not in ready:
            continue
        packet, descriptors, _, _ = socket.recv_fds(orders, PACKET, 4)
        if not packet:
            return
        *streams, told = descriptors
        pid = _begin(json.loads(packet), streams)
        running[pid] = told
        os.write(told, f"{pid}\n".encode())
        for fd in streams:
            os.close(fd)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))

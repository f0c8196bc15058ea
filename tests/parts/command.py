"""Runs the command line as a process of its own: forked from one that has loaded the program, or a new interpreter where that matters."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOADED = Path(__file__).with_name("loaded.py")

_LANG = "C.UTF-8"
_USUAL = {
    "HOME",
    "TERM",
    "COLORTERM",
    "PATH",
    "LANG",
    "LC_ALL",
    "PYTHONPATH",
    "PYTHON_KEYRING_BACKEND",
    "KUBECONFIG",
    "LOGNAME",
    "NO_GCE_CHECK",
    "OPENAI_BASE_URL",
    "TOKEN",
    "USER",
    "USERNAME",
    "WATCH_FILE",
    "WHO_IS_TOLD",
}
_PREFIXES = ("KEYWARD_", "CLOUDSDK_", "SECRET_MANAGER_", "GOOGLE_", "DBUS_", "XDG_", "AWS_", "PWD")


def run(argv, env, cwd, *, stdin="", timeout=120):
    """Run `keyward` with these arguments and this environment; gives a `subprocess.CompletedProcess` with text.

    Raises:
        subprocess.TimeoutExpired: it had to be killed.
    """
    argv = [str(word) for word in argv]
    if not argv or not _reads_nothing_else(env):
        whole = [sys.executable, "-m", "keyward", *argv]
        return subprocess.run(
            whole, input=stdin, env=env, cwd=cwd, capture_output=True, text=True, timeout=timeout, check=False
        )
    return _loaded().run(argv, env, cwd, stdin, timeout)


def _reads_nothing_else(env):
    """Whether nothing in it means something to the interpreter, or to a library while it is loaded."""
    alike = all(env.get(name, _LANG).upper().replace("-", "").endswith("UTF8") for name in ("LANG", "LC_ALL"))
    own = str(ROOT) in env.get("PYTHONPATH", str(ROOT)).split(os.pathsep)
    return alike and own and all(one in _USUAL or one.startswith(_PREFIXES) for one in env)


class Loaded:
    """The process that has loaded the program; its command lines run side by side."""

    def __init__(self):
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(LOADED), str(theirs.fileno())],
                env={"PATH": os.environ["PATH"], "LANG": _LANG, "PYTHONPATH": str(ROOT), "HOME": tempfile.gettempdir()},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )
        self._lock = threading.Lock()
        assert self._orders.recv(16) == b"ready"

    def run(self, argv, env, cwd, stdin, timeout):
        order = json.dumps({"argv": argv, "env": dict(env), "cwd": str(cwd)}).encode()
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            given.write(stdin.encode())
            given.seek(0)
            heard, told = os.pipe()
            try:
                with self._lock:
                    socket.send_fds(self._orders, [order], [given.fileno(), out.fileno(), err.fileno(), told])
            finally:
                os.close(told)
            with os.fdopen(heard) as told_us:
                pid = int(told_us.readline())
                if not select.select([told_us], [], [], timeout)[0]:
                    os.kill(pid, signal.SIGKILL)
                    told_us.readline()
                    raise subprocess.TimeoutExpired(["keyward", *argv], timeout)
                status = int(told_us.readline())
            texts = []
            for stream in (out, err):
                stream.seek(0)
                texts.append(stream.read().decode(errors="replace"))
        return subprocess.CompletedProcess(["keyward", *argv], status, *texts)

    def close(self):
        self._orders.close()
        self._process.wait(10)


_one: list[Loaded] = []
_making = threading.Lock()


def _loaded():
    with _making:
        if not _one:
            _one.append(Loaded())
        return _one[0]


def pytest_unconfigure():
    """End it with the tests."""
    while _one:
        _one.pop().close()

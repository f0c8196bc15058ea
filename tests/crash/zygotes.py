"""Talks to a zygote (see zygote.py): starts command lines in it, hears every point, and looks at the world there."""

import json
import os
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent


@dataclass
class Ran:
    """How a command line ended: its status (negative: the signal), its streams, and the points that it passed."""

    status: int
    out: str
    err: str
    points: list[str] = field(default_factory=list)

    @property
    def killed(self):
        return self.status == -9


class Zygote:
    """One zygote process; `through` is a program that starts it with other rights."""

    def __init__(self, *through):
        environ = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": os.environ["HOME"]}
        self._fds, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [*through, sys.executable, "-W", "ignore", str(HERE / "zygote.py"), str(theirs.fileno())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=environ,
                pass_fds=[theirs.fileno()],
            )
        assert json.loads(self._process.stdout.readline()) == {"ready": True}

    def run(self, argv, env, *, kill_at=0, judge=lambda _point: None, stdin="", host=""):
        """Run a command line; `judge` is called at every point while the program stands still there. `host` names its machine."""
        order = {"argv": [str(word) for word in argv], "env": env, "kill_at": kill_at, "stdin": stdin, "host": host}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        heard, tell = os.pipe()
        hear, nod = os.pipe()
        socket.send_fds(self._fds, [b"."], [tell, hear])
        os.close(tell)
        os.close(hear)
        points = []
        try:
            with os.fdopen(heard) as told:
                for line in told:  # until the child is gone, and its end of the pipe with it
                    points.append(line.strip())
                    try:
                        judge(points[-1])
                    finally:
                        os.write(nod, b".")
        finally:
            os.close(nod)
            line = self._process.stdout.readline()
        assert line, "the zygote died"
        return Ran(points=points, **json.loads(line))

    def close(self):
        """End it."""
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()
        self._fds.close()

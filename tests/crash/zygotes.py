"""Talks to a zygote (see zygote.py): starts command lines in it, hears every point, and looks at the world there."""

import json
import os
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
    """One zygote process."""

    def __init__(self):
        environ = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": os.environ["HOME"]}
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", str(HERE / "zygote.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environ,
        )
        assert json.loads(self._process.stdout.readline()) == {"ready": True}

    def run(self, argv, env, *, kill_at=0, judge=lambda _point: None):
        """Run a command line; `judge` is called at every point while the program stands still there."""
        self._say({"argv": [str(word) for word in argv], "env": env, "kill_at": kill_at})
        points = []
        while True:
            line = self._process.stdout.readline()
            assert line, "the zygote died"
            answer = json.loads(line)
            if "point" not in answer:
                return Ran(points=points, **answer)
            points.append(answer["point"])
            try:
                judge(answer["point"])
            finally:
                self._process.stdin.write("\n")
                self._process.stdin.flush()

    def _say(self, order):
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def close(self):
        """End it."""
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

"""Many command lines at the same time, each a process of its own: forked from one that has loaded the program, so that they really meet.

Reads lists of {"argv", "env", "host"} from standard input, one a line; `host` gives the process a machine name of its own (a
UTS namespace; root only). With "app" as its first word a command line is what the app does when a person plans and agrees. Writes one
list of {"status", "out", "err"} for each, in the same order.
"""

import json
import os
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from zygote import be_called, preload  # found beside this file


def become(order: dict, out: Path, err: Path, begin: float) -> None:
    """Be that command line."""
    for number, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    if order.get("host"):
        be_called(order["host"])
    os.environ.clear()
    os.environ.update(order["env"])
    os.chdir(order["env"]["HOME"])
    sys.argv = ["keyward", *order["argv"]]
    from keyward.__main__ import main

    time.sleep(max(0.0, begin - time.monotonic()))
    status = 0
    try:
        if order["argv"][0] == "app":
            sys.exit(app(order["argv"][1:]))
        main()
    except SystemExit as end:
        status = int(end.code or 0)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status)


def app(keys: list[str]) -> int:
    """Plan these keys and do the plan, as the app's screens ask its desk to; the exit code of the worst."""
    from keyward.desk.desk import Desk
    from keyward.desk.wish import Changes
    from keyward.model.errors import KeywardError
    from keyward.wiring import Parts

    desk = Desk(Parts(environ=dict(os.environ), interactive=True))
    wish = Changes(grace=timedelta(0), retire="now", accept_targets=True, reason="trial")
    try:
        outcomes = desk.rotating.apply(desk.rotating.plan(keys, wish))
    except KeywardError as error:
        print(error, file=sys.stderr)
        return int(error.exit_code)
    finally:
        desk.close()
    return max(int(one.exit_code) for one in outcomes)


def together(orders: list[dict]) -> list[dict]:
    """Fork all, wait for all, tell all."""
    with tempfile.TemporaryDirectory() as folder:
        begin, pids = time.monotonic() + 0.3, []
        for number, order in enumerate(orders):
            pid = os.fork()
            if pid == 0:
                try:
                    become(order, Path(folder, f"{number}.out"), Path(folder, f"{number}.err"), begin)
                except BaseException as error:  # noqa: BLE001  # a broken child must say why
                    os.write(2, repr(error).encode())
                    os._exit(99)
            pids.append(pid)
        statuses = dict(os.wait() for _ in pids)
        return [
            {
                "status": os.waitstatus_to_exitcode(statuses[pid]),
                "out": Path(folder, f"{number}.out").read_text(errors="replace"),
                "err": Path(folder, f"{number}.err").read_text(errors="replace"),
            }
            for number, pid in enumerate(pids)
        ]


def serve() -> None:
    """Take orders until standard input ends."""
    preload()
    for line in sys.stdin:
        print(json.dumps(together(json.loads(line))), flush=True)


if __name__ == "__main__":
    serve()

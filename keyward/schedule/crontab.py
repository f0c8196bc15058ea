"""A block in the user's crontab, between two markers. Every other byte of it stays as it is."""

import re
import shlex
from datetime import datetime, timedelta

from keyward.model.errors import NotConfigured
from keyward.schedule.job import Job, State
from keyward.schedule.tools import must, run, said, there

BEGIN = b"# BEGIN keyward (written by `keyward schedule install`; `keyward schedule remove` takes it out)"
END = b"# END keyward"
_NONE = b"no crontab for"


class Crontab:
    """The crontab of the user who runs this, through crontab(1)."""

    name = "crontab"

    def available(self) -> str:
        """Why it cannot be used here; empty when it can."""
        return "" if there("crontab") else "crontab is not installed"

    def line(self, job: Job) -> str:
        """The line of the crontab: `%` is escaped, because it would end the command (crontab(5))."""
        when = f"*/{job.minutes} * * * *" if job.minutes < 60 else f"0 */{job.minutes // 60} * * *"
        if job.minutes == 24 * 60:
            when = "0 0 * * *"
        # Assignments of their own would hold for every line below, so they stand in front of this command only.
        words = (
            ["/usr/bin/env", *(f"{name}={value}" for name, value in sorted(job.environ.items()))] if job.environ else []
        )
        return f"{when} {shlex.join([*words, *job.command])}".replace("%", "\\%")

    def preview(self, job: Job) -> str:
        """What `install` would write."""
        return (self._with(self._read(), self.line(job).encode()) if not self.available() else self._block(job)).decode(
            "utf-8", "replace"
        )

    def install(self, job: Job) -> None:
        """Put the block into the crontab, in place of an earlier one."""
        if why := self.available():
            raise NotConfigured(f"The crontab cannot be changed: {why}.")
        self._write(self._with(self._read(), self.line(job).encode()))

    def state(self) -> State:
        """How it stands."""
        if why := self.available():
            return State(self.name, installed=False, problem=why)
        _, block, _ = self._split(self._read())
        lines = [line for line in block.splitlines() if not line.startswith(b"#")]
        what = b" ".join(lines).decode("utf-8", "replace")
        return State(self.name, bool(block), what, next_run(what, datetime.now().astimezone()))

    def remove(self) -> bool:
        """Take the block out."""
        if self.available():
            return False
        before, block, after = self._split(self._read())
        if not block:
            return False
        if before or after:
            self._write(before + after)
        else:
            must("crontab", "-r")
        return True

    def _block(self, job: Job) -> bytes:
        return self._with(b"", self.line(job).encode())

    def _with(self, text: bytes, line: bytes) -> bytes:
        before, block, after = self._split(text)
        if not block and before and not before.endswith(b"\n"):
            before += b"\n"
        return before + b"\n".join([BEGIN, line, END]) + b"\n" + after

    def _split(self, text: bytes) -> tuple[bytes, bytes, bytes]:
        """What stands before, in and after keyward's block.

        Raises:
            NotConfigured: the markers are not one pair in their order.
        """
        lines = text.splitlines(keepends=True)
        begins = [at for at, line in enumerate(lines) if line.startswith(b"# BEGIN keyward")]
        ends = [at for at, line in enumerate(lines) if line.rstrip() == END]
        if not begins and not ends:
            return text, b"", b""
        if len(begins) != 1 or len(ends) != 1 or begins[0] > ends[0]:
            raise NotConfigured(
                "The crontab holds keyward's markers more than once or not as a pair, so it was not changed.",
                hint=f"Repair it with `crontab -e`: one line {BEGIN.decode()!r} and below it one line {END.decode()!r}.",
            )
        first, last = begins[0], ends[0] + 1
        return b"".join(lines[:first]), b"".join(lines[first:last]), b"".join(lines[last:])

    def _read(self) -> bytes:
        done = run("crontab", "-l")
        if done.returncode == 0:
            return done.stdout
        if _NONE in done.stderr:
            return b""
        raise NotConfigured(f"The crontab cannot be read: {said(done.stderr)}")

    def _write(self, text: bytes) -> None:
        must("crontab", "-", stdin=text)


def next_run(line: str, now: datetime) -> str:
    """When cron starts a line of keyward's own next, on this machine's clock; empty for a line that somebody changed."""
    found = re.match(r"(?:\*/(?P<minutes>\d+) \*|0 (?:\*/(?P<hours>\d+)|0)) \* \* \* ", line)
    if found is None:
        return ""
    minutes = int(found["minutes"] or 60 * int(found["hours"] or 24))
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    since = int((now - midnight) / timedelta(minutes=minutes)) + 1
    return (midnight + since * timedelta(minutes=minutes)).isoformat(timespec="minutes")

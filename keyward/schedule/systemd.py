"""A systemd user timer (systemd.timer(5), systemd.service(5)): catches up after a time when the machine was off."""

from collections.abc import Mapping
from pathlib import Path

from keyward.model.errors import NotConfigured
from keyward.schedule.job import NAME, Job, State
from keyward.schedule.tools import must, run, said, there, write

_SERVICE = """\
# Written by `keyward schedule install`; `keyward schedule remove` takes it away.
[Unit]
Description=keyward: rotate what is due, go on with what waits

[Service]
Type=oneshot
ExecStart={command}
{environ}TimeoutStartSec=1h
Nice=10
UMask=0077
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
"""
_TIMER = """\
# Written by `keyward schedule install`; `keyward schedule remove` takes it away.
[Unit]
Description=keyward: every {every}

[Timer]
OnCalendar={calendar}
RandomizedDelaySec=60
Persistent=true

[Install]
WantedBy=timers.target
"""
_SHOWN = ("NextElapseUSecRealtime", "LastTriggerUSec", "ActiveState")


class Systemd:
    """The user's own systemd.

    Args:
        environ: the user's variables; `XDG_CONFIG_HOME` moves the folder of units.
        home: the user's home folder.
    """

    name = "systemd"

    def __init__(self, environ: Mapping[str, str], home: Path) -> None:
        self.folder = Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "systemd" / "user"
        self.service, self.timer = self.folder / f"{NAME}.service", self.folder / f"{NAME}.timer"

    def available(self) -> str:
        """Why it cannot be used here; empty when it can."""
        if not there("systemctl"):
            return "systemctl is not installed"
        done = run("systemctl", "--user", "show-environment")
        return f"this user has no systemd of his own ({said(done.stderr)})" if done.returncode else ""

    def units(self, job: Job) -> dict[Path, str]:
        """The files with their content."""
        environ = "".join(f"Environment={_quoted(f'{name}={value}')}\n" for name, value in sorted(job.environ.items()))
        command = " ".join(_quoted(word).replace("$", "$$") for word in job.command)
        return {
            self.service: _SERVICE.format(command=command, environ=environ),
            self.timer: _TIMER.format(every=_every(job), calendar=_calendar(job)),
        }

    def preview(self, job: Job) -> str:
        """What `install` would write and run."""
        files = "\n".join(f"--- {file}\n{text}" for file, text in self.units(job).items())
        return f"{files}--- run\nsystemctl --user daemon-reload\nsystemctl --user enable --now {self.timer.name}\n"

    def install(self, job: Job) -> None:
        """Write the units and start the timer."""
        if why := self.available():
            raise NotConfigured(f"The timer cannot be installed: {why}.", hint="keyward schedule install --crontab")
        for file, text in self.units(job).items():
            write(file, text.encode())
        must("systemctl", "--user", "daemon-reload")
        must("systemctl", "--user", "enable", "--now", self.timer.name)

    def state(self) -> State:
        """How it stands."""
        if not self.timer.exists():
            return State(self.name, installed=False)
        if why := self.available():
            return State(self.name, installed=True, what=str(self.timer), problem=why)
        shown = must("systemctl", "--user", "show", self.timer.name, f"--property={','.join(_SHOWN)}")
        found = dict(line.partition("=")[::2] for line in shown.decode("utf-8", "replace").splitlines())
        active = found.get("ActiveState") == "active"
        problem = "" if active else f"the timer is {found.get('ActiveState') or 'unknown'}"
        return State(self.name, True, str(self.timer), found.get("NextElapseUSecRealtime", ""), problem)

    def remove(self) -> bool:
        """Stop the timer and take the units away."""
        found = [file for file in (self.timer, self.service) if file.exists()]
        if found and not self.available():
            run("systemctl", "--user", "disable", "--now", self.timer.name)
        for file in found:
            file.unlink()
        if found and not self.available():
            must("systemctl", "--user", "daemon-reload")
        return bool(found)


def _calendar(job: Job) -> str:
    if job.minutes < 60:
        return f"*:0/{job.minutes}"
    return "daily" if job.minutes == 24 * 60 else f"0/{job.minutes // 60}:00"


def _every(job: Job) -> str:
    return f"{job.minutes} min" if job.minutes < 60 else f"{job.minutes // 60} h"


def _quoted(text: str) -> str:
    """A word as systemd.syntax(7) reads it back; `%` begins a specifier there."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'

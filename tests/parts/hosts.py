"""Two machines around one ledger and one cloud: each with a name, settings, state and env files of its own."""

import os
import sys
from datetime import timedelta

from tests.crash.zygotes import Zygote
from tests.parts.need import missing
from tests.parts.scene import Scene

RULES = """
[scan]
read_values = ["all"]

[[env]]
path = "{folder}"

[fingerprint]
key_file = "{key}"

[ledger]
url = "{ledger}"

[rotation]
quiet = "3d"
soak = "24h"
{home}

[[rotation.rule]]
match = "project:acme-*"
max_age = "90d"
"""


class Hosts:
    """Runs the command line as one machine or another.

    Args:
        scene: the cloud and the disk.
        zygote: what runs it.
        ledger: the URL of the ledger that they share; empty for a SQLite file.
    """

    def __init__(self, scene: Scene, zygote: Zygote, ledger: str = "") -> None:
        if not sys.platform.startswith("linux") or os.geteuid() != 0:
            missing("root on Linux, to give processes a host of their own")
        self.scene, self.zygote = scene, zygote
        self.ledger = ledger or f"sqlite:///{scene.home}/shared/ledger.sqlite"
        (scene.home / "shared").mkdir(mode=0o700, exist_ok=True)

    def add(self, host: str, more: str = "", *, ledger: str = "", key: str = "fingerprint.key", home: str = ""):
        """Set up a machine (again); gives the folder of its env files. `home` is where pending values are kept."""
        folder = self.scene.work / host
        folder.mkdir(exist_ok=True)
        text = RULES.format(
            folder=folder,
            key=f"{self.scene.home}/shared/{key}",
            ledger=ledger or self.ledger,
            home=f'home = "{home}"' if home else "",
        )
        config = self._config(host)
        config.write_text(text + more)
        config.chmod(0o600)
        return folder

    def _config(self, host):
        return self.scene.home / "config" / f"{host}.toml"

    def environ(self, host):
        return self.scene.environ(
            KEYWARD_HOME=str(self.scene.home / f"state-{host}"), KEYWARD_CONFIG=str(self._config(host))
        )

    def run(self, host, *argv, **more):
        """Run a command line there."""
        done = self.zygote.run(argv, self.environ(host), host=host, **more)
        assert "Traceback" not in done.err, done.err
        return done

    def cron(self, host, *more, **how):
        """The scheduled run there."""
        return self.run(host, "rotate", "--due", "--yes", *more, **how)

    def later(self, **span):
        """Let time go by."""
        self.scene.world.clock.advance(timedelta(**span).total_seconds())

"""A developer's machine without any cloud account: a folder with env files, perhaps a keyring, and a vendor of keys at the other end."""

import contextlib
from pathlib import Path

from tests.parts import command
from tests.parts.scene import Result
from tests.parts.secret_service import item
from tests.parts.terminal import environment, terminal
from tests.parts.vendor import Vendor


class Laptop:
    """One machine; `keyring` are the variables of its Secret Service, None for a machine without one."""

    def __init__(self, home, keyring=None):
        self.home, self.keyring = Path(home), keyring
        self.home.mkdir(parents=True, exist_ok=True)
        self.work = self.home / "work"
        self.work.mkdir()
        self.vendor = Vendor()
        self.more = {}
        config = self.home / "keyward.toml"
        config.write_text('[keyring]\nservices = ["*"]\n' if keyring else "")
        config.chmod(0o600)

    def __enter__(self):
        self.vendor.__enter__()
        return self

    def __exit__(self, *error):
        self.vendor.__exit__(*error)

    @property
    def variables(self):
        """What is set on this machine beside the usual."""
        ring = self.keyring or {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
        return {**ring, **self.vendor.environ, **self.more}

    def env(self, name, text):
        """Write an env file; gives its path."""
        file = self.work / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o600)
        return file

    def ring(self, service, user, value=None):
        """Set (or without a value read) an entry of the keyring, as another program would."""
        return item(self.keyring, service, user, value)

    def pending(self):
        """The pending secrets in the keyring: user names, and what they hold."""
        import secretstorage
        from jeepney.io.blocking import open_dbus_connection

        with contextlib.closing(open_dbus_connection(self.keyring["DBUS_SESSION_BUS_ADDRESS"])) as connection:
            items = secretstorage.search_items(connection, {"service": "keyward"})
            found = {item.get_attributes()["username"]: item.get_secret().decode() for item in items}
        return {user: text for user, text in found.items() if user.startswith("keyward-pending-")}

    def keyward(self, *arguments, stdin="", timeout=120, **more):
        """Run the command line without a terminal."""
        env = environment(self.home, **self.variables, **more)
        done = command.run(arguments, env, self.home, stdin=stdin, timeout=timeout)
        return Result(done.returncode, done.stdout, done.stderr)

    def terminal(self, *arguments, **more):
        """The command line at a terminal of its own."""
        argv = ["-m", "keyward", *map(str, arguments)]
        return terminal(argv, self.home, columns=200, lines=80, **self.variables, **more)

    def scan(self):
        """Scan the folder, and the keyring where there is one; gives the ids of the keys."""
        done = self.keyward("scan", self.work)
        assert done.status == 0, done.err
        return self.keyward("list", "-o", "ids").out.split()

    def files(self):
        """Everything that keyward left below its home, by path: bytes."""
        state = self.home / "keyward"
        return {file: file.read_bytes() for file in sorted(state.rglob("*")) if file.is_file()}

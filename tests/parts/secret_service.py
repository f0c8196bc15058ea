"""A Secret Service of its own: a private D-Bus and a real gnome-keyring in a throw-away home, without a display.

`secret_service` is a mapping of environment variables for this process or for others. Only these reach it.
"""

import contextlib
import os
import shlex
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.parts.need import require

PASSWORD = "made up for tests"
_READY = 10.0


@dataclass(frozen=True)
class Service:
    """Where it can be reached (`environ`), and the means to end it."""

    environ: Mapping[str, str]
    bus: subprocess.Popen
    daemon: subprocess.Popen

    def stop_daemon(self) -> None:
        """End the keyring and leave the bus, as after a crash."""
        self.daemon.kill()
        self.daemon.wait()


@contextlib.contextmanager
def running(home: Path, password: str = PASSWORD, *, again: bool = False) -> Iterator[Service]:
    """Start bus and keyring. The same home with the same password keeps its items; with another one its collection stays locked.

    With `again` a keyring that ends by itself is started anew at the next call, as the bus of a desktop does: among thousands of clients
    that are killed in the middle of a word gnome-keyring does not always survive.
    """
    require("dbus-daemon", "gnome-keyring-daemon")
    run = home / "run"
    run.mkdir(parents=True, exist_ok=True, mode=0o700)
    run.chmod(0o700)
    address = f"unix:path={run}/bus"
    command = ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"]
    services = run / "services"
    services.mkdir(exist_ok=True)
    if again:
        (run / "password").write_text(password)
        (services / "org.freedesktop.secrets.service").write_text(
            "[D-BUS Service]\nName=org.freedesktop.secrets\n"
            f"Exec=/bin/sh -c 'exec {shlex.join(command)} <\"{run}/password\"'\n"
        )
    (run / "bus.conf").write_text(
        '<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"'
        ' "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">'
        f"<busconfig><type>session</type><listen>{address}</listen><servicedir>{services}</servicedir><policy context='default'>"
        "<allow send_destination='*' eavesdrop='true'/><allow eavesdrop='true'/><allow own='*'/></policy></busconfig>"
    )
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_RUNTIME_DIR": str(run),
        "DBUS_SESSION_BUS_ADDRESS": address,
        "PYTHON_KEYRING_BACKEND": "keyring.backends.SecretService.Keyring",
    }
    with contextlib.ExitStack() as ending, (run / "log").open("wb") as log:
        (run / "bus").unlink(missing_ok=True)
        bus = subprocess.Popen(
            ["dbus-daemon", "--nofork", "--print-address=1", f"--config-file={run / 'bus.conf'}"],
            stdout=subprocess.PIPE,
            stderr=log,
            env=environ,
        )
        ending.callback(_end, bus)
        assert bus.stdout is not None
        assert bus.stdout.readline(), (run / "log").read_text()
        daemon = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env=environ,
        )
        ending.callback(_end, daemon)
        assert daemon.stdin is not None
        daemon.stdin.write(password.encode())
        daemon.stdin.close()
        _wait_until_there(environ, run)
        yield Service({name: environ[name] for name in environ if name not in {"PATH", "HOME"}}, bus, daemon)


_ENTRY = """
import sys, json, keyring
service, user, value = json.loads(sys.stdin.read())
print(json.dumps(keyring.get_password(service, user))) if value is None else keyring.set_password(service, user, value)
"""


def lock(environ: Mapping[str, str]) -> None:
    """Lock the keyring, as a desktop does when its user goes away: nothing in it can be read or written."""
    import secretstorage
    from jeepney.io.blocking import open_dbus_connection

    with contextlib.closing(open_dbus_connection(environ["DBUS_SESSION_BUS_ADDRESS"])) as connection:
        collection = secretstorage.get_default_collection(connection)
        collection.lock()
        assert collection.is_locked()


def unlock(environ: Mapping[str, str], password: str = PASSWORD) -> None:
    """Unlock it without a dialog, as only gnome-keyring's own tools may."""
    import secretstorage
    from jeepney import DBusAddress, new_method_call
    from jeepney.io.blocking import open_dbus_connection
    from secretstorage.util import format_secret, open_session

    with contextlib.closing(open_dbus_connection(environ["DBUS_SESSION_BUS_ADDRESS"])) as connection:
        collection = secretstorage.get_default_collection(connection)
        service = DBusAddress(
            "/org/freedesktop/secrets",
            "org.freedesktop.secrets",
            "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface",
        )
        master = format_secret(open_session(connection), password.encode(), "text/plain")
        arguments = (collection.collection_path, master)
        call = new_method_call(service, "UnlockWithMasterPassword", "o(oayays)", arguments)
        connection.send_and_get_reply(call)
        assert not collection.is_locked()


def item(environ: Mapping[str, str], service: str, user: str, value: str | None = None) -> str | None:
    """Set (or without a value read) an item as another program with python-keyring does, without starting one."""
    import secretstorage
    from jeepney.io.blocking import open_dbus_connection

    named = {"service": service, "username": user}
    with contextlib.closing(open_dbus_connection(environ["DBUS_SESSION_BUS_ADDRESS"])) as connection:
        collection = secretstorage.get_default_collection(connection)
        if value is None:
            return next((one.get_secret().decode() for one in collection.search_items(named)), None)
        label, known = f"Password for '{user}' on '{service}'", {"application": "Python keyring library"}
        collection.create_item(label, known | named, value.encode(), replace=True)
    return None


@pytest.fixture(scope="session")
def secret_service(tmp_path_factory) -> Iterator[Mapping[str, str]]:
    """Environment variables of one unlocked keyring for the whole session."""
    with running(tmp_path_factory.mktemp("secret-service"), again=True) as service:
        yield service.environ


@pytest.fixture
def own_secret_service(tmp_path_factory) -> Iterator[Mapping[str, str]]:
    """Environment variables of an unlocked and empty keyring for this test alone: for stories that list all that is there."""
    with running(tmp_path_factory.mktemp("own-secret-service")) as service:
        yield service.environ


def _wait_until_there(environ: Mapping[str, str], run: Path) -> None:
    from jeepney.bus_messages import message_bus  # comes with secretstorage, on Linux only
    from jeepney.io.blocking import Proxy, open_dbus_connection

    until = time.monotonic() + _READY
    with contextlib.closing(open_dbus_connection(environ["DBUS_SESSION_BUS_ADDRESS"])) as connection:
        bus = Proxy(message_bus, connection)
        while time.monotonic() < until:
            if bus.NameHasOwner("org.freedesktop.secrets")[0]:
                return
            time.sleep(0.01)
    pytest.fail(f"gnome-keyring did not appear on its bus: {(run / 'log').read_text()}")


def _end(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()

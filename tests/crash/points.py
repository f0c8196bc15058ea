"""Finds the external effects of a program from outside, and can kill it there.

Installed into a fresh child before the command line starts, as a site customisation would be. An effect is an HTTP or gRPC request, the
making, writing, syncing or renaming of a temporary file, a keyring write, or a ledger commit. Before and after each, the child tells
the judge and waits for its nod; at the chosen point it gets SIGKILL.
"""

import http.client
import os
import signal
import sqlite3
import sys
import threading


class Points:
    """Counts effects and kills at one of them.

    Args:
        tell: a file descriptor; one line goes out at each point.
        hear: a file descriptor; one byte comes in before the child goes on.
        kill_at: the number of the point (from 1) that is deadly; 0 for none.
    """

    def __init__(self, tell: int, hear: int, kill_at: int) -> None:
        self._tell, self._hear, self._kill_at = tell, hear, kill_at
        self._count = 0
        self._lock = threading.RLock()
        self._busy = threading.local()

    def point(self, label: str) -> None:
        """One point: tell, wait, and die here when it is the one."""
        if getattr(self._busy, "here", False):
            return
        self._busy.here = True
        try:
            with self._lock:
                self._count += 1
                deadly = self._count == self._kill_at
                os.write(self._tell, f"{'!' if deadly else '.'} {self._count} {label}\n".encode())
                os.read(self._hear, 1)
                if deadly:
                    os.kill(os.getpid(), signal.SIGKILL)
        finally:
            self._busy.here = False

    def around(self, owner: object, name: str, label) -> None:
        """Put a point before and one after every call of that function; `label` names it from its arguments, None to pass it by."""
        before = getattr(owner, name)

        def wrapped(*args, **kwargs):
            what = label(*args, **kwargs)
            if what is None:
                return before(*args, **kwargs)
            self.point(f"before {what}")
            try:
                return before(*args, **kwargs)
            finally:
                # An effect that failed half-way is an effect.
                if not isinstance(sys.exc_info()[1], (KeyboardInterrupt, SystemExit)):
                    self.point(f"after {what}")

        setattr(owner, name, wrapped)


def install(points: Points) -> None:
    """Hook everything through which the program reaches the world."""
    _http(points)
    _grpc(points)
    _files(points)
    _keyring(points)
    _ledger(points)
    _shared_ledger(points)


def _http(points: Points) -> None:
    connection = http.client.HTTPConnection
    put, end, get = connection.putrequest, connection.endheaders, connection.getresponse

    def putrequest(self, method, url, *args, **kwargs):
        self._kw_what = None if url.startswith("/emulator/") else f"{method} {url.partition('?')[0]}"
        return put(self, method, url, *args, **kwargs)

    def endheaders(self, *args, **kwargs):
        if getattr(self, "_kw_what", None):
            points.point(f"before {self._kw_what}")
        return end(self, *args, **kwargs)

    def getresponse(self, *args, **kwargs):
        response = get(self, *args, **kwargs)
        if getattr(self, "_kw_what", None):
            points.point(f"after {self._kw_what}")
        return response

    connection.putrequest, connection.endheaders, connection.getresponse = putrequest, endheaders, getresponse


def _grpc(points: Points) -> None:
    import grpc._channel as channel

    def label(self, *_args, **_kwargs):
        method = self._method
        return "gRPC " + (method.decode() if isinstance(method, bytes) else method).rpartition("/")[2]

    points.around(channel._UnaryUnaryMultiCallable, "_blocking", label)


def _files(points: Points) -> None:
    ours: set[int] = set()
    make, close = os.open, os.close

    def opened(path, flags, *args, **kwargs):
        if not (flags & os.O_CREAT and ".keyward-" in os.fsdecode(path)):
            return make(path, flags, *args, **kwargs)
        points.point("before making the temporary file")
        fd = make(path, flags, *args, **kwargs)
        ours.add(fd)
        points.point("after making the temporary file")
        return fd

    def closed(fd):
        ours.discard(fd)
        return close(fd)

    os.open, os.close = opened, closed
    points.around(os, "write", lambda fd, *_: "writing the temporary file" if fd in ours else None)
    points.around(os, "fsync", lambda fd, *_: "syncing the temporary file" if fd in ours else None)
    for name in ("rename", "replace"):
        points.around(
            os,
            name,
            lambda source, *_, **__: "renaming the temporary file" if ".keyward-" in os.fsdecode(source) else None,
        )


def _keyring(points: Points) -> None:
    """Every change of an item, however the program talks to the Secret Service."""
    try:
        from keyring.backends import SecretService
        from secretstorage.collection import Collection
        from secretstorage.item import Item
    except ImportError:
        return
    points.around(Item, "set_secret", lambda *_, **__: "keyring set")
    points.around(Item, "delete", lambda *_, **__: "keyring delete")
    points.around(Collection, "create_item", lambda *_, **__: "keyring create")
    points.around(SecretService.Keyring, "set_password", lambda *_, **__: "keyring set")


def _ledger(points: Points) -> None:
    """Every commit of the ledger, whichever way the driver is told to commit."""

    class Cursor(sqlite3.Cursor):
        def execute(self, sql, *args):
            if sql.strip().upper().rstrip(";") not in ("COMMIT", "END"):
                return super().execute(sql, *args)
            points.point("before ledger commit")
            result = super().execute(sql, *args)
            points.point("after ledger commit")
            return result

    class Connection(sqlite3.Connection):
        def cursor(self, factory=Cursor):
            return super().cursor(factory)

        def execute(self, sql, *args):
            return self.cursor().execute(sql, *args)

        def commit(self):
            if not self.in_transaction:
                return super().commit()
            points.point("before ledger commit")
            super().commit()
            points.point("after ledger commit")
            return None

    connect = sqlite3.dbapi2.connect

    def connected(database, *args, **kwargs):
        if "ledger" in os.fsdecode(database):
            kwargs.setdefault("factory", Connection)
        return connect(database, *args, **kwargs)

    sqlite3.dbapi2.connect = sqlite3.connect = connected


def _shared_ledger(points: Points) -> None:
    """The same for a ledger on PostgreSQL."""
    try:
        import psycopg
    except ImportError:
        return

    def label(self):
        # Only what was begun, and not what only reads, can be kept or lost.
        idle = self.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
        return None if idle or getattr(self, "mark", None) is None else "ledger commit"

    points.around(psycopg.Connection, "commit", label)

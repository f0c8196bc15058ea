"""A wire between keyward and PostgreSQL that counts turns, and breaks in the moment of a commit."""

import contextlib
import selectors
import socket
import tempfile
import threading
from pathlib import Path


class Wire:
    """Forwards a Unix socket to a cluster's.

    `cut` says what happens to the next commit: "before" it reaches the server, or "after" the server did it and before keyward hears
    so; "hang" keeps both ends open and silent. `on_cut` is called then; `refusing` lets nobody in.
    """

    def __init__(self, cluster):
        self._to = f"{cluster.folder}/.s.PGSQL.{cluster.port}"
        self.folder = Path(tempfile.mkdtemp(prefix="kwwire.", dir="/tmp"))
        self.port = cluster.port
        self.cut, self.on_cut, self.refusing = None, lambda: None, False
        self.turns, self._speaker = 0, None
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(f"{self.folder}/.s.PGSQL.{self.port}")
        self._listening.listen()
        self._open = []
        threading.Thread(target=self._accept, daemon=True).start()

    def where(self, backend):
        """The backend's address, through this wire."""
        return backend.where.replace(str(backend.cluster.folder), str(self.folder))

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                if self.refusing:
                    client.close()
                    continue
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._to)
                self._open += [client, server]
                threading.Thread(target=self._forward, args=(client, server), daemon=True).start()

    def _forward(self, client, server):
        with contextlib.suppress(OSError, ValueError), selectors.DefaultSelector() as ready:
            ready.register(client, selectors.EVENT_READ, server)
            ready.register(server, selectors.EVENT_READ, client)
            while True:
                for key, _ in ready.select():
                    data = key.fileobj.recv(1 << 16)
                    if not data:
                        return self._close(client, server)
                    # Counted as the server begins to answer: a flush that libpq sends after its sync, on a slow machine in a
                    # packet of its own after the answer, is answered by nobody and costs nobody a turn.
                    if key.fileobj is server and self._speaker is client:
                        self.turns += 1
                    self._speaker = key.fileobj
                    if key.fileobj is client and self.cut and b"COMMIT\0" in data:
                        how, self.cut = self.cut, None
                        if how == "after":
                            server.sendall(data)
                            server.recv(1 << 16)
                        self.on_cut()
                        return None if how == "hang" else self._close(client, server)
                    key.data.sendall(data)

    @staticmethod
    def _close(*ends):
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def close(self):
        """Cut everything."""
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._close(self._listening, *self._open)
        for file in self.folder.iterdir():
            file.unlink()
        self.folder.rmdir()


def retune(monkeypatch, old, new):
    """Let transactions that write begin with another setting."""
    from keyward.ledger import postgres_link

    begin, settings = postgres_link._WRITING
    assert old in settings
    monkeypatch.setattr(postgres_link, "_WRITING", (begin, settings.replace(old, new)))

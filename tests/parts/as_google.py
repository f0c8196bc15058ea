"""A proxy on loopback that answers for a host of Google's with the emulator: for what gcloud has no setting to send elsewhere."""

import socket
import ssl
import subprocess
import threading
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

_NEW = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")


@contextmanager
def proxy(url, host, folder):
    """Variables that have gcloud ask the emulator at `url` whatever it would ask `host`; every other host is refused."""
    key, certificate = folder / "host.key", folder / "host.pem"
    names = ("-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}")
    files = ("-keyout", str(key), "-out", str(certificate))
    subprocess.run(["openssl", *_NEW, *names, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as server:
        asked = threading.Thread(target=_serve, args=(server, host, context, urlsplit(url).port), daemon=True)
        asked.start()
        yield {
            "CLOUDSDK_PROXY_TYPE": "http",
            "CLOUDSDK_PROXY_ADDRESS": "127.0.0.1",
            "CLOUDSDK_PROXY_PORT": str(server.getsockname()[1]),
            "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE": str(certificate),
        }
        server.shutdown(socket.SHUT_RDWR)
        asked.join()


def _serve(server, host, context, port):
    with suppress(OSError):  # the end of the test closes it
        while True:
            client, _ = server.accept()
            threading.Thread(target=_answer, args=(client, host, context, port), daemon=True).start()


def _answer(client, host, context, port):
    with client, suppress(OSError):
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(4096)
        if head.split(b" ")[1] != f"{host}:443".encode():
            client.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")
            return
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        with (
            context.wrap_socket(client, server_side=True) as inner,
            socket.create_connection(("127.0.0.1", port)) as to,
        ):
            back = threading.Thread(target=_pour, args=(to, inner), daemon=True)
            back.start()
            _pour(inner, to)
            to.shutdown(socket.SHUT_WR)
            back.join()


def _pour(source, sink):
    with suppress(OSError):
        while piece := source.recv(65536):
            sink.sendall(piece)

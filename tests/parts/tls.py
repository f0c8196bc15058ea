"""TLS servers on loopback, each with a certificate of an authority that the test has made."""

import contextlib
import socket
import ssl
import threading
import warnings
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


class Authority:
    """An authority; `file` has its certificate, for `SSL_CERT_FILE`."""

    def __init__(self, folder):
        self._folder, self._key, self._number = folder, ec.generate_private_key(ec.SECP256R1()), 0
        now = datetime.now(UTC)
        made = self._certificate(
            _name("test authority"), self._key.public_key(), now - timedelta(days=400), now + timedelta(days=400)
        )
        signed = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(
            self._key, hashes.SHA256()
        )
        self.file = folder / "authority.pem"
        self.file.write_bytes(signed.public_bytes(serialization.Encoding.PEM))

    def issue(self, host="localhost", *, days=90, began=-300):
        """A file with a key and a certificate for that host, from and until so many days from now."""
        now, key = datetime.now(UTC), ec.generate_private_key(ec.SECP256R1())
        made = self._certificate(_name(host), key.public_key(), now + timedelta(days=began), now + timedelta(days=days))
        signed = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False).sign(
            self._key, hashes.SHA256()
        )
        self._number += 1
        file = self._folder / f"server-{self._number}.pem"
        plain = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file.write_bytes(plain + signed.public_bytes(serialization.Encoding.PEM))
        return file

    def _certificate(self, subject, key, begins, ends):
        made = x509.CertificateBuilder().subject_name(subject).issuer_name(_name("test authority")).public_key(key)
        return made.serial_number(x509.random_serial_number()).not_valid_before(begins).not_valid_after(ends)


@contextlib.contextmanager
def serving(certificate, newest=None):
    """A server with that certificate that speaks nothing newer than `newest`; its port, and what clients sent behind the handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    if newest is not None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, newest
        context.set_ciphers("ALL:@SECLEVEL=0")
    with answering(lambda one: _taken(context, one)) as (port, heard):
        yield port, heard


@contextlib.contextmanager
def answering(answer):
    """A server that does that with each connection; its port, and what the answers returned."""
    heard, ended = [], threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.1)

        def run():
            while not ended.is_set():
                with contextlib.suppress(OSError):
                    one, _ = listening.accept()
                    with one:
                        one.settimeout(5)
                        heard.append(answer(one))

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield listening.getsockname()[1], heard
        finally:
            ended.set()
            thread.join()


def _taken(context, one):
    with context.wrap_socket(one, server_side=True) as secured:
        return secured.recv(1024)

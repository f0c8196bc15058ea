"""Certificates and accounts for tests, made when they run."""

import base64
import http.client
import json
from functools import cache
from urllib.parse import urlencode, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from keyward.emulator.iam import ServiceAccounts

PEM = serialization.Encoding.PEM


def make_account(emulator, account_id="runner", project="p1"):
    return emulator.world.state(ServiceAccounts).plant(emulator.world.project(project), account_id)


@cache
def pair(*, elliptic=False):
    return ec.generate_private_key(ec.SECP256R1()) if elliptic else rsa.generate_private_key(65537, 2048)


def certificate(begin, end, *, elliptic=False):
    """(private half in PEM, self-signed certificate in PEM) as a client makes them for an upload."""
    key = pair(elliptic=elliptic)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "unused")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), begin, end)
    pem = builder.sign(key, hashes.SHA256()).public_bytes(PEM).decode()
    return private_pem(key), pem


def private_pem(key):
    return key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()


def public_pem(private):
    key = serialization.load_pem_private_key(private.encode(), None).public_key()
    return key.public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def upload_body(pem):
    return {"publicKeyData": base64.b64encode(pem.encode()).decode()}


def post_form(emulator, path, fields):
    """Send a form; give status and decoded JSON."""
    connection = http.client.HTTPConnection(urlsplit(emulator.url).netloc, timeout=20)
    try:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", path, urlencode(fields), headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()

"""HMAC keys of Cloud Storage: planted, and used for requests that are signed here as the documentation of Cloud Storage says."""

import hashlib
import hmac
import http.client
from datetime import timedelta
from urllib.parse import urlsplit

from keyward.emulator.storage.state import HmacKeys
from tests.parts.emulator import START


def plant_pair(world, account, *, days=200):
    """Plant a key that was made so many days ago; gives the emulator's record, with the secret."""
    return world.state(HmacKeys).plant(account, created=world.clock.now() - timedelta(days=days))


def pairs_of(world, account):
    """The keys of an account that are not deleted, as the emulator keeps them."""
    of_project = world.state(HmacKeys).of(account.project_id)
    return [key for key in of_project if key.email == account.email and key.state != "DELETED"]


def pair_ref(key):
    """keyward's id of a planted key."""
    return f"google-hmac-keys:{key.project_id}/{key.access_id}"


def works(emulator, access_id, secret):
    """Whether a request that is signed with the two is answered, as one of an S3 client would be."""
    made = {"metadata": {"accessId": access_id}, "secret": secret}
    return sign(emulator, made, when=emulator.world.clock.now())[0] == 200


def sign(emulator, made, algorithm="AWS4", *, when=START, secret="", path="/", headers=()):
    """Send a request signed as the documentation of Cloud Storage says; gives (status, body)."""
    vendor, service = ("amz", "s3") if algorithm == "AWS4" else ("goog", "storage")
    host, stamp = urlsplit(emulator.url).netloc, f"{when:%Y%m%dT%H%M%SZ}"
    scope = f"{when:%Y%m%d}/auto/{service}/{algorithm.lower()}_request"
    sent = {
        "host": host,
        f"x-{vendor}-content-sha256": hashlib.sha256(b"").hexdigest(),
        f"x-{vendor}-date": stamp,
        **dict(headers),
    }
    names = ";".join(sorted(sent))
    lines = "".join(f"{name}:{sent[name]}\n" for name in sorted(sent))
    query = "&".join(sorted(path.partition("?")[2].split("&")))
    canonical = f"GET\n/\n{query}\n{lines}\n{names}\n{hashlib.sha256(b'').hexdigest()}"
    text = f"{algorithm}-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = (algorithm + (secret or made["secret"])).encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.new(key, text.encode(), "sha256").hexdigest()
    access = made["metadata"]["accessId"]
    credential = f"{algorithm}-HMAC-SHA256 Credential={access}/{scope}, SignedHeaders={names}, Signature={signature}"
    return fetch(emulator, {**sent, "authorization": credential}, path)


def fetch(emulator, headers, path="/"):
    connection = http.client.HTTPConnection(urlsplit(emulator.url).netloc, timeout=20)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()

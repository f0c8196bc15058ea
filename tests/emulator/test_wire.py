"""Spellings that real clients send."""

import json
import socket
from urllib.parse import urlsplit

import pytest

from tests.parts.emulator import good, make_key

KEYS = "/v2/projects/p1/locations/global/keys"


def raw(emulator, *requests):
    """Send bytes over one connection; give everything that comes back until the server ends it."""
    host, port = urlsplit(emulator.url).netloc.split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        for request in requests:
            connection.sendall(request)
        received = b""
        while part := connection.recv(65536):
            received += part
    return received


@pytest.mark.parametrize(
    "query", ["alt=json", "$alt=json%3Benum-encoding%3Dint", "%24alt=json;enum-encoding=int", "prettyPrint=true"]
)
def test_ways_to_ask_for_json(emulator, query):
    make_key(emulator, keyId="web")
    assert good(emulator, "GET", f"{KEYS}/web?{query}")["uid"]


def test_percent_encoded_paths(emulator):
    make_key(emulator, keyId="web")
    assert good(emulator, "GET", "/v2/projects/p1/locations/global/keys/w%65b")
    good(emulator, "DELETE", f"{KEYS}/web")
    assert good(emulator, "POST", f"{KEYS}/web%3Aundelete")


def test_project_ids_of_a_domain(emulator):
    assert good(emulator, "GET", "/v2/projects/example.com:shop/locations/global/keys") == {}
    assert [project.id for project in emulator.world.projects()] == ["example.com:shop"]


def test_requests_in_one_connection_one_of_them_in_chunks(emulator):
    chunks = b'5\r\n{"dis\r\nf\r\nplayName": "A"}\r\n0\r\n\r\n'
    head = b"Host: x\r\nContent-Type: application/json\r\n"
    post = b"POST %b?keyId=web HTTP/1.1\r\n%bTransfer-Encoding: chunked\r\n\r\n%b" % (KEYS.encode(), head, chunks)
    get = b"GET %b/web HTTP/1.1\r\n%bConnection: close\r\n\r\n" % (KEYS.encode(), head)
    received = raw(emulator, post + get)
    assert received.count(b"HTTP/1.1 200 OK") == 2
    assert json.loads(received.rpartition(b"\r\n\r\n")[2])["displayName"] == "A"


def test_clients_that_wait_before_they_send_a_body(emulator):
    head = b"POST %b HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
    received = raw(emulator, head % KEYS.encode())
    assert received.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")


def test_long_questions_travel_in_a_body(emulator):
    make_key(emulator, keyId="web")
    body = b"showDeleted=true&alt=json"
    head = b"POST %b HTTP/1.1\r\nHost: x\r\nx-http-method-override: GET\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b"
    received = raw(emulator, head % (KEYS.encode(), len(body), body))
    assert json.loads(received.rpartition(b"\r\n\r\n")[2])["keys"]
    assert emulator.world.log.since()[-1]["method"] == "GET"


@pytest.mark.parametrize(
    "request_",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/2\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    ],
)
def test_bytes_that_are_no_request(emulator, request_):
    assert raw(emulator, request_).startswith(b"HTTP/1.1 400")


def test_bodies_that_are_no_json(emulator):
    for body in (b"{", b"[]"):
        head = b"POST %b HTTP/1.1\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b"
        assert raw(emulator, head % (KEYS.encode(), len(body), body)).startswith(b"HTTP/1.1 400")


def test_unknown_methods_are_named(emulator):
    assert b"has no method GET /v9/x" in raw(emulator, b"GET /v9/x HTTP/1.1\r\nConnection: close\r\n\r\n")

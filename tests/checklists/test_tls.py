"""How a server encrypts is seen as it is, over real TLS on loopback, and nothing but the handshake is sent."""

import socket
import ssl
import warnings
from datetime import UTC, datetime, timedelta

import pytest

from keyward.checklists.tls import Look, Seen, look
from tests.parts.tls import Authority, answering, serving


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(autouse=True)
def _trusted(authority, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    monkeypatch.setenv("SSL_CERT_DIR", str(authority.file.parent / "nothing"))


def test_a_server_of_today_is_fine_and_is_sent_nothing(authority):
    with serving(authority.issue(days=90)) as (port, heard):
        found = look("localhost", port)
    assert heard in ([b""], [])  # the server may see the end of it as a reset
    assert (found.seen, found.protocol) == (Seen.FINE, "TLSv1.3")
    assert timedelta(days=89) < found.ends - datetime.now(UTC) <= timedelta(days=90)


def test_tls_1_2_is_new_enough(authority):
    with serving(authority.issue(), ssl.TLSVersion.TLSv1_2) as (port, _):
        assert look("localhost", port).protocol == "TLSv1.2"


def _old():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1


@pytest.mark.skipif(
    not (ssl.HAS_TLSv1 and ssl.HAS_TLSv1_1), reason="the OpenSSL of this machine speaks no TLS 1.0 and 1.1"
)
@pytest.mark.parametrize("newest", _old(), ids=("1.0", "1.1"))
def test_a_server_that_speaks_old_protocols_only_is_old(authority, newest):
    with serving(authority.issue(), newest) as (port, _):
        found = look("localhost", port)
    assert (found.seen, found.protocol) == (Seen.OLD, newest.name.replace("_", "."))


@pytest.mark.parametrize(
    ("host", "days", "began", "expected"),
    [
        ("localhost", -1, -300, Seen.EXPIRED),
        ("localhost", 90, 1, Seen.NOT_YET),
        ("other.test", 90, -300, Seen.OTHER_NAME),
    ],
)
def test_a_certificate_that_does_not_hold_is_told_by_its_reason(authority, host, days, began, expected):
    with serving(authority.issue(host, days=days, began=began)) as (port, _):
        found = look("localhost", port)
    assert found.seen is expected
    assert found.detail


def test_an_address_that_the_certificate_does_not_have_is_another_name(authority):
    with serving(authority.issue("localhost")) as (port, _):
        assert look("127.0.0.1", port).seen is Seen.OTHER_NAME


def test_an_authority_that_this_machine_does_not_know_is_not_trusted(authority, tmp_path):
    with serving(Authority(tmp_path).issue()) as (port, _):
        assert look("localhost", port).seen is Seen.UNTRUSTED


def test_where_nobody_listens_nothing_is_known():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    found = look("localhost", port)
    assert found.seen is Seen.UNREACHABLE
    assert "refused" in found.detail


def test_a_server_that_does_not_answer_in_time_is_not_waited_for():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert look("localhost", silent.getsockname()[1], seconds=0.3).seen is Seen.UNREACHABLE


@pytest.mark.parametrize(
    ("answer", "expected"),
    [(b"HTTP/1.1 400 Bad Request\r\n\r\n", Seen.PLAIN), (b"", (Seen.UNCLEAR, Seen.UNREACHABLE))],
)
def test_what_speaks_no_tls_is_not_called_old(answer, expected):
    def speak(one):
        one.recv(4096)
        one.sendall(answer)

    with answering(speak) as (port, _):
        assert look("localhost", port).seen in (expected if isinstance(expected, tuple) else (expected,))


@pytest.mark.parametrize("host", ["", "a b", "x\0y", "\x1b[31m", "-a.test", "a" * 300])
def test_what_is_no_name_of_a_host_is_asked_nothing(host):
    assert look(host, 443) == Look(Seen.UNREACHABLE, detail="that is no name of a host")

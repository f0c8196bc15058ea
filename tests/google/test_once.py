"""A request is sent once: proved against servers that drop connections, as Google's front ends do."""

import json
import socket
import threading

import httplib2
import pytest
from googleapiclient.discovery import build

from keyward.google.http import Http, NotSent
from tests.parts.cloud import answer, raw_server


def test_httplib2_itself_sends_a_post_twice_which_is_why_once_exists():
    with raw_server(None, answer(200)) as server:
        pool = httplib2.Http(timeout=5)
        pool.request(server.url, "POST", body=b"{}")
        pool.close()
        assert len(server.requests) == 2


@pytest.mark.parametrize("method", ["POST", "DELETE", "PATCH", "GET"])
def test_a_dropped_connection_is_reported_and_nothing_is_sent_again(method):
    with raw_server(None, answer(200)) as server:
        http = Http(None, timeout=5)
        with pytest.raises((OSError, httplib2.HttpLib2Error)) as caught:
            http.request(server.url, method, body=b"{}")
        assert not isinstance(caught.value, NotSent)
        assert len(server.requests) == 1
        http.close()


def test_the_discovery_client_sends_a_create_once():
    with raw_server(None, answer(200), answer(200)) as server:
        http = Http(None, timeout=5)
        options = {"api_endpoint": server.url}
        keys = build("apikeys", "v2", http=http, client_options=options, static_discovery=True, cache_discovery=False)
        request = (
            keys.projects().locations().keys().create(parent="projects/p/locations/global", keyId="kw-a-1", body={})
        )
        with pytest.raises(ConnectionResetError):
            request.execute(http=http, num_retries=0)
        assert len(server.requests) == 1
        http.close()


def test_a_connection_that_went_stale_while_idle_is_replaced_before_anything_is_sent():
    with raw_server(answer(200), answer(200), polite=False) as server:  # closes after each answer, without saying so
        http = Http(None, timeout=5)
        assert http.request(server.url, "GET")[0].status == 200
        for _ in range(50):  # until the other side's goodbye has arrived
            if _closed_by_peer(http):
                break
            threading.Event().wait(0.02)
        assert http.request(server.url, "POST", body=b"{}")[0].status == 200
        assert len(server.requests) == 2
        http.close()


def _closed_by_peer(http):
    connection = next(iter(http._free[-1].connections.values()))
    connection.sock.setblocking(False)
    try:
        return connection.sock.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    finally:
        connection.sock.settimeout(5)


def test_a_kept_connection_is_used_again():
    with raw_server(answer(200), answer(200), keep=True) as server:
        http = Http(None, timeout=5)
        http.request(server.url)
        first = next(iter(http._free[-1].connections.values())).sock
        http.request(server.url)
        assert next(iter(http._free[-1].connections.values())).sock is first
        http.close()


def test_nobody_listening_is_known_not_to_have_received_anything():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    http = Http(None, timeout=5)
    with pytest.raises(NotSent):
        http.request(f"http://127.0.0.1:{port}/", "POST", body=b"{}")
    http.close()


def test_a_silent_server_ends_in_a_timeout_that_is_not_repeated():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        http = Http(None, timeout=0.2)
        with pytest.raises(TimeoutError):
            http.request(f"http://127.0.0.1:{silent.getsockname()[1]}/", "POST", body=b"{}")
        silent.setblocking(False)
        accepted = []
        while True:
            try:
                accepted.append(silent.accept()[0])
            except BlockingIOError:
                break
        assert len(accepted) == 1
        for one in accepted:
            one.close()
        http.close()


def test_a_redirect_is_not_followed_with_the_token():
    with raw_server(answer(302, location="http://127.0.0.1:1/")) as server:
        http = Http(None, timeout=5)
        assert http.request(server.url)[0].status == 302
        http.close()


def test_this_machine_is_reached_without_the_proxy(monkeypatch):
    with raw_server(answer(200)) as server, raw_server(answer(500)) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        http = Http(None, timeout=5)
        assert http.request(server.url)[0].status == 200
        assert proxy.requests == []
        http.close()


def test_requests_at_the_same_time_have_connections_of_their_own_and_all_are_kept_used_again_and_closed():
    with raw_server(*[answer(200)] * 12, keep=True, delay=0.3) as server:
        http = Http(None, timeout=5)

        def together():
            threads = [threading.Thread(target=http.request, args=(server.url,)) for _ in range(4)]
            [thread.start() for thread in threads]
            [thread.join() for thread in threads]

        together()
        pools = list(http._free)
        assert len(pools) == 4
        together()
        for _ in range(4):  # one after the other needs one
            http.speaking(None).request(server.url)
        assert {id(pool) for pool in http._free} == {id(pool) for pool in pools}
        assert len(server.requests) == 12
        assert len({id(connection.sock) for pool in pools for connection in pool.connections.values()}) == 4
        http.close()
        assert all(connection.sock is None for pool in pools for connection in pool.connections.values())


def test_compressed_answers_are_read():
    import gzip

    body = gzip.compress(json.dumps({"a": 1}).encode())
    with raw_server(answer(200, body, content_encoding="gzip")) as server:
        http = Http(None, timeout=5)
        assert json.loads(http.request(server.url)[1]) == {"a": 1}
        http.close()


def test_keyward_says_who_it_is():
    with raw_server(answer(200)) as server:
        http = Http(None, timeout=5)
        http.request(server.url, headers={"user-agent": "somebody else"})
        assert b"user-agent: keyward/" in server.requests[0].lower()
        http.close()

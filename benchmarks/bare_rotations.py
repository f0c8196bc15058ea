"""The requests of many rotations, sent by the plain client libraries and nothing else: no plan, no ledger, no check of any answer.

What a rotation costs beyond this is keyward's own. Reads a JSON document of `environ` and `ids` from stdin; prints the seconds it took.
"""

import concurrent.futures
import json
import sys
import threading
import time
import urllib.request
from typing import Any

import grpc
import httplib2
from google.cloud import secretmanager_v1
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import SecretManagerServiceGrpcTransport
from googleapiclient.discovery import build

WORKERS = 32
_POLL = 0.05


class Bare:
    """The clients, one HTTP connection a thread and one gRPC channel for all."""

    def __init__(self, environ: dict[str, str]) -> None:
        self._base = environ["KEYWARD_EMULATOR"].rstrip("/")
        self._local = threading.local()
        options = {"api_endpoint": self._base}
        service = build("apikeys", "v2", http=httplib2.Http(), static_discovery=True, client_options=options)
        self._keys, self._operations = service.projects().locations().keys(), service.operations()
        channel = grpc.insecure_channel(environ["SECRET_MANAGER_EMULATOR_HOST"])
        self._secrets = secretmanager_v1.SecretManagerServiceClient(
            transport=SecretManagerServiceGrpcTransport(channel=channel)
        )

    def _run(self, request: Any) -> dict[str, Any]:
        if not hasattr(self._local, "http"):
            self._local.http = httplib2.Http()
        found: dict[str, Any] = request.execute(http=self._local.http)
        return found

    def _done(self, operation: dict[str, Any]) -> dict[str, Any]:
        while not operation.get("done"):
            time.sleep(_POLL)
            operation = self._run(self._operations.get(name=operation["name"]))
        return operation["response"]

    def _try(self, value: str) -> None:
        asked = urllib.request.Request(  # noqa: S310  # our own cloud on loopback
            f"{self._base}/v1beta/models?pageSize=1", headers={"x-goog-api-key": value}
        )
        with urllib.request.urlopen(asked) as answer:  # noqa: S310  # the same
            answer.read()

    def rotate(self, key: str, number: int) -> None:
        """One key: read, make, try, write, read back, end."""
        project, uid = key.removeprefix("google-api-keys:").split("/")
        parent = f"projects/{project}/locations/global"
        secret = f"projects/{project}/secrets/secret-{number}"
        old = self._run(self._keys.get(name=f"{parent}/keys/{uid}"))
        self._run(self._keys.getKeyString(name=old["name"]))
        self._secrets.access_secret_version(name=f"{secret}/versions/latest")
        body = {"displayName": old["displayName"], "restrictions": old["restrictions"]}
        new = self._done(self._run(self._keys.create(parent=parent, keyId=f"bare-{number}", body=body)))
        value = self._run(self._keys.getKeyString(name=new["name"]))["keyString"]
        self._try(value)
        self._secrets.access_secret_version(name=f"{secret}/versions/latest")
        next(iter(self._secrets.list_secret_versions(parent=secret).pages))
        self._secrets.add_secret_version(parent=secret, payload={"data": value.encode()})
        self._secrets.access_secret_version(name=f"{secret}/versions/latest")
        self._try(value)
        self._done(self._run(self._keys.delete(name=old["name"], etag=old["etag"])))


def main() -> None:
    """Send them all, with as many threads as keyward has."""
    told = json.load(sys.stdin)
    bare = Bare(told["environ"])
    begun = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(bare.rotate, told["ids"], range(len(told["ids"]))))
    print(time.perf_counter() - begun)


if __name__ == "__main__":
    main()

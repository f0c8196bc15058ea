"""The reads of a scan, sent by the plain client libraries from 32 threads and nothing else: no quota, no cache, no look into any answer.

What a scan costs beyond this is keyward's own. With `--values` it reads values too. The environment says where the cloud is; prints
how many requests it sent.
"""

import itertools
import os
import queue
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import httplib2
from google.cloud import secretmanager_v1
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import SecretManagerServiceGrpcTransport
from googleapiclient.discovery import build

WORKERS = 32
_API_KEYS = (
    'metric.type="serviceruntime.googleapis.com/api/request_count" AND resource.type="consumed_api"'
    ' AND resource.labels.credential_id=starts_with("apikey:")'
)
_ACCOUNT_KEYS = (
    'metric.type="iam.googleapis.com/service_account/key/authn_events_count" AND resource.type="iam_service_account"'
)
_USES = (
    (
        _API_KEYS,
        ["resource.labels.credential_id", "resource.labels.service", "metric.labels.response_code_class"],
    ),
    (_ACCOUNT_KEYS, ["metric.labels.key_id"]),
)


class Bare:
    """The clients, one HTTP connection a thread and one gRPC channel for all; a queue of what is still to be asked."""

    def __init__(self, *, values: bool) -> None:
        base = os.environ["KEYWARD_EMULATOR"].rstrip("/")
        self._values = values
        self._local = threading.local()
        self._todo: queue.Queue[Callable[[], None]] = queue.Queue()
        self._failed: list[BaseException] = []
        self._sent = itertools.count()

        def api(name: str, version: str, below: str = "") -> Any:
            options = {"api_endpoint": base + below}
            return build(name, version, http=httplib2.Http(), static_discovery=True, client_options=options)

        self._projects = api("cloudresourcemanager", "v3").projects()
        self._keys = api("apikeys", "v2").projects().locations().keys()
        self._accounts = api("iam", "v1").projects().serviceAccounts()
        self._account_keys = self._accounts.keys()
        self._hmac = api("storage", "v1", "/storage/v1/").projects().hmacKeys()
        self._series = api("monitoring", "v3").projects().timeSeries()
        self._activities = api("policyanalyzer", "v1").projects().locations().activityTypes().activities()
        channel = grpc.insecure_channel(os.environ["SECRET_MANAGER_EMULATOR_HOST"])
        self._secrets = secretmanager_v1.SecretManagerServiceClient(
            transport=SecretManagerServiceGrpcTransport(channel=channel)
        )

    def _run(self, request: Any) -> dict[str, Any]:
        if not hasattr(self._local, "http"):
            self._local.http = httplib2.Http()
        next(self._sent)
        found: dict[str, Any] = request.execute(http=self._local.http)
        return found

    def _all(self, following: Callable[[Any, Any], Any], request: Any, field: str) -> list[dict[str, Any]]:
        found = []
        while request is not None:
            answer = self._run(request)
            found += answer.get(field, [])
            request = following(request, answer)
        return found

    def _do(self, work: Callable[..., None], *arguments: str) -> None:
        self._todo.put(lambda: work(*arguments))

    def _api_keys(self, project: str) -> None:
        request = self._keys.list(parent=f"projects/{project}/locations/global", pageSize=300, showDeleted=True)
        for key in self._all(self._keys.list_next, request, "keys"):
            if self._values and "deleteTime" not in key:
                self._do(lambda name: self._run(self._keys.getKeyString(name=name)), key["name"])

    def _service_accounts(self, project: str) -> None:
        request = self._accounts.list(name=f"projects/{project}", pageSize=100)
        for one in self._all(self._accounts.list_next, request, "accounts"):
            self._do(lambda name: self._run(self._account_keys.list(name=name, keyTypes=["USER_MANAGED"])), one["name"])

    def _hmac_keys(self, project: str) -> None:
        self._all(self._hmac.list_next, self._hmac.list(projectId=project, maxResults=250), "items")

    def _use(self, project: str, number: str) -> None:
        now = datetime.now(UTC)
        text, group = _USES[int(number)]
        request = self._series.list(
            name=f"projects/{project}",
            filter=text,
            interval_startTime=(now - timedelta(days=42)).isoformat().replace("+00:00", "Z"),
            interval_endTime=now.isoformat().replace("+00:00", "Z"),
            aggregation_alignmentPeriod="86400s",
            aggregation_perSeriesAligner="ALIGN_SUM",
            aggregation_crossSeriesReducer="REDUCE_SUM",
            aggregation_groupByFields=group,
            view="FULL",
            pageSize=100_000,
        )
        self._all(self._series.list_next, request, "timeSeries")

    def _older_use(self, project: str) -> None:
        parent = f"projects/{project}/locations/global/activityTypes/serviceAccountKeyLastAuthentication"
        request = self._activities.query(parent=parent, pageSize=1000)
        self._all(self._activities.query_next, request, "activities")

    def _store(self, project: str) -> None:
        pages = self._secrets.list_secrets(request={"parent": f"projects/{project}", "page_size": 1000}).pages
        for page in pages:
            next(self._sent)
            for secret in page.secrets:
                self._do(self._versions, secret.name)

    def _versions(self, secret: str) -> None:
        for page in self._secrets.list_secret_versions(request={"parent": secret, "page_size": 1000}).pages:
            next(self._sent)
            for version in page.versions:
                if self._values and version.state.name == "ENABLED":
                    self._do(self._access, version.name)

    def _access(self, version: str) -> None:
        next(self._sent)
        self._secrets.access_secret_version(name=version)

    def _work(self) -> None:
        while True:
            one = self._todo.get()
            try:
                one()
            except BaseException as error:  # noqa: BLE001  # told at the end; the others go on
                self._failed.append(error)
            finally:
                self._todo.task_done()

    def run(self) -> int:
        """Read everything; how many requests that took."""
        search = self._projects.search(query="state:ACTIVE", pageSize=500)
        for one in self._all(self._projects.search_next, search, "projects"):
            project = one["projectId"]
            for work in (self._api_keys, self._service_accounts, self._hmac_keys, self._older_use, self._store):
                self._do(work, project)
            for number in range(len(_USES)):
                self._do(self._use, project, str(number))
        for _ in range(WORKERS):
            threading.Thread(target=self._work, daemon=True).start()
        self._todo.join()
        if self._failed:
            raise self._failed[0]
        return next(self._sent)


def main() -> None:
    """Send them all, with as many threads as keyward has."""
    print(Bare(values="--values" in sys.argv).run())


if __name__ == "__main__":
    main()

"""As much of a Kubernetes API server as `kubectl rollout restart` and `kubectl rollout status` ask for: one deployment, over HTTP."""

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_APPS = {
    "kind": "APIResourceList",
    "apiVersion": "v1",
    "groupVersion": "apps/v1",
    "resources": [
        {
            "name": "deployments",
            "singularName": "deployment",
            "namespaced": True,
            "kind": "Deployment",
            "verbs": ["get", "list", "patch", "watch"],
            "shortNames": ["deploy"],
        }
    ],
}
_GROUP = {"groupVersion": "apps/v1", "version": "v1"}
_FIXED = {
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": []},
    "/apis": {
        "kind": "APIGroupList",
        "apiVersion": "v1",
        "groups": [{"name": "apps", "versions": [_GROUP], "preferredVersion": _GROUP}],
    },
    "/apis/apps/v1": _APPS,
}


class Cluster:
    """A cluster with the deployment `web`; `restarts` are the moments at which it was told to restart."""

    def __init__(self):
        self.restarts = []
        self.deployment = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web", "namespace": "default", "generation": 1, "resourceVersion": "1", "uid": "web"},
            "spec": {
                "replicas": 1,
                "selector": {"matchLabels": {"app": "web"}},
                "template": {
                    "metadata": {"labels": {"app": "web"}},
                    "spec": {"containers": [{"name": "web", "image": "web"}]},
                },
            },
            "status": {
                "observedGeneration": 1,
                "replicas": 1,
                "updatedReplicas": 1,
                "readyReplicas": 1,
                "availableReplicas": 1,
            },
        }

    def patch(self, body):
        """Take a restart: every replica is new at once."""
        self.restarts.append(body["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"])
        generation = self.deployment["metadata"]["generation"] + 1
        self.deployment["metadata"]["generation"] = self.deployment["status"]["observedGeneration"] = generation
        return self.deployment


@contextlib.contextmanager
def running():
    """A cluster and its kubeconfig as text."""
    cluster = Cluster()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self, data, code=200):
            payload = json.dumps(data).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def do_GET(self):
            path, _, query = self.path.partition("?")
            if path in _FIXED:
                self._answer(_FIXED[path])
            elif path.endswith("/deployments/web"):
                self._answer(cluster.deployment)
            elif path.endswith("/deployments") and "watch" in query:
                self._answer({"type": "MODIFIED", "object": cluster.deployment})
            elif path.endswith("/deployments"):
                items = {"metadata": {"resourceVersion": "2"}, "items": [cluster.deployment]}
                self._answer({"kind": "DeploymentList", "apiVersion": "apps/v1", **items})
            else:
                self._answer({"kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404}, 404)

        def do_PATCH(self):
            self._answer(cluster.patch(json.loads(self.rfile.read(int(self.headers["Content-Length"])))))

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield cluster, _kubeconfig(server.server_port)
    finally:
        server.shutdown()
        server.server_close()


def _kubeconfig(port):
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "small", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
            "contexts": [{"name": "small", "context": {"cluster": "small", "user": "me"}}],
            "users": [{"name": "me", "user": {}}],
            "current-context": "small",
        }
    )

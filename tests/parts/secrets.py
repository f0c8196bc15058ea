"""Somebody who uses Secret Manager without keyward: plain HTTP requests to the emulator."""

import base64

from tests.parts.emulator import call, good


class Outsider:
    """Makes, changes and reads secrets of one project, or of a region of it."""

    def __init__(self, emulator, project, region=""):
        self.emulator = emulator
        self.region = region
        self.base = f"/v1/projects/{project}{f'/locations/{region}' if region else ''}/secrets"

    def create(self, name, **settings):
        body = {**({} if self.region else {"replication": {"automatic": {}}}), **settings}
        return good(self.emulator, "POST", f"{self.base}?secretId={name}", body)

    def add(self, name, data):
        payload = {"payload": {"data": base64.b64encode(data).decode()}}
        return good(self.emulator, "POST", f"{self.base}/{name}:addVersion", payload)["name"].rpartition("/")[2]

    def read(self, name, version="latest"):
        answer = good(self.emulator, "GET", f"{self.base}/{name}/versions/{version}:access")
        return base64.b64decode(answer["payload"].get("data", ""))

    def state(self, name, version):
        return good(self.emulator, "GET", f"{self.base}/{name}/versions/{version}")["state"]

    def set_state(self, name, version, verb):
        return good(self.emulator, "POST", f"{self.base}/{name}/versions/{version}:{verb}", {})

    def patch(self, name, mask, **fields):
        return good(self.emulator, "PATCH", f"{self.base}/{name}?updateMask={mask}", fields)

    def get(self, name):
        return good(self.emulator, "GET", f"{self.base}/{name}")

    def there(self, name):
        return call(self.emulator, "GET", f"{self.base}/{name}")[0] == 200

    def versions(self, name):
        answer = good(self.emulator, "GET", f"{self.base}/{name}/versions")
        return [one["name"].rpartition("/")[2] for one in answer.get("versions", [])]

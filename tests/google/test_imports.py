"""Building providers and stores stays quick: no cloud library is loaded before Google is asked."""

import subprocess
import sys

HEAVY = (
    "googleapiclient",
    "google.auth",
    "google.cloud",
    "google.api_core",
    "httplib2",
    "grpc",
    "requests",
    "google_crc32c",
)


def loaded(code):
    report = f"import sys; print(*[name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.split()


BUILD = """
from pathlib import Path
from keyward.model.surroundings import Surroundings
from keyward.providers.google_api_keys import provider
from keyward.stores.gsm import store
from keyward.google.parts import of
nowhere = Path("/nonexistent")
around = Surroundings({}, nowhere, nowhere, nowhere, "host", nowhere)
provider(around), store(around)
assert of(around).endpoints.world() == "google"
"""


def test_building_loads_no_cloud_library():
    assert loaded(BUILD) == []


def test_the_check_itself_would_notice():
    assert "httplib2" in loaded(BUILD + "of(around).plain_http.request\nimport httplib2")

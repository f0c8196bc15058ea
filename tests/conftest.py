"""What all tests share: no test touches the user's own configuration, state, cache, keyring or cloud credentials."""

import gc
import os

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no failure of a property. In CI the same examples come every time, so that a red run means a change and
# can be repeated; everywhere else new ones are looked for, and what they find is kept in .hypothesis and tried again.
settings.register_profile("keyward", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("keyward"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "keyward")

_MEMORY = "/dev/shm"  # noqa: S108  # the system's own folder in memory, where it has one


def _roomy(folder):
    """Whether programs can be kept and run there, and there is room for a few runs of the tests."""
    try:
        there = os.statvfs(folder)
    except OSError:
        return False
    return os.access(folder, os.W_OK) and not there.f_flag & os.ST_NOEXEC and there.f_bavail * there.f_frsize > 4 << 30


# Every ledger of a test writes through to the disk at each step, as it must; in memory that takes no time, and no busy disk can stall it.
if _roomy(_MEMORY):
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", _MEMORY)

pytest_plugins = ["tests.parts.command", "tests.parts.postgres", "tests.parts.secret_service", "tests.parts.tally"]

_LOOSE = ("CLOUDSDK_", "GOOGLE_", "KEYWARD_", "SECRET_MANAGER_", "AWS_", "GCE_", "DBUS_", "PYTHON_KEYRING_", "PG")


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory, monkeypatch):
    """Every test gets an empty home and no variable that could point at something real."""
    home = tmp_path_factory.mktemp("home")
    keep = {"KEYWARD_TEST_REQUIRE", "KEYWARD_RECORDINGS"}
    for name in [name for name in os.environ if name.startswith(_LOOSE) and name not in keep]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("KEYWARD_HOME", str(home / "keyward"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    monkeypatch.setattr("keyring.core._keyring_backend", None)  # it is chosen once a process: each test chooses anew
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """A worker gets tests that stand together, so that what a file makes for all of its tests is made once; who is ready first takes over."""
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log) if config.getvalue("dist") == "load" else None


def pytest_collection_modifyitems(config, items):
    """Long matrices run on demand only: `-m slow`, or any other choice of markers that names it."""
    if "slow" in config.option.markexpr:
        return
    long = [item for item in items if item.get_closest_marker("slow")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]


def pytest_collection_finish():
    """Thousands of tests and all modules stay until the end: no search for garbage need look at them again, here or in a forked copy."""
    gc.collect()
    gc.freeze()

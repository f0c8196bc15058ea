"""Running a tool: a clean environment, a limit of time, and its output in a file that nobody else sees."""

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from keyward.model.redact import redact
from keyward.model.text import clean

_KEPT = frozenset(
    {
        "PATH",
        "HOME",
        "TMPDIR",
        "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME",
        "HTTPS_PROXY",
        "HTTP_PROXY",
        "NO_PROXY",
        "ALL_PROXY",
    }
    | {"https_proxy", "http_proxy", "no_proxy", "all_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS"}
    | {"REQUESTS_CA_BUNDLE", "PIP_AUDIT_OSV_URL", "PIP_AUDIT_VULNERABILITY_SERVICE"}
)
"""Variables that say where programs are and how the network is reached; nothing that could hold a key gets along."""
_LARGEST = 64_000_000
_GRACE = 2.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended: its exit status (None: not by itself), all that it printed, and the end of what it complained of."""

    status: int | None
    printed: bytes = b""
    complaint: str = ""


def run(argv: Sequence[str], folder: Path, environ: Mapping[str, str], seconds: float) -> Ended:
    """Run it to its end; after so many seconds it is ended with all that it started."""
    kept = {name: value for name, value in environ.items() if name in _KEPT} | {"LC_ALL": "C", "CI": "1"}
    with tempfile.TemporaryFile() as printed, tempfile.TemporaryFile() as complaints:
        try:
            process = subprocess.Popen(
                argv,
                cwd=folder,
                env=kept,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=complaints,
                start_new_session=True,
            )
        except OSError as error:
            return Ended(None, complaint=clean(error.strerror or type(error).__name__))
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            _end(process)
            return Ended(None, complaint=f"it took more than {seconds:g} seconds and was ended")
        except BaseException:
            _end(process)
            raise
        printed.seek(0)
        data = printed.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            return Ended(None, complaint="it printed too much")
        complaints.seek(0)
        return Ended(status, data, _last(complaints.read(_LARGEST)))


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End it and what it started: asked first, then killed."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)


def _last(complaints: bytes) -> str:
    """The last line that says something, without key material."""
    lines = [line.strip() for line in complaints.decode("utf-8", "replace").splitlines() if line.strip()]
    return clean(redact(lines[-1]), 300) if lines else ""

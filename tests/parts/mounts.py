"""Mounts for tests: a small file system that can be filled to the brim, a file bound over another."""

import contextlib
import os
import subprocess
import sys

from tests.parts.need import missing


@contextlib.contextmanager
def small_disk(folder, size="64k"):
    """Mount a tmpfs of that size on the folder for as long as the block lasts."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        missing("root on Linux, to mount a small file system")
    options = f"size={size},mode=0700"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        missing(f"a small file system cannot be mounted: {mounted.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder):
    """Write until there is no room left."""
    chunk = b"x" * 4096
    with contextlib.suppress(OSError), (folder / "filler").open("wb", buffering=0) as filler:
        while True:
            filler.write(chunk)


@contextlib.contextmanager
def bound(source, path):
    """Bind a file or folder over another one for as long as the block lasts."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        missing("root on Linux, to bind a file")
    done = subprocess.run(["mount", "--bind", str(source), str(path)], capture_output=True, check=False)
    if done.returncode:
        missing(f"a file cannot be bound: {done.stderr.decode().strip()}")
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)

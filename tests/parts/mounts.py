"""Mounts for tests: a small file system that can be filled to the brim, a failing one, a file bound over another, or shut for writing."""

import contextlib
import os
import shutil
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


class FailingDisk:
    """An ext4 file system of its own on a folder; `fail` makes it read-only at once, as the kernel does after an error of the disk."""

    def __init__(self, folder, image):
        self._folder, self._image = folder, image

    def mount(self):
        """Mount it, with what it held before."""
        options = "loop,errors=remount-ro"
        done = subprocess.run(["mount", "-o", options, self._image, self._folder], capture_output=True, check=False)
        if done.returncode:
            missing(f"a file system in a file cannot be mounted: {done.stderr.decode().strip()}")

    def fail(self):
        """Whoever has files open for writing keeps them open, and can write nothing any more."""
        subprocess.run(["mount", "-o", "remount,abort", self._folder], check=True)

    def mend(self):
        """Mount it anew, as after a repair; nobody may have files open."""
        self.unmount()
        subprocess.run(["e2fsck", "-fy", self._image], capture_output=True, check=False)
        self.mount()

    def unmount(self):
        """Take it away."""
        subprocess.run(["umount", self._folder], check=True)


@contextlib.contextmanager
def failing_disk(folder, image):
    """Mount a file system that can fail on the folder for as long as the block lasts; it is kept in the file `image`."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        missing("root on Linux, to mount a file system")
    if shutil.which("mkfs.ext4") is None:
        missing("mkfs.ext4 is not installed")
    with image.open("wb") as file:
        file.truncate(24 << 20)
    subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
    disk = FailingDisk(folder, image)
    disk.mount()
    try:
        folder.chmod(0o700)
        (folder / "lost+found").rmdir()
        yield disk
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@contextlib.contextmanager
def read_only(path):
    """Nothing can be written to that file (it is immutable), or below that folder (a mount), for as long as the block lasts."""
    if path.is_dir():
        with bound(path, path):
            subprocess.run(["mount", "-o", "remount,bind,ro", path], check=True)
            yield path
        return
    if shutil.which("chattr") is None or subprocess.run(["chattr", "+i", path], check=False).returncode:
        missing("a file cannot be made immutable here")
    try:
        yield path
    finally:
        subprocess.run(["chattr", "-i", path], check=True)


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

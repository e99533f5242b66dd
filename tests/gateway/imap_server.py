"""A real mailbox: a dovecot of a test's own, into which letters are put as files."""

import getpass
import imaplib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.ports import free_port

USER, PASSWORD = "help@city.example", "secret"
CONFIG = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
log_path = {folder}/log
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{folder}/mail
first_valid_uid = 1
default_internal_user = {internal}
default_login_user = {internal}
default_internal_group = {group}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={gid} home={folder}/mail
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
}}
service anvil {{
  chroot =
}}
"""


@dataclass
class Imap:
    port: int
    folder: Path

    def put(self, letter: bytes) -> None:
        with self.opened() as box:
            box.append("INBOX", "", "", letter)

    def empty(self) -> None:
        with self.opened() as box:
            box.select("INBOX")
            _, found = box.search(None, "ALL")
            for number in reversed(found[0].decode().split()):
                box.store(number, "+FLAGS", r"(\Deleted)")
            box.expunge()

    def flags(self) -> list[str]:
        """Give the flags of every letter."""
        with self.opened() as box:
            box.select("INBOX", readonly=True)
            _, found = box.fetch("1:*", "(FLAGS)")
            return [each.decode().partition("FLAGS (")[2].strip(")") for each in found]

    @contextmanager
    def opened(self) -> Iterator[imaplib.IMAP4]:
        box = imaplib.IMAP4("127.0.0.1", self.port, timeout=10)
        try:
            box.login(USER, PASSWORD)
            yield box
        finally:
            box.logout()


@contextmanager
def imap_server() -> Iterator[Imap]:
    # Not in pytest's folder: dovecot reads mail as another user, whom that does not let in.
    folder = Path(tempfile.mkdtemp(prefix="kvartal-imap-"))
    folder.chmod(0o755)
    is_root = os.geteuid() == 0
    owner = pwd.getpwnam("mail" if is_root else getpass.getuser())
    group = "nogroup" if is_root else str(owner.pw_gid)
    port = free_port()
    mail = folder / "mail"
    mail.mkdir()
    os.chown(mail, owner.pw_uid, owner.pw_gid)
    (folder / "dovecot.conf").write_text(
        CONFIG.format(
            folder=folder,
            internal="nobody" if is_root else owner.pw_name,
            group=group,
            user=owner.pw_uid,
            gid=owner.pw_gid,
            port=port,
            password=PASSWORD,
        )
    )
    program = shutil.which("dovecot", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program is not None
    server = subprocess.Popen([program, "-F", "-c", str(folder / "dovecot.conf")])
    try:
        imap = Imap(port, folder)
        deadline = time.monotonic() + 30
        while not _answers(imap):
            assert server.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.05)
        yield imap
    finally:
        server.terminate()
        server.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def _answers(imap: Imap) -> bool:
    try:
        with imap.opened():
            return True
    except OSError:
        return False

# SPDX-License-Identifier: Apache-2.0
"""The peer of every measurement: OpenSSH's server as this machine has it."""
import os
import pathlib
import pwd
import shutil
import socket
import subprocess


class Sshd:
    """OpenSSH's server for the same key, without a container."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory) / "sshd"
        self.directory.mkdir()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.key = self.directory / "key"
        for name in ("key", "host"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.directory / name], check=True)
        shutil.copy(self.directory / "key.pub", self.directory / "authorized_keys")
        os.makedirs("/run/sshd", exist_ok=True)
        (self.directory / "config").write_text(
            f"ListenAddress 127.0.0.1\nPort {self.port}\nHostKey {self.directory}/host\nPidFile none\nStrictModes no\n"
            f"AuthorizedKeysFile {self.directory}/authorized_keys\nUsePAM no\nMaxStartups 1000\nMaxSessions 100\n"
            "PermitRootLogin yes\n")
        # With a plain shell and an empty home in a mount namespace of its own: a user's .bashrc is not sshd's time.
        (self.directory / "home").mkdir()
        account = pwd.getpwuid(os.geteuid())
        (self.directory / "passwd").write_text(
            f"{account.pw_name}:x:{account.pw_uid}:{account.pw_gid}::{self.directory / 'home'}:/bin/sh\n"
            "sshd:x:100:65534::/run/sshd:/usr/sbin/nologin\n")
        self.process = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", 'mount --bind "$0/passwd" /etc/passwd && exec /usr/sbin/sshd -D -e -f "$0/config"',
             self.directory], stderr=subprocess.DEVNULL)
        (self.directory / "known").write_text(
            f"[127.0.0.1]:{self.port} {(self.directory / 'host.pub').read_text()}")
        self.user = pwd.getpwuid(os.geteuid()).pw_name

    def ssh(self, *words, flags=()):
        return ["ssh", "-F", "/dev/null", "-i", str(self.key), "-oIdentitiesOnly=yes", "-oBatchMode=yes",
                f"-oUserKnownHostsFile={self.directory}/known", *flags, "-p", str(self.port), f"{self.user}@127.0.0.1", *words]

    def stop(self):
        self.process.terminate()
        self.process.wait()

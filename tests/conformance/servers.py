# SPDX-License-Identifier: Apache-2.0
"""Other people's servers on loopback, each with host keys of every type it knows; start() gives the port while it runs."""
import contextlib
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import time

from clients import DROPBEAR, MLKEM, run
from conftest import KEY_TYPES, PASSWORD, PEERS


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port, process, log):
    end = time.monotonic() + 20
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        assert process.poll() is None and time.monotonic() < end, log.read_text()
        time.sleep(0.02)


def account(keys, directory):
    """Makes alice, who is us with a home directory and a password of her own; gives the environment in which she exists."""
    home = directory / "home"
    (home / ".ssh").mkdir(mode=0o700, parents=True)
    home.chmod(0o700)
    shutil.copy(keys.authorized, home / ".ssh/authorized_keys")
    hashed = run(["openssl", "passwd", "-6", PASSWORD]).output.decode().strip()
    (directory / "passwd").write_text(f"alice:{hashed}:{os.getuid()}:{os.getgid()}::{home}:/bin/sh\n"
                                      f"sshd:x:{pwd.getpwnam('sshd').pw_uid}:65534::/run/sshd:/usr/sbin/nologin\n")
    (directory / "group").write_text(f"alice:x:{os.getgid()}:\nnogroup:x:65534:\n")
    return dict(os.environ, LD_PRELOAD="libnss_wrapper.so", NSS_WRAPPER_PASSWD=str(directory / "passwd"),
                NSS_WRAPPER_GROUP=str(directory / "group"))


class Server:
    def __init__(self, name, lacks=""):
        self.name = name
        self.lacks = set(lacks.split())

    @contextlib.contextmanager
    def start(self, keys, directory, **settings):
        port = free_port()
        log = directory / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(self.command(port, keys, directory, settings), stdin=subprocess.DEVNULL, stdout=output,
                                       stderr=output, env=account(keys, directory))
            try:
                wait_for(port, process, log)
                yield port
            finally:
                process.terminate()
                process.wait()


class Sshd(Server):
    def __init__(self, name, lacks="", root=pathlib.Path("/")):
        super().__init__(name, lacks)
        self.root = root

    def settings(self):
        helpers = {"SshdSessionPath": "usr/lib/openssh/sshd-session", "SshdAuthPath": "usr/lib/openssh/sshd-auth"}
        return {name: self.root / path for name, path in helpers.items() if (self.root / "usr/lib/openssh/sshd-auth").exists()}

    def command(self, port, keys, directory, settings):
        pathlib.Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        known = run([self.root / "usr/bin/ssh", "-Q", "kex"]).output.decode().split()
        wanted = {"Port": port, "ListenAddress": "127.0.0.1", "AuthorizedKeysFile": keys.authorized, "StrictModes": "no",
                  "PermitRootLogin": "yes", "UsePAM": "no", "MaxStartups": "100", "PidFile": directory / "pid", "UseDNS": "no",
                  "KexAlgorithms": ",".join(name for name in known if not name.endswith("-sha1")),
                  "LogLevel": "VERBOSE", **self.settings(), **settings}
        lines = [f"{name} {value}" for name, values in wanted.items() for value in (values if isinstance(values, list) else [values])]
        lines += [f"HostKey {keys.path('host', name)}" for name in KEY_TYPES]
        (directory / "sshd_config").write_text("\n".join(lines) + "\n")
        return [self.root / "usr/sbin/sshd", "-D", "-e", "-f", directory / "sshd_config"]


class DropbearServer(Server):
    """Takes four host keys at most, and offers rsa-sha2-256 even without a key for it."""

    def __init__(self, name, lacks, host_keys):
        super().__init__(name, lacks)
        self.host_keys = host_keys

    def command(self, port, keys, directory, settings):
        hosts = []
        for name in self.host_keys:
            hosts += ["-r", directory / name]
            run(["dropbearconvert", "openssh", "dropbear", keys.path("host", name), directory / name])
        return ["dropbear", "-F", "-E", "-p", f"127.0.0.1:{port}", "-P", directory / "pid", *hosts]


SERVERS = [
    Sshd("OpenSSH 9.2", MLKEM),
    Sshd("OpenSSH 10", root=PEERS),
    DropbearServer("Dropbear", DROPBEAR + "ecdsa-sha2-nistp521",
                   ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ssh-rsa"]),
    DropbearServer("Dropbear with P-521", DROPBEAR + "ssh-ed25519 ecdsa-sha2-nistp256 ecdsa-sha2-nistp384",
                   ["ecdsa-sha2-nistp521", "ssh-rsa"]),
]

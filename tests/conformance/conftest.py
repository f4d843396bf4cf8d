# SPDX-License-Identifier: Apache-2.0
"""The engine against real SSH programs on loopback: small servers and clients on its public API, no containers.

FAIRLEAD_BIN names the directory of the binaries (default build/release/bin); scripts/get-test-peers fetches what Debian 12
lacks.
"""
import concurrent.futures
import contextlib
import functools
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("FAIRLEAD_BIN", ROOT / "build/release/bin"))
PEERS = pathlib.Path(os.environ.get("FAIRLEAD_TEST_CACHE", "/var/cache/fairlead-test")) / "peers"
SUPPORT = ROOT / "tests/support"  # Python that the end-to-end tests use too
sys.path.insert(0, str(SUPPORT))
PASSWORD = "correct horse battery"
CODE = "314159"  # the second question of a dialogue
SECRETS = ("password", "keyboard-interactive")
KEY_TYPES = {"ssh-ed25519": ("ed25519", 256), "ecdsa-sha2-nistp256": ("ecdsa", 256), "ecdsa-sha2-nistp384": ("ecdsa", 384),
             "ecdsa-sha2-nistp521": ("ecdsa", 521), "ssh-rsa": ("rsa", 3072)}
TOKEN = BIN / "conformance_token.so"  # a FIDO token in software
TOKEN_KEYS = {"sk-ssh-ed25519@openssh.com": "ed25519-sk", "sk-ecdsa-sha2-nistp256@openssh.com": "ecdsa-sk"}
CERTIFICATE = "-cert-v01@openssh.com"


def is_certificate(algorithm):
    return algorithm.endswith(CERTIFICATE)


def key_type(algorithm):
    plain = algorithm.removesuffix(CERTIFICATE)
    return "ssh-rsa" if plain.startswith("rsa-sha2-") else plain


@functools.cache
def pattern(size):
    """What the server's `stream` and `check` send."""
    return Cipher(algorithms.AES(bytes(16)), modes.CTR(bytes(16))).encryptor().update(bytes(size))


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def in_parallel(work, items, workers=os.cpu_count()):
    """The failures of work(item), as text: all items are tried."""
    def attempt(item):
        try:
            work(item)
        except Exception as error:  # whatever went wrong belongs to this row
            return f"{item}: {type(error).__name__}: {error}"

    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        return [failed for failed in pool.map(attempt, items) if failed]


class Keys:
    """A key of each type for hosts and one for users, made once; of certified ones, copies with their certificates."""

    def __init__(self, directory):
        self.directory = directory
        for owner in ("host", "user"):
            for name, (kind, bits) in KEY_TYPES.items():
                subprocess.run(["ssh-keygen", "-q", "-t", kind, "-b", str(bits), "-N", "", "-f", directory / f"{owner}-{name}"],
                               check=True)
        for name, kind in TOKEN_KEYS.items():
            subprocess.run(["ssh-keygen", "-q", "-t", kind, "-w", TOKEN, "-N", "", "-f", directory / f"user-{name}"], check=True)
        self.authorized = directory / "authorized"
        self.authorized.write_text("".join(self.public("user", name) for name in [*KEY_TYPES, *TOKEN_KEYS]))
        self.certify()

    def certify(self):
        authority = self.directory / "authority"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", authority], check=True)
        self.authorities = authority.with_suffix(".pub")
        certified = self.directory / "certified"
        certified.mkdir()
        for owner, options in {"host": ["-h", "-n", "127.0.0.1"], "user": ["-n", "alice"]}.items():
            for name in KEY_TYPES:
                for suffix in ("", ".pub"):
                    shutil.copy(self.path(owner, name).with_suffix(suffix), certified)
                subprocess.run(["ssh-keygen", "-q", "-s", authority, "-I", owner, *options, "-V", "-1h:+1d",
                                certified / f"{owner}-{name}.pub"], check=True)

    def path(self, owner, algorithm):
        return self.directory / ("certified" if is_certificate(algorithm) else "") / f"{owner}-{key_type(algorithm)}"

    def certificate(self, owner, algorithm):
        return self.path(owner, algorithm + CERTIFICATE).with_name(f"{owner}-{key_type(algorithm)}-cert.pub")

    def public(self, owner, algorithm):
        return pathlib.Path(f"{self.path(owner, algorithm)}.pub").read_text()

    @functools.cache
    def fingerprint(self, owner, algorithm):
        shown = subprocess.run(["ssh-keygen", "-lf", self.path(owner, algorithm)], check=True, capture_output=True, text=True)
        return shown.stdout.split()[1]

    @functools.cache
    def putty(self, algorithm):
        made = self.directory / f"user-{key_type(algorithm)}.ppk"
        subprocess.run(["puttygen", self.path("user", algorithm), "-O", "private", "-o", made], check=True)
        return made


class EngineServer:
    """One conformance_server; without lists it offers what the engine offers by default."""

    def __init__(self, keys, host_keys=tuple(KEY_TYPES), **settings):
        settings = {"authorized": keys.authorized, "authorities": keys.authorities, "password": PASSWORD, **settings}
        options = [f"--{name.replace('_', '-')}={value}" for name, value in settings.items() if value]
        hosts = [f"--host-key={keys.path('host', name)}" for name in host_keys]
        hosts += [f"--host-certificate={keys.certificate('host', name)}" for name in host_keys if is_certificate(name)]
        self.output = tempfile.NamedTemporaryFile("w+", prefix="fairlead-conformance-", suffix=".log")
        self.process = subprocess.Popen([BIN / "conformance_server", *hosts, *options], stdin=subprocess.DEVNULL,
                                        stdout=self.output, stderr=self.output)
        self.port = int(self.wait_for("port ").split()[1])

    def log(self):
        return pathlib.Path(self.output.name).read_text().splitlines()

    def wait_for(self, beginning, count=1, seconds=10.0):
        """The count-th line that begins so."""
        end = time.monotonic() + seconds
        while True:
            lines = [line for line in self.log() if line.startswith(beginning)]
            if len(lines) >= count:
                return lines[count - 1]
            assert self.process.poll() is None, f"the server ended: {self.log()}"
            assert time.monotonic() < end, f"{len(lines)} of {count} lines '{beginning}' in {self.log()[-20:]}"
            time.sleep(0.002)

    def stop(self):
        alive = self.process.poll() is None
        self.process.kill()
        self.process.wait()
        self.output.close()
        assert alive, f"the server died with {self.process.returncode}"


@pytest.fixture(scope="session")
def keys():
    with tempfile.TemporaryDirectory(prefix="fairlead-conformance-") as directory:
        yield Keys(pathlib.Path(directory))


@pytest.fixture(scope="session")
def serve(keys):
    """with serve(kex=…, ciphers=…) as server: …"""
    @contextlib.contextmanager
    def serving(**options):
        server = EngineServer(keys, **options)
        try:
            yield server
        finally:
            server.stop()

    return serving


@pytest.fixture(scope="session")
def ours(serve):
    """What our engine knows, by its own account: kex, key, login, cipher, mac. Certificates are test_their_logins' business."""
    with serve() as server:
        known = [line.split() for line in server.log() if line.startswith("known ")]
    return {kind: [name for name in names.split(",") if not is_certificate(name)] for _, kind, names in known}

# SPDX-License-Identifier: Apache-2.0
"""Other people's clients, all with one face: run(session) makes a login with the algorithms of session.row and runs a
command; knows() asks what a client offers."""
import asyncio
import collections
import os
import pathlib
import socket
import subprocess
import threading

import asyncssh
import paramiko

import wire
from conftest import CERTIFICATE, CODE, PASSWORD, PEERS, SECRETS, TOKEN, is_certificate, key_type

# `rekey`: the bytes after which the client asks for new keys; 0 is its default.
Session = collections.namedtuple("Session", "row port keys command input rekey", defaults=[0])
Result = collections.namedtuple("Result", "status output errors")
SLOW = ("diffie-hellman-group16-sha512", "diffie-hellman-group18-sha512")


def run(command, data=b"", **options):
    done = subprocess.run([str(word) for word in command], input=data, capture_output=True, timeout=180, **options)
    return Result(done.returncode, done.stdout, done.stderr)


def answer(prompt):
    return CODE if "Code" in prompt else PASSWORD


class Client:
    """Asked by its KEXINIT; a client that cannot be told its host key algorithm uses the one server key there is."""
    logins = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "rsa-sha2-512",
              "rsa-sha2-256")
    chooses_rsa = True  # which of the two RSA signatures, of hosts and of users
    slow = ()  # key exchanges that cost it a second
    sends_during_kex = False
    can_rekey = False  # by bytes, while data flow

    def __init__(self, name, lacks=""):
        self.name = name
        self.lacks = set(lacks.split())  # what we know and it does not

    def knows(self, keys):
        return wire.client_offer(lambda port: self.start(port, keys))


class OpenSsh(Client):
    can_rekey = True

    def __init__(self, name, lacks="", directory=pathlib.Path("/usr/bin")):
        super().__init__(name, lacks)
        self.directory = directory

    def knows(self, keys):
        ask = lambda kind: run([self.directory / "ssh", "-Q", kind]).output.decode().split()
        return {"kex": ask("kex"), "host_key": ask("HostKeyAlgorithms"), "cipher": ask("cipher"), "mac": ask("mac")}

    def options(self, session):
        row, keys = session.row, session.keys
        known_hosts = keys.directory / f"known-{row.host_key}"
        if not known_hosts.exists():
            known_hosts.write_text(f"@cert-authority * {keys.authorities.read_text()}" if is_certificate(row.host_key)
                                   else f"* {keys.public('host', row.host_key)}")
        options = {"UserKnownHostsFile": known_hosts, "IdentitiesOnly": "yes", "KexAlgorithms": row.kex,
                   "HostKeyAlgorithms": row.host_key, "Ciphers": row.cipher}
        if row.mac:
            options["MACs"] = row.mac
        if row.login in SECRETS:
            options.update(PubkeyAuthentication="no", NumberOfPasswordPrompts=1, PreferredAuthentications=row.login)
        else:
            options.update(IdentityFile=keys.path("user", row.login), PubkeyAcceptedAlgorithms=row.login, BatchMode="yes",
                           SecurityKeyProvider=TOKEN)
        if session.rekey:
            options["RekeyLimit"] = session.rekey
        return ["-F", "none", *(word for name, value in options.items() for word in ("-o", f"{name}={value}"))]

    def environment(self, session):
        helper = session.keys.directory / "askpass"
        if not helper.exists():
            helper.write_text(f"#!/bin/sh\ncase $1 in *Code*) echo {CODE};; *) echo '{PASSWORD}';; esac\n")
            helper.chmod(0o700)
        return dict(os.environ, SSH_ASKPASS=str(helper), SSH_ASKPASS_REQUIRE="force",
                    SSH_SK_HELPER=str(self.directory / "../lib/openssh/ssh-sk-helper"))

    def run(self, session, *options):
        return run([self.directory / "ssh", *self.options(session), *options, "-p", session.port, "alice@127.0.0.1", session.command],
                   session.input, env=self.environment(session))


class Dropbear(Client):
    chooses_rsa = False

    def start(self, port, keys):
        process = subprocess.Popen(["dbclient", "-y", "-y", "-p", str(port), "127.0.0.1", "true"], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return process.wait

    def key(self, session):
        made = session.keys.directory / f"dropbear-{key_type(session.row.login)}"
        if not made.exists():
            fresh = made.with_suffix(f".{os.urandom(4).hex()}")
            run(["dropbearconvert", "openssh", "dropbear", session.keys.path("user", session.row.login), fresh])
            fresh.rename(made)
        return made

    def run(self, session):
        row = session.row
        environment = dict(os.environ)
        login = []
        if row.login == "password":
            environment["DROPBEAR_PASSWORD"] = PASSWORD
        else:
            login = ["-i", self.key(session)]
        # Its knowledge of hosts is a file in the home directory; -y -y asks for none.
        return run(["dbclient", "-y", "-y", "-c", row.cipher, *(["-m", row.mac] if row.mac else []), *login, "-p", session.port,
                    "alice@127.0.0.1", session.command], session.input, env=environment)


class Plink(Client):
    chooses_rsa = False
    slow = SLOW

    def start(self, port, keys):
        process = subprocess.Popen(["plink", "-batch", "-P", str(port), "alice@127.0.0.1", "true"], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return process.wait

    def run(self, session):
        row, keys = session.row, session.keys
        login = ["-pw", PASSWORD] if row.login in SECRETS else ["-i", keys.putty(row.login)]
        return run(["plink", "-batch", "-noagent", "-P", session.port, "-hostkey", keys.fingerprint("host", row.host_key), *login,
                    "alice@127.0.0.1", session.command], session.input)


class Go(Client):
    can_rekey = True

    def start(self, port, keys):
        process = subprocess.Popen([PEERS / "go_peer", "-port", str(port), "true"], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return process.wait

    def run(self, session):
        row, keys = session.row, session.keys
        if row.login in SECRETS:
            login = ["-password", PASSWORD, *(["-code", CODE] if row.login == "keyboard-interactive" else [])]
        else:
            login = ["-key", keys.path("user", row.login), "-algorithm", row.login.removesuffix(CERTIFICATE)]
            if is_certificate(row.login):
                login += ["-certificate", keys.certificate("user", row.login)]
        host = ["-authority", keys.authorities] if is_certificate(row.host_key) else [
            "-fingerprint", keys.fingerprint("host", row.host_key)]
        return run([PEERS / "go_peer", "-port", session.port, "-kex", row.kex, "-host-key", row.host_key, "-cipher", row.cipher,
                    "-mac", row.mac, *host, *login, "-rekey", session.rekey, session.command], session.input)


class Curl(Client):
    """libssh2 by way of curl: it reads a file by SFTP, whatever the command is."""
    chooses_rsa = False
    logins = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521")

    def start(self, port, keys):
        process = subprocess.Popen(["curl", "-sk", "-u", "alice:x", f"sftp://127.0.0.1:{port}/"], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return process.wait

    def run(self, session):
        row, keys = session.row, session.keys
        path = keys.path("user", row.login)
        login = ["-u", f"alice:{PASSWORD}"] if row.login in SECRETS else [
            "-u", "alice:", "--key", path, "--pubkey", path.with_suffix(".pub")]
        fingerprint = keys.fingerprint("host", row.host_key).removeprefix("SHA256:")
        return run(["curl", "-sS", "--hostpubsha256", fingerprint, *login, f"sftp://127.0.0.1:{session.port}{session.command}"])


class Paramiko(Client):
    keys_of = {"ssh-ed25519": paramiko.Ed25519Key, "ssh-rsa": paramiko.RSAKey}

    def start(self, port, keys):
        transport = paramiko.Transport(socket.create_connection(("127.0.0.1", port)))
        transport.start_client(event=threading.Event())
        return transport.close

    def transport(self, session):
        """A connection that is not logged in yet."""
        row = session.row
        transport = paramiko.Transport(socket.create_connection(("127.0.0.1", session.port)))
        security = transport.get_security_options()
        security.kex, security.key_types, security.ciphers = [row.kex], [row.host_key], [row.cipher]
        if row.mac:
            security.digests = [row.mac]
        unwanted = [name for name in ("rsa-sha2-512", "rsa-sha2-256") if name != row.login.removesuffix(CERTIFICATE)]
        transport.disabled_algorithms = {"pubkeys": unwanted}
        return transport

    @staticmethod
    def send(channel, data):
        channel.sendall(data)
        channel.shutdown_write()

    def log_in(self, transport, session):
        row = session.row
        transport.start_client(timeout=20)
        assert transport.get_remote_server_key().get_base64() == session.keys.public("host", row.host_key).split()[1]
        if row.login == "password":
            transport.auth_password("alice", PASSWORD)
        elif row.login == "keyboard-interactive":
            transport.auth_interactive("alice", lambda title, instruction, prompts: [answer(text) for text, _ in prompts])
        else:
            kind = self.keys_of.get(key_type(row.login), paramiko.ECDSAKey)
            key = kind.from_private_key_file(str(session.keys.path("user", row.login)))
            if is_certificate(row.login):
                key.load_certificate(str(session.keys.certificate("user", row.login)))
            transport.auth_publickey("alice", key)

    def run(self, session):
        transport = self.transport(session)
        try:
            self.log_in(transport, session)
            channel = transport.open_session()
            channel.exec_command(session.command)
            channel.settimeout(60)
            threading.Thread(target=self.send, args=(channel, session.input), daemon=True).start()
            output = channel.makefile("rb").read()
            return Result(channel.recv_exit_status(), output, channel.makefile_stderr("rb").read())
        finally:
            transport.close()


class Answering(asyncssh.SSHClient):
    def kbdint_auth_requested(self):
        return ""

    def kbdint_challenge_received(self, name, instructions, lang, prompts):
        return [answer(text) for text, _ in prompts]


class AsyncSsh(Client):
    sends_during_kex = True  # which RFC 4253 section 7.1 forbids; we end such a connection
    slow = SLOW

    def knows(self, keys):
        names = lambda table: [name.decode() for name in table()]
        return {"kex": names(asyncssh.kex.get_kex_algs), "host_key": names(asyncssh.public_key.get_public_key_algs),
                "cipher": names(asyncssh.encryption.get_encryption_algs), "mac": names(asyncssh.mac.get_mac_algs)}

    async def talk(self, session):
        row, keys = session.row, session.keys
        if row.login == "password":
            options = {"password": PASSWORD, "client_keys": None}
        elif row.login == "keyboard-interactive":
            options = {"client_factory": Answering, "client_keys": None}
        else:
            # It takes the certificate that lies beside the key.
            options = {"client_keys": [str(keys.path("user", row.login))], "signature_algs": [row.login.removesuffix(CERTIFICATE)]}
        if row.mac:
            options["mac_algs"] = [row.mac]
        known = asyncssh.import_public_key(keys.authorities.read_text() if is_certificate(row.host_key)
                                           else keys.public("host", row.host_key))
        hosts = ([], [known], []) if is_certificate(row.host_key) else ([known], [], [])
        async with asyncssh.connect("127.0.0.1", session.port, username="alice", known_hosts=hosts, config=None,
                                    agent_path=None, kex_algs=[row.kex], encryption_algs=[row.cipher],
                                    server_host_key_algs=[row.host_key], **options) as connection:
            done = await connection.run(session.command, input=session.input, encoding=None)
            return Result(done.exit_status, done.stdout, done.stderr)

    def run(self, session):
        return asyncio.run(asyncio.wait_for(self.talk(session), 30))


MLKEM, SLOWEST = "mlkem768x25519-sha256 ", "diffie-hellman-group16-sha512 diffie-hellman-group18-sha512 "
LIBSSH2 = "aes128-gcm@openssh.com aes256-gcm@openssh.com chacha20-poly1305@openssh.com "
ETM = "hmac-sha2-256-etm@openssh.com hmac-sha2-512-etm@openssh.com "
DROPBEAR = MLKEM + SLOWEST + ETM + "rsa-sha2-512 aes128-gcm@openssh.com aes256-gcm@openssh.com aes192-ctr hmac-sha2-512 "
CLIENTS = [
    OpenSsh("OpenSSH 9.2", MLKEM),
    OpenSsh("OpenSSH 10", directory=PEERS / "usr/bin"),
    Dropbear("Dropbear", DROPBEAR),
    Plink("PuTTY", MLKEM + "hmac-sha2-512 hmac-sha2-512-etm@openssh.com"),
    Go("x/crypto", MLKEM + SLOWEST),
    Curl("libssh2", MLKEM + LIBSSH2 + ETM + "rsa-sha2-256 rsa-sha2-512"),
    Paramiko("paramiko", MLKEM + LIBSSH2 + "curve25519-sha256 diffie-hellman-group18-sha512"),
    AsyncSsh("asyncssh", MLKEM),
]

# SPDX-License-Identifier: Apache-2.0
"""Several methods in a row and one-time codes, with real clients. What is behind the login does not matter here: oci."""
import base64
import hashlib
import hmac
import json
import struct
import subprocess
import time

import asyncssh
import paramiko
import pexpect
import pytest
from conftest import BIN, PASSWORD, Daemon, own_daemons, run, wait_until

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
STEP = 30


def code(offset=0, secret=SECRET, digest="sha1", digits=6):
    """RFC 6238, written down a second time."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    mac = hmac.new(key, struct.pack(">Q", int(time.time()) // STEP + offset), digest).digest()
    at = mac[-1] & 15
    return str((struct.unpack(">I", mac[at:at + 4])[0] & 0x7FFFFFFF) % 10 ** digits).zfill(digits)


def settle():
    """No step ends between making a code and showing it."""
    left = STEP - time.time() % STEP
    if left < 6:
        time.sleep(left + 0.1)


@pytest.fixture(scope="module")
def daemon(work):
    instance = Daemon(work / f"own-{next(own_daemons)}-factors", "oci", "busybox")
    instance.set("auth.keyboardInteractive", {"method": "local"})
    alice = instance.users.pop("alice")
    key, password = {"authorizedKeys": alice["authorizedKeys"]}, {"password": alice["password"]}
    # Codes count once for each user, so each test has a user of its own.
    for name in ("plain", "plain2", "plain3"):
        instance.users[name] = {**key, **password}
    for name in ("key1", "key2", "key3", "key4", "key5"):
        instance.users[name] = {**key, **password, "methods": ["publickey+totp"], "totp": SECRET}
    for name in ("word1", "word2", "word3", "word4", "word5", "word6"):
        instance.users[name] = {**password, "methods": ["password+totp"], "totp": SECRET}
    instance.users["long"] = {**password, "methods": ["password+totp"], "totp":
                              f"otpauth://totp/x?secret={SECRET}&algorithm=SHA512&digits=8"}
    instance.users["keyword"] = {**key, **password, "methods": ["publickey+password"]}
    restricted = 'command="echo forced" ' + alice["authorizedKeys"][0]
    instance.users["forced"] = {"authorizedKeys": [restricted], "methods": ["publickey+totp"], "totp": SECRET}
    instance.start()
    yield instance
    assert instance.process.poll() is None
    assert instance.stop() == 0


class Client:
    """ssh at a terminal, answering each prompt with the next of `answers`."""

    def __init__(self, daemon, user, methods, answers, key=True, command="echo in"):
        options = ["-F", "/dev/null", "-p", str(daemon.port), "-o", f"PreferredAuthentications={methods}",
                   "-o", f"UserKnownHostsFile={daemon.directory / 'known_hosts'}", "-o", "NumberOfPasswordPrompts=1",
                   "-o", "IdentitiesOnly=yes", *(["-i", str(daemon.key)] if key else ["-o", "PubkeyAuthentication=no"])]
        ssh = pexpect.spawn("ssh", [*options, f"{user}@127.0.0.1", command], timeout=30)
        self.prompts = []
        remaining = list(answers)
        while ssh.expect([r"[^\r\n]*(?:assword|code): $", pexpect.EOF]) == 0:
            self.prompts.append(ssh.after.decode().split(") ")[-1].strip().lstrip("\r\n"))
            if not remaining:
                ssh.close()
                break
            ssh.sendline(remaining.pop(0))
        ssh.close()
        self.output = (ssh.before if isinstance(ssh.before, bytes) else b"").decode()
        self.status = ssh.exitstatus

    @property
    def inside(self):
        return self.status == 0 and self.output.strip().endswith("in")


def test_a_password_by_keyboard_interactive(daemon):
    client = Client(daemon, "plain", "keyboard-interactive", [PASSWORD], key=False)
    assert client.inside and client.prompts == ["Password:"]


def test_a_key_then_a_code(daemon):
    settle()
    client = Client(daemon, "key1", "publickey,keyboard-interactive", [code()])
    assert client.inside and client.prompts == ["Verification code:"]


def test_a_key_alone_or_a_wrong_code_is_not_enough(daemon):
    settle()
    assert daemon.ssh("true", user="key2").returncode == 255
    client = Client(daemon, "key2", "publickey,keyboard-interactive", ["000000"])
    assert client.status == 255 and "Permission denied (keyboard-interactive)" in client.output
    assert Client(daemon, "key2", "publickey,keyboard-interactive", [code()]).inside, "mistakes are forgiven"


def test_a_code_is_accepted_once(daemon):
    settle()
    shown = code()
    assert Client(daemon, "key3", "publickey,keyboard-interactive", [shown]).inside
    again = Client(daemon, "key3", "publickey,keyboard-interactive", [shown])
    assert again.status == 255 and "Permission denied" in again.output
    refused = [line["details"] for line in daemon.log() if line["code"] == "SSH_AUTH_FAILED"]
    assert any(line.get("reason") == "the code was used already" for line in refused)
    assert Client(daemon, "key3", "publickey,keyboard-interactive", [code(1)]).inside, "the next one is right"


def test_the_order_counts(daemon):
    settle()
    # The dialogue before the key asks for a password, as it asks everybody, and nothing is right there.
    client = Client(daemon, "key4", "keyboard-interactive", [PASSWORD])
    assert client.status == 255 and client.prompts == ["Password:"]
    assert Client(daemon, "key4", "password", [PASSWORD]).status == 255
    assert Client(daemon, "key4", "keyboard-interactive,publickey", [PASSWORD]).status == 255


def test_a_password_and_a_code_in_one_dialogue(daemon):
    settle()
    client = Client(daemon, "word1", "keyboard-interactive", [PASSWORD, code()], key=False)
    assert client.inside and client.prompts == ["Password:", "Verification code:"]


def test_a_password_then_a_code_as_two_methods(daemon):
    settle()
    client = Client(daemon, "word2", "password,keyboard-interactive", [PASSWORD, code()], key=False)
    assert client.inside and [prompt.split()[-1] for prompt in client.prompts] == ["password:", "code:"]


@pytest.mark.parametrize("user", ["word3", "nobody"])
def test_a_wrong_password_is_not_asked_for_a_code(daemon, user):
    client = Client(daemon, user, "keyboard-interactive", ["wrong", "000000"], key=False)
    assert client.status == 255 and client.prompts == ["Password:"]
    assert "Permission denied (publickey,password,keyboard-interactive)" in client.output


def test_longer_codes_of_another_hash(daemon):
    settle()
    client = Client(daemon, "long", "keyboard-interactive", [PASSWORD, code(digest="sha512", digits=8)], key=False)
    assert client.inside


def test_a_key_then_a_password(daemon):
    assert Client(daemon, "keyword", "password", [PASSWORD]).status == 255
    assert Client(daemon, "keyword", "publickey,password", [PASSWORD]).inside


# CVE-2026-39828: what the key's line forces must hold after the code.
def test_a_keys_restrictions_survive_the_second_factor(daemon):
    settle()
    client = Client(daemon, "forced", "publickey,keyboard-interactive", [code()])
    assert client.status == 0 and client.output.strip() == "forced"


def test_the_log_tells_each_step_and_no_secret(daemon):
    settle()
    shown = code()
    Client(daemon, "word4", "password,keyboard-interactive", [PASSWORD, "CANARY-9"], key=False)
    assert Client(daemon, "word4", "password,keyboard-interactive", [PASSWORD, shown], key=False).inside
    lines = [line for line in daemon.log() if line.get("details", {}).get("providedUsername") == "word4"]
    assert [line["code"] for line in lines] == ["SSH_AUTH_PARTIAL", "SSH_AUTH_FAILED", "SSH_AUTH_PARTIAL",
                                                "SSH_AUTH_SUCCESSFUL"]
    text = daemon.log_file.read_text()
    assert PASSWORD not in text and "CANARY-9" not in text and SECRET not in text and f'"{shown}"' not in text


def test_guessing_codes_is_paused(daemon):
    for _ in range(5):
        assert Client(daemon, "key5", "publickey,keyboard-interactive", ["000000"]).status == 255
    settle()
    assert Client(daemon, "key5", "publickey,keyboard-interactive", [code()]).status == 255
    assert any(line.get("details", {}).get("reason") == "too many wrong codes" for line in daemon.log())


def test_paramiko(daemon):
    settle()
    answers = [PASSWORD, code()]
    asked = []

    def handler(title, instructions, prompts):
        asked.extend(prompts)
        return [answers.pop(0) for _ in prompts]

    transport = paramiko.Transport(("127.0.0.1", daemon.port))
    transport.start_client(timeout=30)
    assert transport.auth_interactive("word5", handler) == []
    assert asked == [("Password: ", False), ("Verification code: ", False)]
    channel = transport.open_session()
    channel.exec_command("echo in")
    assert channel.makefile().read() == b"in\n"
    transport.close()

    # Two methods in a row.
    key = paramiko.Ed25519Key(filename=str(daemon.key))
    transport = paramiko.Transport(("127.0.0.1", daemon.port))
    transport.start_client(timeout=30)
    assert transport.auth_publickey("keyword", key) == ["password", "keyboard-interactive"]
    assert transport.auth_password("keyword", PASSWORD) == []
    assert transport.is_authenticated()
    transport.close()


def test_asyncssh(daemon):
    settle()

    class Typist(asyncssh.SSHClient):
        def __init__(self):
            self.answers = [PASSWORD, code()]

        def kbdint_auth_requested(self):
            return ""

        def kbdint_challenge_received(self, name, instructions, lang, prompts):
            return [self.answers.pop(0) for _ in prompts]

    async def login():
        connection, _ = await asyncssh.create_connection(Typist, "127.0.0.1", daemon.port, username="word6", known_hosts=None,
                                                         client_keys=None, preferred_auth="keyboard-interactive", config=None)
        async with connection:
            return (await connection.run("echo in")).stdout

    import asyncio
    assert asyncio.run(login()) == "in\n"


def test_a_secret_is_made_by_command_and_used_as_it_is_printed(work):
    made = run(BIN / "fairlead", "totp-secret", "--user", "alice", "--issuer", "My host", "--digits", "8")
    assert made.returncode == 0, made.stderr
    uri = made.stdout.decode().split()[0]
    assert uri.startswith("otpauth://totp/My%20host:alice?secret=") and "digits=8" in uri
    other = run(BIN / "fairlead", "totp-secret", "--user", "alice").stdout.decode().split()[0]
    assert uri.split("secret=")[1][:26] != other.split("secret=")[1][:26]
    secret = uri.split("secret=")[1].split("&")[0]
    instance = Daemon(work / f"own-{next(own_daemons)}-factors", "oci", "busybox")
    instance.set("auth.keyboardInteractive", {"method": "local"})
    instance.set("auth.local.methods", ["password+totp"])
    instance.users["alice"]["totp"] = uri
    instance.start()
    try:
        settle()
        assert Client(instance, "alice", "keyboard-interactive", [PASSWORD, code(secret=secret, digits=8)], key=False).inside
        assert instance.ssh("true").returncode == 255, "a key is not among the methods"
    finally:
        assert instance.stop() == 0


def test_mistakes_in_the_users_file_are_told_with_file_and_line(tmp_path):
    (tmp_path / "config.yaml").write_text(json.dumps({
        "auth": {"publicKey": {"method": "local"}, "keyboardInteractive": {"method": "local"},
                 "local": {"usersFile": str(tmp_path / "users.yaml")}},
        "oci": {"image": "/"}}))
    users = tmp_path / "users.yaml"
    users.write_text("users:\n  alice:\n    methods: [publickey+otp]\n    totp: CANARY-1\n")
    users.chmod(0o600)
    done = run(BIN / "fairlead", "check-config", "--config", tmp_path / "config.yaml")
    text = done.stderr.decode()
    assert done.returncode == 1
    assert "users.yaml:3: invalid configuration option: users.alice.methods (expected publickey, password and totp" in text
    assert "users.yaml:4: invalid configuration option: users.alice.totp (the secret is not base32" in text
    assert "CANARY" not in text


def test_unknown_users_wait_as_long(daemon):
    """UA-17: the median of wrong dialogues for a user who exists and for one who does not."""

    def median(user):
        times = []
        for _ in range(5):
            transport = paramiko.Transport(("127.0.0.1", daemon.port))
            transport.start_client(timeout=30)
            begin = time.monotonic()
            with pytest.raises(paramiko.AuthenticationException):
                transport.auth_interactive(user, lambda title, instructions, prompts: ["wrong" for _ in prompts])
            times.append(time.monotonic() - begin)
            transport.close()
        return sorted(times)[2]

    known, unknown = median("plain2"), median("nobody-at-all")
    assert abs(known - unknown) < max(0.05, known / 2)

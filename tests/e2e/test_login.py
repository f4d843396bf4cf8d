# SPDX-License-Identifier: Apache-2.0
"""Who gets in, who does not, and what the log says of it."""
import json
import subprocess

import pexpect
import pytest
from conftest import BIN, IMAGES, PASSWORD, run, wait_until


def login_with_password(daemon, password, user="alice", command="echo in"):
    ssh = pexpect.spawn("ssh", ["-F", "/dev/null", "-p", str(daemon.port), "-o", "PreferredAuthentications=password",
                                "-o", "NumberOfPasswordPrompts=1", "-o", "PubkeyAuthentication=no",
                                "-o", f"UserKnownHostsFile={daemon.directory / 'known_hosts'}", f"{user}@127.0.0.1", command],
                        timeout=30)
    ssh.expect("assword:")
    ssh.sendline(password)
    ssh.expect(pexpect.EOF)
    ssh.close()
    return ssh.exitstatus, ssh.before


def test_right_password(daemon):
    status, output = login_with_password(daemon, PASSWORD)
    assert (status, output.strip()) == (0, b"in")


@pytest.mark.parametrize("user, password", [("alice", "wrong"), ("alice", PASSWORD + " "), ("nobody", PASSWORD)])
def test_wrong_password_or_user(daemon, user, password):
    status, output = login_with_password(daemon, password, user)
    assert status == 255 and b"Permission denied (publickey,password)" in output or \
        b"Permission denied (password,publickey)" in output


def test_no_secret_reaches_the_log(daemon):
    login_with_password(daemon, "CANARY-guess")
    login_with_password(daemon, PASSWORD)
    text = daemon.log_file.read_text()
    assert "CANARY-guess" not in text and PASSWORD not in text
    assert any(line["code"] == "AUTH_FAILED" or line["code"] == "SSH_AUTH_FAILED" for line in daemon.log())


def test_unknown_key_is_refused_and_known_key_needs_its_private_half(daemon, tmp_path):
    other = tmp_path / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other], check=True)
    refused = run("ssh", "-F", "/dev/null", "-i", other, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
                  "-o", f"UserKnownHostsFile={daemon.directory / 'known_hosts'}", "-p", daemon.port, "alice@127.0.0.1", "true")
    assert refused.returncode == 255 and b"Permission denied" in refused.stderr


@pytest.mark.parametrize("kind", ["rsa", "ecdsa", "ed25519"])
def test_every_kind_of_key_and_reload(own_daemon, tmp_path, kind):
    daemon = own_daemon().start()
    key = tmp_path / kind
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", key], check=True)

    def login():
        return run("ssh", "-F", "/dev/null", "-i", key, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
                   "-o", f"UserKnownHostsFile={daemon.directory / 'known_hosts'}", "-p", daemon.port, "bob@127.0.0.1", "echo in")

    assert login().returncode == 255
    # SIGHUP admits bob without dropping alice's running session.
    session = pexpect.spawn(daemon.ssh_command()[0], ["-tt", *daemon.ssh_command()[1:]], timeout=30)
    session.expect(r"[#$] ")
    daemon.users["bob"] = {"authorizedKeys": [key.with_suffix(".pub").read_text().strip()]}
    daemon.write()
    daemon.process.send_signal(1)
    wait_until(lambda: "CORE_CONFIG_RELOADED" in daemon.codes(), 10, "reloaded")
    assert login().stdout == b"in\n"
    session.sendline("echo still-$((40 + 2))")
    session.expect("still-42")
    # The level of the log is read again, too, also for sessions that run.
    daemon.set("log.level", "error")
    daemon.write()
    daemon.process.send_signal(1)

    def login_is_not_logged():
        before = len(daemon.log())
        assert login().stdout == b"in\n"
        return len(daemon.log()) == before

    wait_until(login_is_not_logged, 20, "nothing but errors is logged")
    # A broken file is refused with its reason, and nothing changes.
    (daemon.directory / "users.yaml").write_text("users: {alice: {password: plaintext}}")
    daemon.process.send_signal(1)
    wait_until(lambda: "CORE_CONFIG_ERROR" in daemon.codes(), 10, "the error is told")
    assert login().stdout == b"in\n"
    session.sendline("exit")
    session.expect(pexpect.EOF)


def test_key_options_are_honoured(own_daemon, tmp_path):
    daemon = own_daemon()
    key = daemon.key.with_suffix(".pub").read_text().strip()
    daemon.users["forced"] = {"authorizedKeys": [f'command="echo forced: $SSH_ORIGINAL_COMMAND" {key}']}
    daemon.users["elsewhere"] = {"authorizedKeys": [f'from="192.0.2.1" {key}']}
    daemon.users["plain"] = {"authorizedKeys": [f"no-pty {key}"]}
    daemon.start()
    assert daemon.ssh("ls /", user="forced").stdout == b"forced: ls /\n"
    assert daemon.ssh("true", user="elsewhere").returncode == 255
    assert b"PTY allocation request failed" in daemon.ssh("-tt", "tty", user="plain").stderr
    assert daemon.ssh("echo in", user="plain").stdout == b"in\n"


def test_a_user_of_their_own_image(own_daemon):
    daemon = own_daemon()
    large = {"oci": {"image": str(IMAGES / "debian.tar")}} if daemon.backend == "oci" else \
        {"docker": {"execution": {"container": {"image": "fairlead-test/debian"}}}}
    daemon.users["large"] = {"authorizedKeys": daemon.users["alice"]["authorizedKeys"], "config": large}
    daemon.start()
    assert daemon.ssh("cat /etc/debian_version", user="large").returncode == 0
    assert daemon.ssh("cat /etc/debian_version").returncode == 1


def test_check_config_tells_all_errors_at_once(tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text("ssh:\n  listen: nowhere\n  clientAliveCountMax: -1\nbackend: nonsense\nauht: {}\n")
    done = run(BIN / "fairlead", "check-config", "--config", file)
    assert done.returncode == 1
    text = done.stderr.decode()
    assert "config.yaml:5" in text and "auht" in text and "auth" in text
    assert "backend" in text and "nonsense" in text
    assert "clientAliveCountMax" in text
    good = tmp_path / "good.json"
    good.write_text(json.dumps({"oci": {"image": "/some/where"}, "auth": {"password": {"method": "local"}, "local": {"usersFile": str(tmp_path / "u")}}}))
    (tmp_path / "u").write_text("users: {}")
    assert run(BIN / "fairlead", "check-config", "--config", good).returncode == 0


def test_hash_password_makes_what_the_users_file_takes():
    made = run(BIN / "fairlead", "hash-password", input=b"secret\n")
    assert made.returncode == 0 and made.stdout.startswith(b"$y$")


def test_wrong_usage():
    assert run(BIN / "fairlead", "--nope").returncode == 2
    assert run(BIN / "fairlead", "--version").stdout.startswith(b"fairlead ")
    assert run(BIN / "fairlead", "serve", "--config", "/nonexistent.yaml").returncode == 1

# SPDX-License-Identifier: Apache-2.0
"""Certificates and revocation lists, with OpenSSH's ssh-keygen as the certification authority and ssh as the client."""
import signal
import subprocess

import pytest
from conftest import BIN, run, wait_until

pytestmark = pytest.mark.parametrize("own_daemon", ["oci"], indirect=True)


def make_key(path, kind="ed25519"):
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", path], check=True)
    return path


class Authority:
    """A CA of users or hosts in a directory of its own."""

    def __init__(self, directory, name="ca", kind="ed25519"):
        self.directory = directory
        self.key = make_key(directory / name, kind)
        self.line = self.key.with_suffix(".pub").read_text().strip()

    def certify(self, key, *options, principals="alice", serial=1, identity="laptop"):
        """The file of a certificate for `key`."""
        names = ["-n", principals] if principals else []
        subprocess.run(["ssh-keygen", "-q", "-s", self.key, "-I", identity, *names, "-z", str(serial), *options,
                        f"{key}.pub"], check=True)
        return f"{key}-cert.pub"


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


def login(daemon, key, *words, certificate=None, user="alice", options=(), **more):
    shown = ["-o", f"CertificateFile={certificate}"] if certificate else []
    return run("ssh", "-F", "/dev/null", "-i", key, *shown, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
               "-o", f"UserKnownHostsFile={daemon.directory / 'known_hosts'}", *options, "-p", daemon.port,
               f"{user}@127.0.0.1", *(words or ("echo in",)), **more)


def refused(daemon, reason, *arguments, **named):
    """The client learns nothing; the log says why."""
    done = login(daemon, *arguments, **named)
    assert done.returncode == 255 and b"Permission denied" in done.stderr, done.stderr
    assert any(reason in str(line) for line in daemon.log()), reason


def trusting(own_daemon, authority, **settings):
    daemon = own_daemon(auth__local__trustedUserCAKeys=[authority.line], **settings)
    daemon.users["carol"] = {"principals": ["ops", "carol@example.com"]}
    return daemon.start()


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_a_user_certificate_admits(own_daemon, authority, tmp_path, kind):
    daemon = trusting(own_daemon, authority)
    key = make_key(tmp_path / "user", kind)
    done = login(daemon, key, certificate=authority.certify(key))
    assert (done.returncode, done.stdout) == (0, b"in\n"), done.stderr
    entry = next(line for line in daemon.log() if line["code"] == "SSH_AUTH_SUCCESSFUL")
    assert entry["details"]["certificateId"] == "laptop" and entry["details"]["certificateSerial"] == "1"
    # Without it the key is nobody's.
    (tmp_path / "user-cert.pub").unlink()
    refused(daemon, "unknown key", key)


def test_ca_keys_of_every_kind_from_a_file(own_daemon, tmp_path):
    authorities = [Authority(tmp_path, f"ca-{kind}", kind) for kind in ("ed25519", "ecdsa", "rsa")]
    trusted = tmp_path / "trusted"
    trusted.write_text("# ours\n" + "\n".join(each.line for each in authorities) + "\n")
    daemon = own_daemon(auth__local__trustedUserCAKeys=[str(trusted)]).start()
    key = make_key(tmp_path / "user")
    for each in authorities:
        done = login(daemon, key, certificate=each.certify(key))
        assert done.returncode == 0, done.stderr


def test_wrong_principals_times_and_cas_are_refused(own_daemon, authority, tmp_path):
    daemon = trusting(own_daemon, authority)
    key = make_key(tmp_path / "user")
    refused(daemon, "no principal of this user", key, certificate=authority.certify(key, principals="bob"))
    refused(daemon, "names no principal", key, certificate=authority.certify(key, principals=None))
    refused(daemon, "expired", key, certificate=authority.certify(key, "-V", "20200101:20210101"))
    refused(daemon, "not valid yet", key, certificate=authority.certify(key, "-V", "20990101:21000101"))
    refused(daemon, "CA is not trusted", key, certificate=Authority(tmp_path, "stranger").certify(key))
    refused(daemon, "critical option", key, certificate=authority.certify(key, "-O", "critical:moon=full"))
    refused(daemon, "unknown user", key, certificate=authority.certify(key, principals="dave"), user="dave")
    # A user with principals of her own is not admitted by her name.
    refused(daemon, "no principal of this user", key, certificate=authority.certify(key, principals="carol"), user="carol")
    assert login(daemon, key, certificate=authority.certify(key, principals="x,ops"), user="carol").returncode == 0


def test_source_address(own_daemon, authority, tmp_path):
    daemon = trusting(own_daemon, authority)
    key = make_key(tmp_path / "user")
    here = authority.certify(key, "-O", "source-address=10.0.0.0/8,127.0.0.0/8")
    assert login(daemon, key, certificate=here).returncode == 0
    refused(daemon, "source address", key, certificate=authority.certify(key, "-O", "source-address=192.0.2.0/24"))


def test_force_command_and_what_is_not_permitted(own_daemon, authority, tmp_path):
    daemon = trusting(own_daemon, authority)
    key = make_key(tmp_path / "user")
    forced = authority.certify(key, "-O", "force-command=echo forced instead of $SSH_ORIGINAL_COMMAND")
    done = login(daemon, key, "echo mine", certificate=forced)
    assert done.stdout == b"forced instead of echo mine\n", done.stderr
    with_pty = login(daemon, key, "test -t 0 && echo terminal", certificate=authority.certify(key), options=["-tt"])
    assert b"terminal" in with_pty.stdout
    no_pty = authority.certify(key, "-O", "no-pty")
    assert b"PTY allocation request failed" in login(daemon, key, "true", certificate=no_pty, options=["-tt"]).stderr
    assert login(daemon, key, "test -t 0 || echo none", certificate=no_pty).stdout == b"none\n"


def test_a_line_of_the_user_vouches(own_daemon, authority, tmp_path):
    daemon = own_daemon()
    daemon.users["alice"]["authorizedKeys"] = [f'cert-authority,principals="desk,phone",no-pty {authority.line}']
    daemon.start()
    key = make_key(tmp_path / "user")
    assert login(daemon, key, certificate=authority.certify(key, principals="phone")).returncode == 0
    refused(daemon, "no principal of this user", key, certificate=authority.certify(key, principals="alice"))
    refused(daemon, "unknown key", authority.key)  # a CA's key admits nobody
    no_pty = login(daemon, key, "true", certificate=authority.certify(key, principals="desk"), options=["-tt"])
    assert b"PTY allocation request failed" in no_pty.stderr


def revoke(path, text, authority=None, *more):
    specification = path.with_suffix(".spec")
    specification.write_text(text)
    ca = ["-s", f"{authority.key}.pub"] if authority else []
    subprocess.run(["ssh-keygen", "-q", "-k", "-f", path, *ca, *more, specification], check=True)


def reload(daemon):
    seen = daemon.codes().count("CORE_CONFIG_RELOADED")
    daemon.process.send_signal(signal.SIGHUP)
    wait_until(lambda: daemon.codes().count("CORE_CONFIG_RELOADED") > seen, 10, "the reload")


def test_revocation_by_serial_and_key_counts_after_sighup(own_daemon, authority, tmp_path):
    krl = tmp_path / "krl"
    revoke(krl, "serial: 99\n", authority)
    daemon = trusting(own_daemon, authority, auth__local__revokedKeys=str(krl))
    key = make_key(tmp_path / "user")
    assert login(daemon, key, certificate=authority.certify(key, serial=7)).returncode == 0
    revoke(krl, "serial: 5-8\n", authority, "-u")
    assert login(daemon, key, certificate=authority.certify(key, serial=7)).returncode == 0, "not read again yet"
    reload(daemon)
    refused(daemon, "revoked", key, certificate=authority.certify(key, serial=7))
    assert login(daemon, key, certificate=authority.certify(key, serial=9)).returncode == 0
    revoke(krl, f"key: {(tmp_path / 'user.pub').read_text()}", None, "-u")
    reload(daemon)
    refused(daemon, "revoked", key, certificate=authority.certify(key, serial=9))
    # A plain key, in the plain form of a list; then the CA's.
    assert login(daemon, daemon.key).returncode == 0
    krl.write_text(daemon.key.with_suffix(".pub").read_text())
    reload(daemon)
    refused(daemon, "revoked", daemon.key)
    assert login(daemon, key, certificate=authority.certify(key, serial=9)).returncode == 0
    krl.write_text(authority.line + "\n")
    reload(daemon)
    refused(daemon, "revoked", key, certificate=authority.certify(key, serial=9))


def test_a_revocation_list_that_cannot_be_read_refuses_every_key(own_daemon, authority, tmp_path):
    krl = tmp_path / "krl"
    daemon = trusting(own_daemon, authority, auth__local__revokedKeys=str(krl))
    key = make_key(tmp_path / "user")
    refused(daemon, "revocation list cannot be read", daemon.key)
    refused(daemon, "revocation list cannot be read", key, certificate=authority.certify(key))
    assert any("every key is refused" in str(line) for line in daemon.log()), "the operator is told"
    krl.write_text("nonsense\n")
    reload(daemon)
    refused(daemon, "revocation list cannot be read", daemon.key)
    krl.write_text("")
    reload(daemon)
    assert login(daemon, daemon.key).returncode == 0


@pytest.mark.parametrize("kind", ["ed25519", "rsa"])
def test_a_host_certificate_is_trusted_by_its_ca(own_daemon, tmp_path, kind):
    authority = Authority(tmp_path)
    host = make_key(tmp_path / "host", kind)
    certificate = authority.certify(host, "-h", principals="127.0.0.1,box.example.com")
    daemon = own_daemon(ssh__hostkeys=[str(host)], ssh__hostCertificates=[certificate]).start()
    known = tmp_path / "known_hosts"

    def connect(*options):
        return run("ssh", "-F", "/dev/null", "-i", daemon.key, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-o",
                   "StrictHostKeyChecking=yes", "-o", f"UserKnownHostsFile={known}", *options, "-p", daemon.port,
                   "alice@127.0.0.1", "echo in")

    known.write_text(f"@cert-authority *.example.com {authority.line}\n")
    done = connect("-o", "HostKeyAlias=box.example.com")
    assert (done.returncode, done.stdout) == (0, b"in\n"), done.stderr
    assert connect("-o", "HostKeyAlias=other.example.com").returncode == 255, "not this certificate's host"
    # A client that knows the key alone goes on with it.
    known.write_text(f"[127.0.0.1]:{daemon.port} {(tmp_path / 'host.pub').read_text()}")
    assert connect().returncode == 0
    # Renewed at SIGHUP; what clients learn of our keys is the plain key still.
    authority.certify(host, "-h", principals="renewed.example.com")
    reload(daemon)
    known.write_text(f"@cert-authority *.example.com {authority.line}\n")
    assert connect("-o", "HostKeyAlias=box.example.com").returncode == 255
    done = connect("-v", "-o", "HostKeyAlias=renewed.example.com", "-o", "UpdateHostKeys=no")
    assert done.returncode == 0 and b"Server host certificate" in done.stderr, done.stderr


def test_wrong_host_certificates_stop_the_start(own_daemon, tmp_path):
    authority = Authority(tmp_path)
    host, other = make_key(tmp_path / "host"), make_key(tmp_path / "other")
    for certificate, reason in ((authority.certify(host, principals="box"), "not a host certificate"),
                                (authority.certify(other, "-h", principals="box"), "none of the host keys"),
                                (f"{host}.pub", "not a certificate"), (str(tmp_path / "missing"), "cannot read")):
        daemon = own_daemon(ssh__hostkeys=[str(host)], ssh__hostCertificates=[certificate])
        daemon.write()
        done = run("timeout", "20", BIN / "fairlead", "serve", "--config", daemon.directory / "config.yaml")
        assert done.returncode == 1 and reason in done.stderr.decode(), done.stderr

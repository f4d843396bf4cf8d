# SPDX-License-Identifier: Apache-2.0
"""Other people's clients with certificates, FIDO keys and in dialogues; our client with certificates and revoked host keys.

One key exchange and one cipher do: what these logins have to do with algorithms is in their names.
"""
import matrix
import pytest
from clients import CLIENTS, Curl, OpenSsh, Plink, run
from conftest import BIN, CERTIFICATE, CODE, PASSWORD, TOKEN_KEYS, in_parallel
from servers import SERVERS, Sshd
from test_our_client import check as check_our_client
from test_their_clients import INPUT, check

KEX, CIPHER, HOST = "ecdh-sha2-nistp256", "aes128-ctr", "ssh-ed25519"
ALGORITHMS = ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "rsa-sha2-512", "rsa-sha2-256"]
CERTIFICATES = [name + CERTIFICATE for name in ALGORITHMS]
OPENSSH = [client for client in CLIENTS if isinstance(client, OpenSsh)]
DIALOGUES = [client for client in CLIENTS if client.name != "Dropbear"]  # which asks its terminal


def row(login, host_key=HOST):
    return matrix.Row(KEX, host_key, CIPHER, "hmac-sha2-256", login)


def certificates():
    """Each algorithm once for the host and once for the user, beside another one."""
    return [row(login, host) for login, host in zip(CERTIFICATES, CERTIFICATES[1:] + CERTIFICATES[:1])]


@pytest.mark.parametrize("client", [client for client in CLIENTS if client.name in ("OpenSSH 9.2", "OpenSSH 10", "x/crypto", "asyncssh")],
                         ids=lambda client: client.name)
def test_certificates_of_users_and_hosts(client, keys, serve):
    # asyncssh 2.10 signs with an RSA key's certificate by SHA-1 alone.
    rows = [row for row in certificates() if client.name != "asyncssh" or not row.login.startswith("rsa-")]
    failed = in_parallel(lambda row: check(client, keys, serve, row, authorized=""), rows)
    assert not failed, "\n".join(failed)


@pytest.mark.parametrize("client", [client for client in CLIENTS if client.name == "paramiko"], ids=lambda client: client.name)
def test_certificates_of_users_alone(client, keys, serve):
    """Of clients that know no certificates of hosts."""
    failed = in_parallel(lambda login: check(client, keys, serve, row(login), authorized=""), CERTIFICATES)
    assert not failed, "\n".join(failed)


@pytest.mark.parametrize("client", OPENSSH, ids=lambda client: client.name)
def test_keys_in_a_fido_token(client, keys, serve):
    failed = in_parallel(lambda name: check(client, keys, serve, row(name)), TOKEN_KEYS)
    assert not failed, "\n".join(failed)


@pytest.mark.parametrize("client", DIALOGUES, ids=lambda client: client.name)
def test_dialogues(client, keys, serve):
    """A hidden answer and, in a second round, one that is shown; of those who have only a password to give, the first."""
    (keys.directory / "file").write_bytes(INPUT)
    code = "" if isinstance(client, (Curl, Plink)) else CODE
    check(client, keys, serve, row("keyboard-interactive"), methods="keyboard-interactive", code=code)


@pytest.mark.parametrize("server", [server for server in SERVERS if isinstance(server, Sshd)], ids=lambda server: server.name)
def test_our_client_with_certificates(server, keys, tmp_path):
    hosts = {"HostCertificate": [keys.certificate("host", name) for name in ALGORITHMS[:5]]}
    with server.start(keys, tmp_path, TrustedUserCAKeys=keys.authorities, AuthorizedKeysFile="none", **hosts) as port:
        failed = in_parallel(lambda row: check_our_client(port, keys, row), certificates())
    assert not failed, "\n".join(failed)


@pytest.mark.parametrize("host_key", [HOST, HOST + CERTIFICATE])
def test_our_client_refuses_revoked_host_keys(host_key, keys, serve, tmp_path):
    revoked = tmp_path / "revoked"
    run(["ssh-keygen", "-q", "-k", "-f", revoked, keys.path("host", HOST).with_suffix(".pub")])
    with serve(host_keys=[host_key]) as server:
        command = [BIN / "conformance_client", server.port, "exit 3", f"--password={PASSWORD}", "--host-name=127.0.0.1",
                   f"--host-authorities={keys.authorities}", f"--host-key={keys.fingerprint('host', HOST)}"]
        assert run(command).status == 3
        refused = run([*command, f"--revoked={revoked}"])
    assert refused.status == 255 and b"host key" in refused.errors


def test_our_client_in_a_dialogue(keys, serve):
    with serve(methods="keyboard-interactive", code=CODE) as server:
        command = [BIN / "conformance_client", server.port, "exit 3", f"--host-key={keys.fingerprint('host', HOST)}",
                   f"--host-key-algorithms={HOST}", f"--answer={PASSWORD}"]
        assert run([*command, f"--answer={CODE}"]).status == 3
        assert run([*command, "--answer=271828"]).status == 255

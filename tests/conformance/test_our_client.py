# SPDX-License-Identifier: Apache-2.0
"""Our client logs in to other people's servers with everything that both sides know."""
import pytest

import matrix
import wire
from conftest import BIN, PASSWORD, in_parallel, is_certificate, pattern, sha256
from servers import SERVERS, run

INPUT = pattern(100_000)
COMMON = ["kex", "host_key", "cipher", "mac"]
COMMAND = "sha256sum; seq 10000; echo to standard error >&2; exit 7"
NUMBERS = "".join(f"{number}\n" for number in range(1, 10001)).encode()


def options(row, keys):
    login = [f"--password={PASSWORD}"] if row.login == "password" else [f"--key={keys.path('user', row.login)}"]
    if is_certificate(row.login):
        login.append(f"--certificate={keys.certificate('user', row.login)}")
    host = ["--host-name=127.0.0.1", f"--host-authorities={keys.authorities}"] if is_certificate(row.host_key) else [
        f"--host-key={keys.fingerprint('host', row.host_key)}"]
    return [*login, *host, f"--kex={row.kex}", f"--ciphers={row.cipher}", f"--host-key-algorithms={row.host_key}",
            *([f"--macs={row.mac}"] if row.mac else [])]


def check(port, keys, row):
    done = run([BIN / "conformance_client", port, COMMAND, "--user=alice", "--verbose", *options(row, keys)], INPUT)
    errors = done.errors.decode().splitlines()
    assert done.status == 7, (done.status, errors)
    assert done.output == sha256(INPUT).encode() + b"  -\n" + NUMBERS
    assert " ".join(["negotiated", row.kex, row.host_key, row.cipher, row.mac]).strip() in errors
    assert "to standard error" in errors


@pytest.mark.parametrize("server", SERVERS, ids=lambda server: server.name)
def test_everything_both_know(server, keys, ours, tmp_path):
    with server.start(keys, tmp_path) as port:
        theirs = wire.server_offer(port)
        mine = dict(ours, host_key=ours["key"])
        both = {kind: [name for name in mine[kind] if name in theirs[kind]] for kind in COMMON}
        lost = {name for kind in COMMON for name in mine[kind]} - {name for names in both.values() for name in names}
        assert lost <= server.lacks, f"no longer common: {lost - server.lacks}"
        # Of an RSA key's signatures our client takes the best; the other is tried below.
        logins = [name for name in ours["login"] if not name.startswith("sk-") and name != "rsa-sha2-256"] + ["password"]
        rows = matrix.rows(both["kex"], both["host_key"], both["cipher"], both["mac"], logins)
        failed = in_parallel(lambda row: check(port, keys, row), rows)
    print(f"{server.name}: {len(rows)} logins; {both}")
    assert not failed, f"{len(failed)} of {len(rows)}:\n" + "\n".join(failed[:10])


@pytest.mark.parametrize("server, attempts", [(SERVERS[0], 6), (SERVERS[1], 1)], ids=lambda value: getattr(value, "name", value))
def test_the_other_signature_of_an_rsa_key(server, attempts, keys, tmp_path):
    """A server that takes rsa-sha2-256 only. OpenSSH 9.2 lists all the same what it knows, and our client comes to it after its
    first choice; OpenSSH 10 lists what it takes, and there is but one attempt."""
    with server.start(keys, tmp_path, PubkeyAcceptedAlgorithms="rsa-sha2-256", MaxAuthTries=attempts) as port:
        check(port, keys, matrix.Row("curve25519-sha256", "ssh-ed25519", "aes128-gcm@openssh.com", "", "rsa-sha2-256"))

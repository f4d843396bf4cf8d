# SPDX-License-Identifier: Apache-2.0
"""New keys while data flow: by the other side's limit and by ours, by bytes and by time."""
import pytest

from clients import CLIENTS, OpenSsh, Session, run
from conftest import BIN, pattern, sha256
from matrix import Row
from servers import SERVERS, Sshd

OPENSSH = [client for client in CLIENTS if isinstance(client, OpenSsh)]
SSHD = [server for server in SERVERS if isinstance(server, Sshd)]
PROBE = "sha256sum; seq 100000; exit 7"
NUMBERS = "".join(f"{number}\n" for number in range(1, 100_001)).encode()
# An idle connection keeps its keys: time counts when something comes.
DRIPS = "for n in 1 2 3 4 5 6 7 8; do echo $n; sleep 0.4; done"
by_name = {"ids": lambda one: one.name}


def row(kex):
    # Of host keys the one that OpenSSH verifies fastest: what is tried is the change of keys.
    return Row(kex, "ecdsa-sha2-nistp256", "aes128-gcm@openssh.com", "", "ssh-ed25519")


def rekeys(server):
    return sum(line.startswith("rekeyed ") for line in server.log())


def echo(client, server, keys, tried, size, *options):
    data = pattern(size)
    done = client.run(Session(tried, server.port, keys, "cat", data), *options)
    assert done.status == 0, done.errors
    assert sha256(done.output) == sha256(data)


@pytest.mark.parametrize("client", OPENSSH, **by_name)
def test_openssh_asks_every_64_kilobytes_of_200_megabytes_each_way(client, serve, keys):
    with serve() as server:
        echo(client, server, keys, row("ecdh-sha2-nistp256"), 200_000_000, "-oRekeyLimit=64K")
        assert rekeys(server) > 1000


def test_post_quantum_keys_every_64_kilobytes(serve, keys):
    with serve() as server:
        echo(OPENSSH[1], server, keys, row("mlkem768x25519-sha256"), 10_000_000, "-oRekeyLimit=64K")
        assert rekeys(server) > 100


@pytest.mark.parametrize("client", OPENSSH, **by_name)
def test_our_server_asks_by_bytes(client, serve, keys):
    with serve(rekey_bytes=65536) as server:
        echo(client, server, keys, row("ecdh-sha2-nistp256"), 20_000_000)
        assert rekeys(server) > 50


def test_both_sides_ask(serve, keys):
    """Their KEXINITs cross again and again."""
    with serve(rekey_bytes=50_000) as server:
        echo(OPENSSH[1], server, keys, row("ecdh-sha2-nistp256"), 20_000_000, "-oRekeyLimit=64K")
        assert rekeys(server) > 100


def test_our_server_asks_by_time(serve, keys):
    with serve(rekey_seconds=1) as server:
        session = Session(row("ecdh-sha2-nistp256"), server.port, keys, "cat", b"")
        command = [OPENSSH[0].directory / "ssh", *OPENSSH[0].options(session), "-p", server.port, "alice@127.0.0.1", "cat"]
        done = run(["sh", "-c", f'{DRIPS} | "$@"', "sh", *command])
        assert done.output == b"1\n2\n3\n4\n5\n6\n7\n8\n", done.errors
        assert rekeys(server) >= 2


def our_client(port, keys, command, *options):
    data = pattern(1_000_000)
    fingerprint = keys.fingerprint("host", "ssh-ed25519")
    done = run([BIN / "conformance_client", port, command, "--user=alice", f"--key={keys.path('user', 'ssh-ed25519')}",
                f"--host-key={fingerprint}", "--host-key-algorithms=ssh-ed25519", *options], data)
    assert done.status == 7, done.errors
    assert done.output.startswith(sha256(data).encode() + b"  -\n") and done.output.endswith(NUMBERS)


def key_exchanges(directory):
    return (directory / "log").read_text().count("SSH2_MSG_KEXINIT received")


@pytest.mark.parametrize("server", SSHD, **by_name)
def test_our_client_asks_by_bytes(server, keys, tmp_path):
    with server.start(keys, tmp_path, LogLevel="DEBUG1") as port:
        our_client(port, keys, PROBE, "--rekey-bytes=65536")
    assert key_exchanges(tmp_path) > 10


@pytest.mark.parametrize("server", SSHD, **by_name)
def test_our_client_asks_by_time(server, keys, tmp_path):
    with server.start(keys, tmp_path, LogLevel="DEBUG1") as port:
        our_client(port, keys, f"sha256sum; {DRIPS}; seq 100000; exit 7", "--rekey-seconds=1")
    assert key_exchanges(tmp_path) >= 3


@pytest.mark.parametrize("server", SSHD, **by_name)
def test_sshd_asks_our_client(server, keys, tmp_path):
    with server.start(keys, tmp_path, LogLevel="DEBUG1", RekeyLimit="64K") as port:
        our_client(port, keys, PROBE)
    assert key_exchanges(tmp_path) > 10

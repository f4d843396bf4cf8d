# SPDX-License-Identifier: Apache-2.0
"""New keys while data flow: by the other side's limit and by ours, by bytes and by time."""
import pytest

from clients import CLIENTS, Curl, OpenSsh, Paramiko, Session, run
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


def row_for(client):
    """What every client knows."""
    kex = "curve25519-sha256@libssh.org" if client.name == "paramiko" else "ecdh-sha2-nistp256"
    return row(kex)._replace(cipher="aes128-ctr", mac="hmac-sha2-256")


def rekeys(server):
    return sum(line.startswith("rekeyed ") for line in server.log())


def echo(client, server, keys, tried, size, rekey=0):
    data = pattern(size)
    done = client.run(Session(tried, server.port, keys, "cat", data, rekey))
    assert done.status == 0, done.errors
    assert sha256(done.output) == sha256(data)


@pytest.mark.parametrize("client", OPENSSH, **by_name)
def test_openssh_asks_every_64_kilobytes_of_200_megabytes_each_way(client, serve, keys):
    with serve() as server:
        echo(client, server, keys, row("ecdh-sha2-nistp256"), 200_000_000, rekey=65536)
        assert rekeys(server) > 1000


def test_post_quantum_keys_every_64_kilobytes(serve, keys):
    with serve() as server:
        echo(OPENSSH[1], server, keys, row("mlkem768x25519-sha256"), 10_000_000, rekey=65536)
        assert rekeys(server) > 100


@pytest.mark.parametrize("client", [client for client in CLIENTS if client.can_rekey], **by_name)
def test_other_clients_ask(client, serve, keys):
    with serve() as server:
        echo(client, server, keys, row_for(client), 6_000_000, rekey=65536)
        assert rekeys(server) >= 3


@pytest.mark.parametrize("client", CLIENTS, **by_name)
def test_our_server_asks_by_bytes(client, serve, keys):
    with serve(rekey_bytes=65536, host_keys=["ecdsa-sha2-nistp256"]) as server:
        if client.sends_during_kex:  # so it must have nothing to send; we have sent everything by the second time
            done = client.run(Session(row_for(client), server.port, keys, "stream 900000", b""))
            assert done.output == pattern(900_000), done.errors
        elif isinstance(client, Curl):
            path = keys.directory / "large"
            path.write_bytes(pattern(6_000_000))
            done = client.run(Session(row_for(client), server.port, keys, path, b""))
            assert done.output == path.read_bytes(), done.errors
        else:
            echo(client, server, keys, row_for(client), 6_000_000)
        assert rekeys(server) >= (1 if client.sends_during_kex else 3)


def test_paramiko_asks_when_it_is_told_to(serve, keys):
    """Not by bytes: while it waits for new keys it may answer a CLOSE, and then it waits for ever."""
    client = next(client for client in CLIENTS if isinstance(client, Paramiko))
    with serve() as server:
        session = Session(row_for(client), server.port, keys, "cat", b"")
        transport = client.transport(session)
        client.log_in(transport, session)
        channel = transport.open_session()
        channel.exec_command(session.command)
        for number in range(5):
            channel.sendall(pattern(1000 + number))
            assert channel.makefile("rb").read(1000 + number) == pattern(1000 + number)
            transport.renegotiate_keys()
        assert rekeys(server) == 5
        transport.close()


def test_both_sides_ask(serve, keys):
    """Their KEXINITs cross again and again."""
    with serve(rekey_bytes=50_000) as server:
        echo(OPENSSH[1], server, keys, row("ecdh-sha2-nistp256"), 20_000_000, rekey=65536)
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

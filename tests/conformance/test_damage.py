# SPDX-License-Identifier: Apache-2.0
"""A hostile or broken network between two ends, one of them ours at least: what arrives is right or nothing, and the server
serves the next one."""
import random
import time

import pytest

from clients import CLIENTS, Session, run
from conftest import BIN, in_parallel, pattern, sha256
from matrix import Row
from proxy import TO_CLIENT, TO_SERVER, Cut, Flip, Proxy, SingleBytes
from servers import SERVERS

INPUT, OUTPUT = pattern(20_000), 10_000
DEADLINE = 30  # seconds: to log in 4, to miss a peer 3 × 1; the rest is for a busy machine
CIPHERS = ["aes128-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes256-ctr"]
MACS = {"aes256-ctr": "hmac-sha2-256-etm@openssh.com"}
OPENSSH = CLIENTS[1]
SSHD = SERVERS[1]


def row(cipher, kex="curve25519-sha256"):
    return Row(kex, "ssh-ed25519", cipher, MACS.get(cipher, ""), "ssh-ed25519")


def our_client(row, port, keys, command, data, login="user"):
    return run([BIN / "conformance_client", port, command, "--user=alice", f"--key={keys.path(login, row.login)}", "--login-seconds=4",
                f"--host-key={keys.fingerprint('host', row.host_key)}", f"--kex={row.kex}", f"--ciphers={row.cipher}",
                f"--host-key-algorithms={row.host_key}", *([f"--macs={row.mac}"] if row.mac else [])], data)


def openssh(row, port, keys, command, data):
    return OPENSSH.run(Session(row, port, keys, command, data))


def server_options(row):
    return {"kex": row.kex, "ciphers": row.cipher, "macs": row.mac, "host_keys": ["ssh-ed25519"], "login_seconds": 4,
            "alive_seconds": 1}


def through(port, damage, client, *arguments):
    began = time.monotonic()
    with Proxy(port, damage) as proxy:
        done = client(proxy.port, *arguments)
    assert time.monotonic() - began < DEADLINE, "it hung"
    return done, proxy.passed


def right_or_nothing(done, expected):
    """Nothing wrong ever arrives; and what was not damaged succeeds."""
    assert expected.startswith(done.output), "wrong data were delivered"
    assert done.status == 255 or (done.status == 7 and done.output == expected), done
    return done.status == 7


def damages(passed, count, seed):
    """Half of them early, where the keys are made."""
    chosen = random.Random(seed)
    for number in range(count):
        direction = chosen.choice((TO_SERVER, TO_CLIENT))
        end = passed[direction] if number % 2 else min(3000, passed[direction])
        yield Flip(direction, chosen.randrange(end), chosen.randrange(8))


def flip_bits(port, client, count, seed):
    clean, passed = through(port, SingleBytes(), client)
    assert clean.status == 7, clean.errors
    survived = []

    def attempt(damage):
        done, _ = through(port, damage, client)
        if right_or_nothing(done, clean.output):
            survived.append(damage)

    failed = in_parallel(attempt, list(damages(passed, count, seed)), workers=8)
    assert not failed, "\n".join(failed[:10])
    # Padding of packets before encryption belongs to nobody, nor does what comes after the last byte of output.
    assert len(survived) < count / 5, [str(one) for one in survived]
    assert through(port, SingleBytes(), client)[0] == clean, "the next one is not served"


@pytest.mark.parametrize("cipher", CIPHERS)
def test_a_flipped_bit_between_our_two_ends(cipher, serve, keys):
    with serve(**server_options(row(cipher))) as server:
        flip_bits(server.port, lambda port: our_client(row(cipher), port, keys, f"check {OUTPUT}", INPUT), 150, cipher)


@pytest.mark.parametrize("cipher", CIPHERS)
def test_a_flipped_bit_between_openssh_and_our_server(cipher, serve, keys):
    with serve(**server_options(row(cipher))) as server:
        flip_bits(server.port, lambda port: openssh(row(cipher), port, keys, f"check {OUTPUT}", INPUT), 50, cipher)


@pytest.mark.parametrize("cipher", CIPHERS)
def test_a_flipped_bit_between_our_client_and_sshd(cipher, keys, tmp_path):
    command = "sha256sum; seq 2000; exit 7"
    with SSHD.start(keys, tmp_path, LoginGraceTime=4, ClientAliveInterval=1, PerSourcePenalties="no") as port:
        flip_bits(port, lambda port: our_client(row(cipher), port, keys, command, INPUT), 50, cipher)


@pytest.mark.parametrize("kex", ["curve25519-sha256", "mlkem768x25519-sha256"])
def test_a_cut_at_each_offset_of_the_handshake(kex, serve, keys):
    tried = row(CIPHERS[0], kex)
    step = 1 if kex == "curve25519-sha256" else 7  # the long messages are cut here and there
    with serve(**server_options(tried)) as server:
        def refused(port):  # up to where the login fails
            return our_client(tried, port, keys, "exit 7", b"", login="host")

        _, passed = through(server.port, SingleBytes(), refused)
        cuts = [Cut(direction, offset) for direction in (TO_SERVER, TO_CLIENT) for offset in range(0, passed[direction], step)]

        def attempt(cut):
            done, _ = through(server.port, cut, lambda port: our_client(tried, port, keys, "exit 7", b""))
            assert done.status == 255 and not done.output, done

        failed = in_parallel(attempt, cuts)
        assert not failed, "\n".join(failed[:10])
        # Each of them has ended on the server too, and then it serves the next one.
        server.wait_for(("failed ", "closed "), len(cuts) + 1)
        assert our_client(tried, server.port, keys, "exit 7", b"").status == 7


@pytest.mark.parametrize("kex", ["curve25519-sha256", "ecdh-sha2-nistp256", "mlkem768x25519-sha256"])
def test_single_bytes(kex, serve, keys):
    for cipher in CIPHERS:
        with serve(**server_options(row(cipher, kex))) as server:
            for client in (our_client, openssh):
                done, _ = through(server.port, SingleBytes(), lambda port: client(row(cipher, kex), port, keys, f"check {OUTPUT}", INPUT))
                assert done.status == 7, done.errors
                facts, _, stream = done.output.partition(b"\n")
                assert facts.decode().split("\t")[3] == sha256(INPUT) and stream == pattern(OUTPUT)

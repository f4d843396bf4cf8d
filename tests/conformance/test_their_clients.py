# SPDX-License-Identifier: Apache-2.0
"""Other people's clients log in to our server with everything that both sides know."""
import pytest

import matrix
from clients import CLIENTS, Curl, Session
from conftest import SECRETS, in_parallel, pattern, sha256

INPUT = pattern(100_000)
OUTPUT = 40_000
COMMON = ["kex", "host_key", "cipher", "mac"]


def common(client, keys, ours):
    theirs = client.knows(keys)
    mine = dict(ours, host_key=ours["key"])
    both = {kind: [name for name in mine[kind] if name in theirs[kind]] for kind in COMMON}
    lost = {name for kind in COMMON for name in mine[kind]} - {name for names in both.values() for name in names}
    assert lost <= client.lacks, f"no longer common: {lost - client.lacks}"
    both["login"] = [name for name in ours["login"] if name in client.logins] + ["password"]
    if not client.chooses_rsa:
        both["login"].remove("rsa-sha2-256") if "rsa-sha2-256" in both["login"] else None
        rsa = [name for name in theirs["host_key"] if name in both["host_key"] and name.startswith("rsa-")]
        both["host_key"] = [name for name in both["host_key"] if name not in rsa[1:]]
    return both


def rows_for(client, both):
    quick = [name for name in both["kex"] if name not in client.slow]
    rest = [both["host_key"], both["cipher"], both["mac"], both["login"]]
    slow = [matrix.rows([kex], *(column[:1] for column in rest))[0] for kex in both["kex"] if kex in client.slow]
    return slow + matrix.rows(quick, *rest)


def check(client, keys, serve, row, **more):
    options = {"host_keys": [row.host_key], "kex": row.kex, "ciphers": row.cipher, "macs": row.mac, **more}
    names = " ".join(name for name in (row.kex, row.host_key, row.cipher, row.mac) if name)
    with serve(**options) as server:
        if isinstance(client, Curl):
            path = keys.directory / "file"
            done = client.run(Session(row, server.port, keys, path, b""))
            assert done.status == 0 and done.output == path.read_bytes(), done.errors
            assert server.wait_for("keys ") == f"keys {names}"
            return
        done = client.run(Session(row, server.port, keys, f"check {OUTPUT}", INPUT))
        assert done.status == 7, (done.status, done.errors, server.log())
        facts, _, stream = done.output.partition(b"\n")
        negotiated, method, fingerprint, digest = facts.decode().split("\t")
        assert negotiated == names
        assert method == (row.login if row.login in SECRETS else "publickey")
        assert fingerprint == ("" if row.login in SECRETS else keys.fingerprint("user", row.login))
        assert digest == sha256(INPUT) and stream == pattern(OUTPUT)
        assert b"to standard error\n" in done.errors


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_everything_both_know(client, keys, serve, ours):
    (keys.directory / "file").write_bytes(INPUT)
    both = common(client, keys, ours)
    rows = rows_for(client, both)
    print(f"{client.name}: {len(rows)} logins; {both}")
    failed = in_parallel(lambda row: check(client, keys, serve, row), rows)
    assert not failed, f"{len(failed)} of {len(rows)}:\n" + "\n".join(failed[:10])

# SPDX-License-Identifier: Apache-2.0
"""Clients that Debian 12 does not have (scripts/get-test-peers), other people's SFTP and scp, and ssh-audit, all against the
daemon as it is configured by default."""
import re
import sys

import pytest
import yaml
from conftest import IMAGES, PASSWORD, ROOT, Daemon, run, same_tree

sys.path.insert(0, str(ROOT / "tests/support"))
from ssh_audit import known_remarks, remarks

PEERS = IMAGES / "peers"
OPENSSH_10 = PEERS / "usr/bin"
pytestmark = pytest.mark.parametrize("daemon", ["oci"], indirect=True)


def fingerprints(daemon):
    listed = run("ssh-keygen", "-lf", daemon.directory / "known_hosts").stdout.decode().split()
    return [word for word in listed if word.startswith("SHA256:")]


def test_openssh_10_logs_in_with_post_quantum_keys(daemon):
    done = run(OPENSSH_10 / "ssh", "-v", *daemon.options, "-p", daemon.port, "alice@127.0.0.1", "cat; echo err >&2; exit 7",
               input=b"in and out")
    assert (done.returncode, done.stdout) == (7, b"in and out")
    assert b"kex: algorithm: mlkem768x25519-sha256" in done.stderr and b"err\n" in done.stderr
    assert b"WARNING" not in done.stderr, "it misses post-quantum keys"


def test_openssh_10_gets_a_terminal(daemon):
    done = run(OPENSSH_10 / "ssh", "-tt", *daemon.options, "-p", daemon.port, "alice@127.0.0.1", input=b"tty; exit 5\n")
    assert done.returncode == 5 and b"/dev/pts/" in done.stdout, done


def test_openssh_10_sftp(daemon, tree, tmp_path):
    batch = tmp_path / "batch"
    batch.write_text(f"mkdir /tmp/ten\nput -r {tree} /tmp/ten\nget -r /tmp/ten/tree {tmp_path}/back\nls -l /tmp/ten/tree\n")
    done = run(OPENSSH_10 / "sftp", "-S", OPENSSH_10 / "ssh", *daemon.options, "-P", daemon.port, "-b", batch, "alice@127.0.0.1")
    assert done.returncode == 0, done.stderr
    same_tree(tree, tmp_path / "back")


@pytest.mark.parametrize("protocol", ["-O", "-s"], ids=["scp", "sftp"])
def test_openssh_10_scp(daemon, tree, tmp_path, protocol):
    with daemon.master(tmp_path, OPENSSH_10 / "ssh") as control:
        options = ["-S", OPENSSH_10 / "ssh", *daemon.options, control, protocol, "-rp", "-P", daemon.port]
        up = run(OPENSSH_10 / "scp", *options, tree, "alice@127.0.0.1:/tmp/ten")
        assert up.returncode == 0, up.stderr
        down = run(OPENSSH_10 / "scp", *options, "alice@127.0.0.1:/tmp/ten", tmp_path / "back")
        assert down.returncode == 0, down.stderr
        same_tree(tree, tmp_path / "back")


def test_psftp(daemon, tree, tmp_path):
    batch = tmp_path / "batch"
    batch.write_text(f"mkdir /tmp/putty\ncd /tmp/putty\nlcd {tmp_path}\nput -r tree\nls\nchmod 600 tree/empty\nmv tree/empty tree/full\n"
                     f"mv tree/full tree/empty\nput tree/tool gone\nrm gone\nget -r tree back\n")
    keys = [word for key in fingerprints(daemon) for word in ("-hostkey", key)]
    done = run("psftp", "-batch", "-b", batch, "-P", daemon.port, "-l", "alice", "-pw", PASSWORD, *keys, "127.0.0.1")
    assert done.returncode == 0, done.stdout + done.stderr
    same_tree(tree, tmp_path / "back")


def curl(daemon, *requests):
    """Each request is words; all go over one connection, and so to one box."""
    login = ["-sS", "-k", "--pubkey", daemon.key.with_suffix(".pub"), "--key", daemon.key, "-u", "alice:"]
    done = run("curl", *[word for words in requests for word in ("--next", *login, *words)][1:])
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("scheme", ["sftp", "scp"])
def test_curl_both_ways(daemon, tree, scheme):
    """libssh2's SFTP and its own idea of scp's protocol."""
    there = f"{scheme}://127.0.0.1:{daemon.port}/tmp/noise"
    assert curl(daemon, ["-T", tree / "noise", there], [there]) == (tree / "noise").read_bytes()


def test_curl_lists_a_directory(daemon):
    assert b"passwd" in curl(daemon, ["-l", f"sftp://127.0.0.1:{daemon.port}/etc/"]).split()


def test_ssh_audit_finds_what_is_known_and_no_more(daemon):
    assert remarks(PEERS, daemon.port) == known_remarks(ecdsa=(256,))


def test_the_documented_settings_leave_ssh_audit_nothing_to_say(daemon, work):
    documented = re.search(r"```yaml\n(ssh:.*?)```", (ROOT / "docs/security.md").read_text(), re.S)
    settings = yaml.safe_load(documented[1])["ssh"]
    settings["hostkeys"] = [str(daemon.key)]  # an Ed25519 key, as there
    strict = Daemon(work / "strict", "oci", "busybox", **{f"ssh__{name}": value for name, value in settings.items()}).start()
    try:
        assert remarks(PEERS, strict.port) == set()
    finally:
        strict.stop()

# SPDX-License-Identifier: Apache-2.0
"""Data into and out of a box, wherever it comes from: exact, bounded, complete; files of the login, SFTP, scp."""
import hashlib
import os
import pathlib
import subprocess
import time

import pytest
from conftest import FILES, IN_A_DIRECTORY_THAT_IS_THERE, e2e


def test_much_output_is_exact(backend):
    line = b"all that a program writes comes out, in order, once\n"
    size = 64 << 20
    done = backend.ssh(f"yes '{line.decode().strip()}' | head -c {size}; exit 3", timeout=120)
    assert done.returncode == 3 and len(done.stdout) == size
    expected = hashlib.sha256((line * (size // len(line) + 1))[:size]).digest()
    assert hashlib.sha256(done.stdout).digest() == expected


def test_much_input_is_exact(backend):
    data = os.urandom(1 << 20) * 8
    done = backend.ssh("sha256sum", input=data, timeout=120)
    assert done.stdout.split()[0].decode() == hashlib.sha256(data).hexdigest()


def test_output_before_an_exit_is_complete(backend):
    for _ in range(2 if backend.kind.mode == "session" else 10):
        done = backend.ssh("head -c 300000 /dev/zero | tr '\\0' x; exit 3")
        assert (len(done.stdout), done.returncode) == (300000, 3)


def resident_kilobytes(process):
    return int(pathlib.Path(f"/proc/{process.pid}/status").read_text().split("VmRSS:")[1].split()[0])


def processor_ticks(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def test_output_that_nobody_reads_does_not_grow_the_daemon(backend):
    process = backend.daemon.process
    before = resident_kilobytes(process)
    client = subprocess.Popen(backend.command("cat /dev/zero"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    client.stdout.read(1)
    # Everything between program and client has filled up when the daemon has nothing to do any more.
    looks = [processor_ticks(process)]

    def is_idle():
        time.sleep(0.1)
        looks.append(processor_ticks(process))
        return len(looks) > 5 and looks[-1] == looks[-5]

    e2e.wait_until(is_idle, 20, "the daemon waits for its client")
    assert resident_kilobytes(process) < before + 50_000
    assert len(client.stdout.read(4 << 20)) == 4 << 20, "it goes on when somebody reads"
    client.kill()
    client.wait()
    assert backend.ssh("echo fine").stdout == b"fine\n"


def test_files_of_the_login_are_there_before_its_programs(backend):
    for path in FILES if backend.can("directories for files") else [IN_A_DIRECTORY_THAT_IS_THERE]:
        done = backend.ssh(f"stat -c '%a %u' {path}; cat {path}")
        assert done.stdout == b"600 0\n" + FILES[path]
    unwritten = [line["details"]["path"] for line in backend.daemon.log()
                 if line["code"] == "DOCKER_FILE_WRITE_FAILED" and line["details"]["username"] == "alice"]
    assert bool(unwritten) != backend.can("directories for files"), "what could not be written is told"


def test_sftp(backend, tree, tmp_path):
    batch = tmp_path / "batch"
    batch.write_text(f"mkdir /tmp/up\nput -r {tree} /tmp/up\nls -l /tmp/up/tree\nchmod 600 /tmp/up/tree/empty\n"
                     f"rename /tmp/up/tree/empty /tmp/up/tree/renamed\nln -s tool /tmp/up/tree/link\n"
                     f"rename /tmp/up/tree/renamed /tmp/up/tree/empty\nrm /tmp/up/tree/link\n"
                     f"get -r /tmp/up/tree {tmp_path}/back\ndf /tmp\n-ls /nonexistent\npwd\n")
    done = e2e.run("sftp", *backend.options(), "-b", batch, "alice@127.0.0.1")
    assert done.returncode == 0, done.stderr
    e2e.same_tree(tree, tmp_path / "back")


@pytest.mark.parametrize("protocol", ["-O", "-s"], ids=["scp", "sftp"])
def test_scp_both_ways(backend, tree, tmp_path, protocol):
    # In mode session each scp has a box of its own: the second finds what the image has.
    there = "/etc/skel" if backend.kind.mode == "session" else f"/tmp/by{protocol}"
    up = e2e.run("scp", *backend.options(), protocol, "-rp", tree, f"alice@127.0.0.1:/tmp/by{protocol}")
    assert up.returncode == 0, up.stderr
    down = e2e.run("scp", *backend.options(), protocol, "-rp", f"alice@127.0.0.1:{there}", tmp_path / "back")
    assert down.returncode == 0, down.stderr
    if backend.kind.mode == "session":
        assert (tmp_path / "back" / ".profile").read_text()
    else:
        e2e.same_tree(tree, tmp_path / "back")
        assert (tmp_path / "back" / "tool").stat().st_mode & 0o111
    missing = e2e.run("scp", *backend.options(), protocol, "alice@127.0.0.1:/nonexistent", tmp_path)
    assert missing.returncode != 0 and b"No such file" in missing.stderr

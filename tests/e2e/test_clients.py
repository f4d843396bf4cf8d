# SPDX-License-Identifier: Apache-2.0
"""Programs that people really use over ssh: sftp, scp, rsync, git, plink, paramiko, asyncssh, Ansible's and VS Code's ways."""
import asyncio
import os
import signal
import subprocess

import paramiko
import pytest
from conftest import PASSWORD, Daemon, own_daemons, run, same_tree, wait_until


def test_file_transfer_in_a_scratch_image(own_daemon, tree, tmp_path):
    """An image with nothing in it: SFTP, scp and its wildcards are the agent's own."""
    daemon = own_daemon(image="scratch").start()
    with daemon.master(tmp_path) as control:
        options = [*daemon.options, control, "-P", daemon.port]
        batch = tmp_path / "batch"
        batch.write_text(f"put -r {tree} /data/up\nls -l /data/up\nrename /data/up/empty /data/up/renamed\n"
                         f"cp /data/up/renamed /data/up/empty\nrm /data/up/renamed\nget -r /data/up {tmp_path}/back\ndf /data\n")
        done = run("sftp", *options, "-b", batch, "alice@127.0.0.1")
        assert done.returncode == 0, done.stderr
        same_tree(tree, tmp_path / "back")
        up = run("scp", *options, "-O", "-rp", tree, "alice@127.0.0.1:/data/there")
        assert up.returncode == 0, up.stderr
        down = run("scp", *options, "-O", "-rp", "alice@127.0.0.1:/data/there", tmp_path / "again")
        assert down.returncode == 0, down.stderr
        same_tree(tree, tmp_path / "again")
        (tmp_path / "some").mkdir()
        some = run("scp", *options, "-O", "alice@127.0.0.1:/data/there/[nt]o*", tmp_path / "some")
        assert some.returncode == 0, some.stderr
        assert sorted(os.listdir(tmp_path / "some")) == ["noise", "tool"]
        missing = run("scp", *options, "-O", "alice@127.0.0.1:/nonexistent", tmp_path)
        assert missing.returncode != 0 and b"No such file" in missing.stderr


def test_rsync_both_ways(daemon, tree, tmp_path):
    with daemon.master(tmp_path) as control:
        shell = f"{daemon.ssh_environment()} {control}"
        assert run("rsync", "-a", "-e", shell, f"{tree}/", "alice@127.0.0.1:/tmp/r/").returncode == 0
        (tree / "noise").write_bytes(b"changed")
        again = run("rsync", "-a", "--stats", "-e", shell, f"{tree}/", "alice@127.0.0.1:/tmp/r/")
        assert again.returncode == 0, again.stderr
        assert run("rsync", "-a", "-e", shell, "alice@127.0.0.1:/tmp/r/", f"{tmp_path}/back/").returncode == 0
        same_tree(tree, tmp_path / "back")


def test_git_clone_and_push(daemon, tmp_path):
    with daemon.master(tmp_path) as control:
        environment = dict(os.environ, GIT_SSH_COMMAND=f"{daemon.ssh_environment()} {control}",
                           GIT_CONFIG_GLOBAL="/dev/null", GIT_AUTHOR_NAME="a", GIT_AUTHOR_EMAIL="a@b", GIT_COMMITTER_NAME="a",
                           GIT_COMMITTER_EMAIL="a@b")
        assert daemon.ssh(control, "git init -q --bare /tmp/repo.git").returncode == 0
        git = lambda *words: subprocess.run(["git", *words], env=environment, check=True, capture_output=True, timeout=60)
        git("clone", "-q", "ssh://alice@127.0.0.1/tmp/repo.git", f"{tmp_path}/work")
        (tmp_path / "work" / "file").write_bytes(os.urandom(300000))
        git("-C", f"{tmp_path}/work", "add", "file")
        git("-C", f"{tmp_path}/work", "commit", "-qm", "one")
        git("-C", f"{tmp_path}/work", "push", "-q", "origin", "HEAD:main")
        git("clone", "-q", "-b", "main", "ssh://alice@127.0.0.1/tmp/repo.git", f"{tmp_path}/again")
        assert (tmp_path / "again" / "file").read_bytes() == (tmp_path / "work" / "file").read_bytes()


def test_plink(daemon):
    fingerprints = run("ssh-keygen", "-lf", daemon.directory / "known_hosts").stdout.decode().split()
    keys = [word for word in fingerprints if word.startswith("SHA256:")]
    done = run("plink", "-batch", "-P", daemon.port, "-l", "alice", "-pw", PASSWORD,
               *[word for key in keys for word in ("-hostkey", key)], "127.0.0.1", "echo plink; exit 5")
    assert (done.returncode, done.stdout) == (5, b"plink\n"), done.stderr


@pytest.fixture()
def paramiko_client(daemon):
    client = paramiko.SSHClient()
    client.load_host_keys(str(daemon.directory / "known_hosts"))
    client.connect("127.0.0.1", daemon.port, "alice", PASSWORD, allow_agent=False, look_for_keys=False)
    yield client
    client.close()


def test_paramiko(paramiko_client):
    stdin, stdout, stderr = paramiko_client.exec_command("cat; echo err >&2; exit 6")
    stdin.write("through paramiko\n")
    stdin.channel.shutdown_write()
    assert stdout.read() == b"through paramiko\n" and stderr.read() == b"err\n"
    assert stdout.channel.recv_exit_status() == 6
    with paramiko_client.open_sftp() as sftp:
        with sftp.open("/tmp/p", "w") as file:
            file.write("x" * 100000)
        assert sftp.stat("/tmp/p").st_size == 100000
        assert "p" in sftp.listdir("/tmp")


def paramiko_keys(daemon):
    """Keys alone: the exception says why there are none."""
    with paramiko.Transport(("127.0.0.1", daemon.port)) as transport:
        transport.start_client(timeout=10)


def test_clients_without_strict_key_exchange_are_named_or_refused(work):
    """Debian's paramiko is from before Terrapin (CVE-2023-48795), its OpenSSH has the remedy."""
    def named():
        return [line for line in daemon.log() if line["message"] == "kex_not_strict"]

    daemon = Daemon(work / f"strict-{next(own_daemons)}", "oci", "busybox").start()
    assert daemon.ssh("echo in").stdout == b"in\n"
    assert not named()
    paramiko_keys(daemon)
    wait_until(named, 10, "the log names the old client")
    daemon.set("ssh.requireStrictKex", True)
    daemon.write()
    daemon.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "CORE_CONFIG_RELOADED" in daemon.codes(), 10, "the file is read again")
    with pytest.raises((paramiko.SSHException, EOFError)):
        paramiko_keys(daemon)
    assert daemon.ssh("echo in").stdout == b"in\n"
    assert daemon.stop() == 0


def test_asyncssh(daemon):
    import asyncssh

    async def talk():
        async with asyncssh.connect("127.0.0.1", daemon.port, username="alice", client_keys=[str(daemon.key)],
                                    known_hosts=str(daemon.directory / "known_hosts")) as connection:
            done = await connection.run("echo asyncssh; kill -TERM $$")
            assert done.stdout == "asyncssh\n" and done.exit_signal[0] == "TERM"
            many = await asyncio.gather(*(connection.run(f"echo {n}") for n in range(15)))
            assert [one.stdout for one in many] == [f"{n}\n" for n in range(15)]
            async with connection.start_sftp_client() as sftp:
                await sftp.mkdir("/tmp/a")
                assert await sftp.isdir("/tmp/a")

    asyncio.run(asyncio.wait_for(talk(), 60))


def test_ansible_style_module(daemon):
    """Pipelining: the module's source on standard input of an interpreter, JSON on standard output."""
    module = b"import os, sys\nsys.stdout.write('{\"changed\": false, \"uid\": %d, \"big\": \"%s\"}' % (os.getuid(), 'x' * 200000))\n"
    done = daemon.ssh("/bin/sh -c '( umask 77 && python3 - ) && sleep 0'", input=module)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b'{"changed": false') and len(done.stdout) > 200000


def test_vscode_style_bootstrap(daemon):
    """A script on standard input of a bare shell starts a server that outlives the script; then talk to it."""
    script = b"""
set -e
python3 - <<'END' >/tmp/port 2>/dev/null &
import socket
s = socket.socket(socket.AF_UNIX); s.bind('/tmp/server'); s.listen()
print('listening', flush=True)
while True:
    c, _ = s.accept(); c.sendall(b'served'); c.close()
END
while ! grep -q listening /tmp/port; do sleep 0.1; done
echo "marker: server up"
exec python3 -c "import socket; s = socket.socket(socket.AF_UNIX); s.connect('/tmp/server'); print(s.recv(10).decode())"
"""
    done = daemon.ssh("-T", "sh", input=script)
    assert done.stdout == b"marker: server up\nserved\n", done

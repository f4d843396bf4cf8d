# SPDX-License-Identifier: Apache-2.0
"""`fairlead demo` as a newcomer meets it: the two printed lines, the pasted command, Ctrl-C."""
import os
import pathlib
import shlex
import shutil
import signal
import subprocess

import pexpect
import pytest

from conftest import BIN, free_port, run, wait_until

WRAPPER = next(pathlib.Path("/usr/lib").glob("*/libnss_wrapper.so"), None)


class Demo:
    """One run of the demo, for a person whose home is not the tester's own."""

    def __init__(self, directory, *options, uid=0):
        self.uid = uid
        self.home = directory / "home"
        (self.home / ".ssh").mkdir(parents=True, mode=0o700)
        (directory / "passwd").write_text(f"person:x:{uid}:{uid}::{self.home}:/bin/sh\n")
        assert WRAPPER, "libnss-wrapper is not installed (scripts/setup test)"
        self.environment = {name: value for name, value in os.environ.items() if name not in ("SUDO_USER", "SSH_AUTH_SOCK")}
        self.environment |= {"LD_PRELOAD": str(WRAPPER), "NSS_WRAPPER_PASSWD": str(directory / "passwd"),
                             "NSS_WRAPPER_GROUP": "/etc/group", "HOME": str(self.home)}
        self.port = free_port()
        self.options = [str(BIN / "fairlead"), "demo", "--port", str(self.port), *options]

    def make_key(self):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.home / ".ssh/id_ed25519"], check=True)
        return self

    def be_unprivileged(self, directory):
        """The programs and the home are where the person can reach them; the state directory is the home's."""
        for name in ("fairlead", "fairlead-agent"):
            shutil.copy(BIN / name, directory / name)
        self.options[0] = str(directory / "fairlead")
        for path in (self.home, *self.home.rglob("*")):
            os.chown(path, self.uid, self.uid)
        self.options = ["setpriv", f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups", *self.options]
        self.environment.pop("XDG_STATE_HOME", None)
        return self

    def start(self):
        self.process = subprocess.Popen(self.options, env=self.environment, text=True, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        lines = []
        while not lines or not lines[-1].startswith("password: "):
            line = self.process.stdout.readline()
            assert line, self.process.stderr.read()
            lines.append(line.rstrip("\n"))
        self.password = lines[-1].removeprefix("password: ")
        self.command = next(line.removeprefix("ready: ") for line in lines if line.startswith("ready: "))
        return self

    def state(self):
        options = shlex.split(self.command)
        known_hosts = next(word for word in options if word.startswith("UserKnownHostsFile="))
        return pathlib.Path(known_hosts.split("=", 1)[1]).parent

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(30) == 0, self.process.stderr.read()


@pytest.fixture
def demo(tmp_path):
    running = []

    def make(*options):
        running.append(Demo(tmp_path, *options))
        return running[-1]

    yield make
    for one in running:
        if hasattr(one, "process") and one.process.poll() is None:
            one.process.kill()
            one.process.wait()


@pytest.mark.parametrize("options", [(), ("--backend", "docker", "--image", "fairlead-test/busybox")],
                         ids=["oci", "docker"])
def test_the_printed_command_and_password_open_a_shell_and_ctrl_c_leaves_nothing(demo, options):
    one = demo(*options).start()
    assert one.command.startswith(f"ssh -p {one.port} ")
    state = one.state()
    session = pexpect.spawn("/bin/sh", ["-c", one.command], env=one.environment, timeout=30, encoding="utf-8")
    session.expect("password: ")  # and no question about the host before it
    assert "continue connecting" not in session.before
    session.sendline(one.password)
    session.expect(r"[#$] ")
    session.sendline("echo boxed-$((40 + 2))")
    session.expect("boxed-42")
    one.interrupt()
    session.expect(pexpect.EOF)
    assert not state.exists()
    assert str(state) not in pathlib.Path("/proc/self/mounts").read_text()
    boxes = run("docker", "ps", "-aq", "--filter", f"label=fairlead_instance={state.name}")
    assert boxes.stdout == b""
    assert run("ssh-keyscan", "-T", "2", "-p", one.port, "127.0.0.1").stdout == b""


def test_a_key_of_the_person_is_accepted_without_a_question(demo):
    one = demo().make_key().start()
    done = run("/bin/sh", "-c", one.command + " 'echo from the box; exit 7'", env=one.environment)
    assert (done.returncode, done.stdout, done.stderr) == (7, b"from the box\n", b"")


def test_a_person_without_privileges_gets_boxes_too(work):
    directory = work / "unprivileged"
    directory.mkdir()
    one = Demo(directory, uid=65534).make_key().be_unprivileged(directory).start()
    # TC-15: a process that is not dumpable is root's in /proc, whoever runs it: no debugger of that user reads our keys.
    assert os.stat(f"/proc/{one.process.pid}/mem").st_uid == 0
    try:
        assert one.state().is_relative_to(one.home)
        person = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        done = run(*person, "/bin/sh", "-c", one.command + " 'id -u; hostname; echo told >/dev/stderr; exit 9'",
                   env=one.environment)
        assert (done.returncode, done.stdout, done.stderr) == (9, b"0\nbox\n", b"told\n")
    finally:
        one.interrupt()
    assert not one.state().exists()


def test_the_password_is_made_for_each_run(demo):
    one = demo().start()
    first = one.password
    one.interrupt()
    one.start()
    assert one.password != first
    one.interrupt()


def test_a_taken_port_is_told(demo):
    one = demo().start()
    second = run(*one.options, env=one.environment)
    assert second.returncode == 1
    assert str(one.port).encode() in second.stderr and b"in use" in second.stderr
    assert one.state().exists()  # the first one's files are not the second one's to remove
    session = pexpect.spawn("/bin/sh", ["-c", one.command + " echo still-$((1 + 1))"], env=one.environment, timeout=30,
                            encoding="utf-8")
    session.expect("password: ")
    session.sendline(one.password)
    session.expect("still-2")


def test_what_a_crash_left_is_gone_after_the_next_run(demo):
    one = demo().make_key().start()
    session = subprocess.Popen(["/bin/sh", "-c", "exec " + one.command + " 'echo up; exec sleep 600'"], env=one.environment,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert session.stdout.readline() == b"up\n"
    boxes = one.state() / "boxes"
    left = list(boxes.glob("*/*"))
    assert left
    one.process.kill()
    one.process.wait()
    session.wait(30)
    assert all(path.exists() for path in left)
    one.start()
    wait_until(lambda: not any(path.exists() for path in left), 10, "the old run's boxes are gone")
    one.interrupt()
    assert not one.state().exists()

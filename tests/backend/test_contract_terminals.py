# SPDX-License-Identifier: Apache-2.0
"""What a user at a terminal can rely on, wherever the box comes from."""
import pexpect


def terminal(backend, *command, rows=24, columns=80, ):
    words = backend.command(*command)
    return pexpect.spawn(words[0], ["-tt", *words[1:]], timeout=30, dimensions=(rows, columns), encoding="utf-8")


def resize(session, rows, columns):
    """OpenSSH 9.2 loses a signal that comes between its look for one and its wait for input: then there is a further one."""
    for more in range(6):
        session.setwinsize(rows, columns + more)
        if session.expect([f"{rows} {columns + more}", pexpect.TIMEOUT], timeout=3) == 0:
            return
    raise AssertionError(session.before)


def test_a_login_shell(backend):
    session = terminal(backend)
    session.expect(r"[#$] ")
    session.sendline("echo $((6 * 7)); tty; exit 9")
    session.expect(r"42\s")
    session.expect(r"/dev/pts/\d+")
    session.expect(pexpect.EOF)
    session.close()
    assert session.exitstatus == 9


def test_both_outputs_are_one_and_the_type_is_the_clients(backend):
    environment = {"PATH": "/usr/bin:/bin", "TERM": "vt220"}
    # The client's input ends at once; with a terminal Docker takes that for the end of the output, if it is told.
    joined = backend.daemon.ssh("-tt", "sleep 0.3; echo out; echo err >&2; echo $TERM; exit 7", env=environment)
    assert (joined.stdout, joined.returncode) == (b"out\r\nerr\r\nvt220\r\n", 7)


def test_the_size_is_there_before_the_program_starts(backend):
    session = terminal(backend, "stty size; sleep 0.5; stty size", rows=37, columns=123)
    session.expect("37 123" if backend.can("a size at the start") else r"\d+ \d+\s")
    session.expect("37 123")
    session.expect(pexpect.EOF)


def test_a_change_of_the_window_reaches_the_program(backend):
    session = terminal(backend, "sleep 0.2; trap 'stty size' WINCH; echo ready; while :; do sleep 0.1; done")
    session.expect("ready")
    resize(session, 50, 132)
    resize(session, 20, 60)
    session.close(force=True)


def test_modes_of_the_client_reach_the_terminal(backend):
    words = backend.daemon.ssh_command("stty -a")
    session = pexpect.spawn("sh", ["-c", 'stty intr ^T -echo; exec "$@"', "sh", words[0], "-tt", *words[1:]], timeout=30,
                            encoding="utf-8")
    session.expect(r"intr = (\^.)")
    assert (session.match.group(1) == "^T") == backend.can("terminal modes")
    session.expect(r" (-?echo) ")
    assert (session.match.group(1) == "-echo") == backend.can("terminal modes")
    session.expect(pexpect.EOF)


def test_an_interrupt_from_the_keyboard(backend):
    # Typed ahead of what it is meant for, an interrupt meets bash between two modes and is lost, here as with sshd: so each
    # key waits for its reader. The echo of ^C comes after the line discipline's flush, which may take a prompt along.
    session = terminal(backend)
    session.expect(r"[#$] ")
    session.sendline("sh -c 'echo sleeping-$((1 + 1)); exec sleep 100'")
    session.expect("sleeping-2")
    session.sendcontrol("c")
    session.expect(r"\^C")
    session.sendline("echo alive-$((1 + 1))")
    session.expect("alive-2")
    session.expect(r"[#$] ")
    session.sendcontrol("d")
    session.expect(pexpect.EOF)

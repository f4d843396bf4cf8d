# SPDX-License-Identifier: Apache-2.0
"""Terminals: size and modes before the program starts, window changes, signals from the keyboard, full-screen programs."""
import pexpect
import pytest


def terminal(daemon, *command, rows=24, columns=80):
    words = daemon.ssh_command(*command)
    return pexpect.spawn(words[0], ["-tt", *words[1:]], timeout=30, dimensions=(rows, columns), encoding="utf-8")


def test_login_shell_with_a_terminal(daemon):
    session = terminal(daemon)
    session.expect(r"[#$] ")
    session.sendline("echo $((6 * 7))-$0; tty; echo TTY=$SSH_TTY")
    session.expect(r"42--\w+")  # a login shell's name begins with a dash
    session.expect(r"/dev/pts/\d+")
    session.expect(r"TTY=/dev/pts/\d+")
    session.sendline("exit 9")
    session.expect(pexpect.EOF)
    session.close()
    assert session.exitstatus == 9


def test_size_is_there_before_the_program_starts(daemon):
    session = terminal(daemon, "stty size", rows=37, columns=123)
    session.expect("37 123")
    session.expect(pexpect.EOF)


def test_modes_of_the_client_reach_the_terminal(daemon):
    words = daemon.ssh_command("stty -a")
    session = pexpect.spawn("sh", ["-c", 'stty intr ^T -echo; exec "$@"', "sh", words[0], "-tt", *words[1:]], timeout=30,
                            encoding="utf-8")
    session.expect(r"intr = \^T")
    session.expect(r"-echo ")
    session.expect(pexpect.EOF)


def test_window_change_reaches_the_program(daemon):
    session = terminal(daemon, "trap 'stty size' WINCH; echo ready; while :; do sleep 0.1; done")
    session.expect("ready")
    session.setwinsize(50, 132)
    session.expect("50 132")
    session.setwinsize(20, 60)
    session.expect("20 60")
    session.sendcontrol("c")
    session.expect(pexpect.EOF)


def test_interrupt_from_the_keyboard(daemon):
    # Typed ahead of what it is meant for, an interrupt meets bash between two modes and is lost, here as with sshd: so each
    # key waits for its reader. The echo of ^C comes after the line discipline's flush, which may take a prompt along.
    session = terminal(daemon)
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


def test_full_screen_editor_after_window_changes(daemon):
    session = terminal(daemon, "vi /tmp/note && cat /tmp/note", rows=24, columns=80)
    session.expect("note")
    session.setwinsize(40, 100)
    session.setwinsize(30, 90)
    session.send("ihello from the editor\x1b")
    session.send(":wq\r")
    session.expect(pexpect.EOF)
    assert "hello from the editor" in session.before


@pytest.mark.parametrize("signal_name", ["HUP", "INT", "TERM", "USR1"])
def test_signals_sent_by_the_client(daemon, signal_name):
    import paramiko
    client = paramiko.SSHClient()
    client.load_host_keys(str(daemon.directory / "known_hosts"))
    client.connect("127.0.0.1", daemon.port, "alice", key_filename=str(daemon.key), allow_agent=False, look_for_keys=False)
    try:
        channel = client.get_transport().open_session()
        channel.exec_command(f"trap 'echo got {signal_name}; exit 33' {signal_name}; echo ready; while :; do sleep 0.1; done")
        assert channel.recv(100) == b"ready\n"
        message = paramiko.Message()
        message.add_byte(b"\x62")  # SSH_MSG_CHANNEL_REQUEST
        message.add_int(channel.remote_chanid)
        message.add_string("signal")
        message.add_boolean(False)
        message.add_string(signal_name)
        client.get_transport()._send_user_message(message)
        assert channel.makefile().read() == f"got {signal_name}\n".encode()
        assert channel.recv_exit_status() == 33
    finally:
        client.close()

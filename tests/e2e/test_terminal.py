# SPDX-License-Identifier: Apache-2.0
"""Terminals with an agent: login shells and full-screen programs. What every backend must do is in tests/backend."""
import pexpect


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


def test_full_screen_editor_after_window_changes(daemon):
    session = terminal(daemon, "vi /tmp/note && cat /tmp/note", rows=24, columns=80)
    session.expect("note")
    session.setwinsize(40, 100)
    session.setwinsize(30, 90)
    session.send("ihello from the editor\x1b")
    session.send(":wq\r")
    session.expect(pexpect.EOF)
    assert "hello from the editor" in session.before

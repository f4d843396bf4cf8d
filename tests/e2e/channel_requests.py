# SPDX-License-Identifier: Apache-2.0
"""Channel requests of any kind, which paramiko does not send by itself, and their answers."""
import queue
import struct

import paramiko

SIZE = struct.pack(">IIII", 80, 25, 0, 0)  # of a terminal


def text(value):
    return struct.pack(">I", len(value)) + value.encode()


def send_request(channel, name, *fields, want_reply=False):
    """`fields` are encoded already."""
    message = paramiko.Message()
    message.add_byte(b"\x62")  # SSH_MSG_CHANNEL_REQUEST
    message.add_int(channel.remote_chanid)
    message.add_string(name)
    message.add_boolean(want_reply)
    for field in fields:
        message.add_bytes(field)
    channel.transport._send_user_message(message)


def send_signal(channel, name):
    send_request(channel, "signal", text(name))


class Asker:
    """A session channel whose requests are answered with yes or no; paramiko itself would close it at a no."""

    def __init__(self, client):
        self.answers = queue.Queue()
        table = dict(client._channel_handler_table)
        table[99] = lambda channel, message: self.answers.put(True)  # CHANNEL_SUCCESS
        table[100] = lambda channel, message: self.answers.put(False)  # CHANNEL_FAILURE
        client._channel_handler_table = table
        self.channel = client.open_session(timeout=20)
        self.channel.settimeout(20)

    def __call__(self, name, *fields):
        send_request(self.channel, name, *fields, want_reply=True)
        return self.answers.get(timeout=20)

    def output(self):
        return self.channel.makefile("rb").read()

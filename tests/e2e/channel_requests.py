# SPDX-License-Identifier: Apache-2.0
"""Channel requests of any kind, which paramiko does not send by itself."""
import struct

import paramiko


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

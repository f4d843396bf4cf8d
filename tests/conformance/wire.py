# SPDX-License-Identifier: Apache-2.0
"""Asks an SSH program what it knows: its KEXINIT (RFC 4253 section 7.1), read from the wire."""
import os
import socket
import struct

NAMES = ("kex", "host_key", "cipher", "cipher_back", "mac", "mac_back")


def read_line(stream):
    while not (line := stream.readline()).startswith(b"SSH-"):
        assert line, "no identification"
    return line


def read_offer(stream):
    """The lists of the KEXINIT that begins here."""
    length, padding = struct.unpack(">IB", stream.read(5))
    assert length < 35000
    payload = stream.read(length - 1)[:-padding]
    assert payload[0] == 20, "no KEXINIT"
    lists, place = {}, 17
    for name in NAMES:
        size, = struct.unpack_from(">I", payload, place)
        lists[name] = payload[place + 4:place + 4 + size].decode().split(",")
        place += 4 + size
    return lists


def server_offer(port):
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(b"SSH-2.0-Asking\r\n")
        with connection.makefile("rb") as stream:
            read_line(stream)
            return read_offer(stream)


def client_offer(start):
    """What the client offers that start(port) runs. Some wait for the server's KEXINIT before they send theirs."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)
        client = start(listener.getsockname()[1])
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as stream:
            connection.settimeout(20)
            connection.sendall(b"SSH-2.0-Asking\r\n" + kexinit())
            read_line(stream)
            offer = read_offer(stream)
    client()
    return offer


def kexinit():
    lists = ["curve25519-sha256", "ssh-ed25519", "aes128-ctr", "aes128-ctr", "hmac-sha2-256", "hmac-sha2-256", "none",
             "none", "", ""]
    payload = b"\x14" + os.urandom(16) + b"".join(struct.pack(">I", len(text)) + text.encode() for text in lists) + bytes(5)
    padding = 8 - (5 + len(payload)) % 8 + 8
    return struct.pack(">IB", len(payload) + padding + 1, padding) + payload + bytes(padding)

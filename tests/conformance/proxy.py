# SPDX-License-Identifier: Apache-2.0
"""A proxy between one client and one server that damages what passes: flips a bit, cuts the connection, delivers single
bytes."""
import contextlib
import selectors
import socket
import threading

TO_SERVER, TO_CLIENT = 0, 1


class Flip:
    """One bit of the byte at `offset` of one direction."""

    def __init__(self, direction, offset, bit):
        self.direction, self.offset, self.bit = direction, offset, bit

    def __str__(self):
        return f"bit {self.bit} of byte {self.offset} {('to the server', 'to the client')[self.direction]}"

    def pieces(self, direction, start, data):
        place = self.offset - start
        if direction == self.direction and 0 <= place < len(data):
            data = data[:place] + bytes([data[place] ^ 1 << self.bit]) + data[place + 1:]
        yield data


class Cut:
    """Both sides are closed before the byte at `offset` of one direction."""

    def __init__(self, direction, offset):
        self.direction, self.offset = direction, offset

    def __str__(self):
        return f"cut before byte {self.offset} {('to the server', 'to the client')[self.direction]}"

    def pieces(self, direction, start, data):
        if direction == self.direction and start + len(data) > self.offset:
            yield data[:self.offset - start]
            yield b""  # the end
        else:
            yield data


class SingleBytes:
    def pieces(self, direction, start, data):
        return (data[place:place + 1] for place in range(len(data)))


class Nothing:
    def pieces(self, direction, start, data):
        yield data


class Proxy:
    """with Proxy(server_port, damage) as proxy: a client may connect to proxy.port. Afterwards proxy.passed has the bytes of
    both directions."""

    def __init__(self, server_port, damage=Nothing()):
        self.server_port, self.damage = server_port, damage
        self.passed = [0, 0]

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)  # wakes an accept() that nobody came to
        self.listener.close()
        self.thread.join(30)
        assert not self.thread.is_alive(), "the connection through the proxy did not end"

    def serve(self):
        with contextlib.suppress(OSError):  # whoever goes first ends it
            client, _ = self.listener.accept()
            with client, socket.create_connection(("127.0.0.1", self.server_port)) as server:
                for one in (client, server):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.relay(client, server)

    def relay(self, client, server):
        ways = {client: (TO_SERVER, server), server: (TO_CLIENT, client)}
        with selectors.DefaultSelector() as selector:
            for one in ways:
                selector.register(one, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    direction, target = ways[key.fileobj]
                    data = key.fileobj.recv(65536)
                    if not data:
                        return
                    for piece in self.damage.pieces(direction, self.passed[direction], data):
                        if not piece:
                            return
                        target.sendall(piece)
                    self.passed[direction] += len(data)

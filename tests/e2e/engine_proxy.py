# SPDX-License-Identifier: Apache-2.0
"""Stands between a daemon and its Docker engine, counts the calls and does something at one of them."""
import re
import socket
import threading

CALL = re.compile(rb"(GET|HEAD|POST|PUT|DELETE) (/\S*) HTTP/1\.1\r\n")


class EngineProxy:
    """Calls are counted from 1 since the last `at()`."""

    def __init__(self, path, engine):
        self.engine = str(engine)
        self.lock = threading.Lock()
        self.calls = []
        self.strike = lambda number, call: None
        self.open = []
        self.released = threading.Event()
        self.released.set()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(64)
        self.accepting = threading.Thread(target=self.accept, daemon=True)
        self.accepting.start()

    def at(self, strike):
        """`strike(number, call)` says "before" or "after" for the call at which `hit` is to happen, else None."""
        with self.lock:
            self.calls = []
            self.strike = strike

    def never(self):
        self.at(lambda number, call: None)

    def hang(self):
        """Nothing passes any more, neither way, until release()."""
        self.released.clear()

    def release(self):
        self.released.set()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        engine = socket.socket(socket.AF_UNIX)
        try:
            engine.connect(self.engine)
        except OSError:
            client.close()
            return
        after = []  # what to do with the next byte of the answer
        threading.Thread(target=self.answers, args=(engine, client, after), daemon=True).start()
        while data := self.receive(client):
            call = CALL.match(data)
            if call and (do := self.note(call)):
                when, hit = do
                if when == "before":
                    hit()
                else:
                    after.append(hit)
            self.released.wait()
            if not self.send(engine, data):
                break
        self.end(engine)

    def note(self, call):
        with self.lock:
            self.calls.append((call[1] + b" " + call[2].partition(b"?")[0]).decode())
            return self.strike(len(self.calls), self.calls[-1])

    def answers(self, engine, client, after):
        while data := self.receive(engine):
            if after:
                after.pop()()
            self.released.wait()
            if not self.send(client, data):
                break
        self.end(client)

    @staticmethod
    def receive(end):
        try:
            return end.recv(1 << 16)
        except OSError:
            return b""

    @staticmethod
    def send(end, data):
        try:
            end.sendall(data)
            return True
        except OSError:
            return False

    @staticmethod
    def end(other):
        try:
            other.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self):
        """The thread first: one that still waits would serve whatever socket has the listener's number next."""
        self.release()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.accepting.join()
        self.listener.close()

# SPDX-License-Identifier: Apache-2.0
"""The floor of a server's CPU time: a program's bytes between its socket and TCP, with neither packets nor ciphers.

plain_copy.py out|in COMMAND   prints its port, serves one client, prints its CPU seconds
"""
import socket
import subprocess
import sys
import time

BATCH = 256 * 1024  # what the engine sends at once


def main():
    direction, command = sys.argv[1:]
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    client, _ = listener.accept()
    ours, theirs = socket.socketpair()
    program = subprocess.Popen(["/bin/sh", "-c", command], stdin=theirs, stdout=theirs)
    theirs.close()
    source, sink = (ours, client) if direction == "out" else (client, ours)
    before = time.process_time()
    buffer = memoryview(bytearray(BATCH))
    while size := source.recv_into(buffer):
        sink.sendall(buffer[:size])
    sink.shutdown(socket.SHUT_WR)
    print(time.process_time() - before, flush=True)
    program.wait()


if __name__ == "__main__":
    main()

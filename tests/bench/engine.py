# SPDX-License-Identifier: Apache-2.0
"""The engine beside sshd, both with programs of this machine behind a socket pair: no box, no daemon (pipe_server.cpp)."""
import pathlib
import resource
import socket
import statistics
import subprocess
import sys

from measure import children_of, cpu_seconds, private_kilobytes, quantiles

CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com")
DESCRIPTORS = 10_500  # of each side


class EngineBench:
    def __init__(self, binaries, sshd, quick):
        self.binaries, self.sshd, self.quick = binaries, sshd, quick

    def server(self):
        """pipe_server with sshd's keys, so that one client speaks to both."""
        return subprocess.Popen([self.binaries / "pipe_server", self.sshd.directory / "host", self.sshd.directory / "key.pub"],
                                stdout=subprocess.PIPE, text=True)

    def in_turn(self, rounds, measure):
        """measure(port, pid) for sshd and for the engine, in turn; each engine run has a server of its own."""
        results = {"sshd": [], "fairlead": []}
        for _ in range(rounds):
            results["sshd"].append(measure(self.sshd.port, self.sshd.process.pid))
            server = self.server()
            try:
                results["fairlead"].append(measure(int(server.stdout.readline()), server.pid))
            finally:
                server.terminate()
                server.wait()
        return results

    def timer(self, port, *words, **options):
        return subprocess.Popen([self.binaries / "ssh_timer", str(port), self.sshd.user, self.sshd.key, *map(str, words)],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options)

    def lines(self, port, *words):
        client = self.timer(port, *words)
        output, _ = client.communicate(timeout=300)
        assert client.returncode == 0, words
        return [float(line) for line in output.split()]

    def bulk(self):
        table = {}
        for cipher in CIPHERS:
            for direction in ("out", "in"):
                runs = self.in_turn(1 if self.quick else 3, lambda *server: self.one_bulk(*server, cipher, direction))
                medians = {name: statistics.median(values) for name, values in runs.items()}
                table[f"{cipher.split('@')[0]} {direction}"] = {
                    "sshd s/GB": medians["sshd"], "fairlead s/GB": medians["fairlead"],
                    "ratio": medians["fairlead"] / medians["sshd"]}
        for direction in ("out", "in"):
            table[f"floor {direction}"] = {"s/GB": statistics.median(self.floor(direction) for _ in range(1 if self.quick else 3))}
        return table

    def floor(self, direction):
        """What the kernel takes for the same way of the same bytes."""
        size = 256 if self.quick else 1024  # MiB
        command = f"dd if=/dev/zero bs=64k count={size * 16} 2>/dev/null" if direction == "out" else "cat >/dev/null"
        server = subprocess.Popen([sys.executable, pathlib.Path(__file__).with_name("plain_copy.py"), direction, command],
                                  stdout=subprocess.PIPE, text=True)
        with socket.create_connection(("127.0.0.1", int(server.stdout.readline()))) as client:
            if direction == "out":
                buffer = bytearray(1 << 20)
                while client.recv_into(buffer):
                    pass
            else:
                zeros = bytes(1 << 20)
                for _ in range(size):
                    client.sendall(zeros)
                client.shutdown(socket.SHUT_WR)
            used = float(server.stdout.readline())
        assert server.wait() == 0
        return used / (size * (1 << 20) / 1e9)

    def one_bulk(self, port, pid, cipher, direction):
        """CPU seconds of the server alone: its children that run the program are not counted, sshd's own processes are."""
        size = 256 if self.quick else 1024  # MiB
        out = direction == "out"
        words = ["ssh", "-F", "/dev/null", "-i", self.sshd.key, "-oBatchMode=yes", "-oStrictHostKeyChecking=no",
                 "-oUserKnownHostsFile=/dev/null", "-oLogLevel=ERROR", f"-oCiphers={cipher}", "-p", port, f"{self.sshd.user}@127.0.0.1",
                 f"dd if=/dev/zero bs=64k count={size * 16} 2>/dev/null; echo; sleep 1000" if out else
                 "cat >/dev/null; echo; sleep 1000"]
        client = subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL if out else subprocess.PIPE,
                                  stdout=subprocess.PIPE)
        try:
            # The program stays until it is measured, and so do the server's processes.
            if out:
                left = (size << 20) + 1
                while left:
                    left -= len(client.stdout.read1(min(left, 1 << 20)))
            else:
                zeros = bytes(1 << 20)
                for _ in range(size):
                    client.stdin.write(zeros)
                client.stdin.close()
                assert client.stdout.read1(1) == b"\n"
            return cpu_seconds(self.server_processes(pid), waited=False) / (size * (1 << 20) / 1e9)
        finally:
            client.terminate()
            client.wait()

    @staticmethod
    def server_processes(pid):
        """Not the programs that it runs."""
        kept = []
        for each in children_of(pid):
            with open(f"/proc/{each}/comm") as comm:
                if comm.read().strip().startswith(("sshd", "pipe_server")):
                    kept.append(each)
        return kept

    def login(self):
        count = 20 if self.quick else 200

        def measure(port, pid):
            before = cpu_seconds([pid])
            self.lines(port, "login", count)
            return (cpu_seconds([pid]) - before) / count * 1000

        runs = self.in_turn(1 if self.quick else 3, measure)
        medians = {name: statistics.median(values) for name, values in runs.items()}
        return {name: {"ms": value} for name, value in medians.items()}

    def idle(self):
        allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        assert allowed >= DESCRIPTORS, f"{allowed} descriptors are not enough for 10,000 connections"
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, allowed))
        table = {}
        for count in (100,) if self.quick else (1000, 10_000):
            server = self.server()
            try:
                port = int(server.stdout.readline())
                table[f"fairlead {count}"] = self.memory_of(port, server.pid, count)
            finally:
                server.terminate()
                server.wait()
        table["sshd 50"] = self.memory_of(self.sshd.port, self.sshd.process.pid, 50)
        return table

    def memory_of(self, port, pid, count):
        before = sum(map(private_kilobytes, children_of(pid)))
        client = self.timer(port, "idle", count)
        assert client.stdout.readline() == "ready\n"
        held = sum(map(private_kilobytes, children_of(pid))) - before
        newcomers = self.lines(port, "login", 11)
        client.stdin.close()
        assert client.wait() == 0
        return {"kB each": held / count, "MB in all": held / 1000, "new login ms": quantiles(newcomers)["p50"]}

    def fairness(self):
        table = {}
        runs = self.in_turn(1, lambda port, pid: self.lines(port, "share", 100, "exec cat /dev/zero"))
        for name, (counts,) in runs.items():
            rates = sorted(count / 3e6 for count in counts)
            table[name] = {"least": rates[0], "median": statistics.median(rates), "most": rates[-1], "sum": sum(rates)}
        return table

    def echo(self):
        count = 20 if self.quick else 200
        runs = self.in_turn(1, lambda port, pid: self.lines(port, "echo", count, "exec cat /dev/zero"))
        return {name: quantiles(values) for name, (values,) in runs.items()}

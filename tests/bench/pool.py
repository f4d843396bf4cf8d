# SPDX-License-Identifier: Apache-2.0
"""Logins into boxes that waited, beside cold ones, `docker run` and `docker exec`; storms of logins; and what the engine is asked
meanwhile."""
import contextlib
import os
import pathlib
import re
import shutil
import socket
import subprocess
import threading
import time

import conftest
from measure import Skipped, in_turn, quantiles, timed

REQUEST = re.compile(rb"(?:GET|HEAD|POST|PUT|DELETE) /\S* HTTP/1\.1\r\n")
STORM = 50


class CountingProxy:
    """Between a daemon and the engine: notes when each request came."""

    def __init__(self, path, engine="/var/run/docker.sock"):
        self.path, self.engine, self.requests = str(path), engine, []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(256)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):  # closed at the end
            while True:
                client = self.listener.accept()[0]
                engine = socket.socket(socket.AF_UNIX)
                engine.connect(self.engine)
                threading.Thread(target=self.copy, args=(client, engine, True), daemon=True).start()
                threading.Thread(target=self.copy, args=(engine, client, False), daemon=True).start()

    def copy(self, source, target, counts):
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                if counts:
                    self.requests += [(time.time(), match.group().split()[1]) for match in REQUEST.finditer(data)]
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def between(self, start, end):
        return sum(start <= when < end for when, _ in list(self.requests))


class PoolBench:
    def __init__(self, directory, sshd, quick):
        self.directory, self.sshd, self.quick = pathlib.Path(directory), sshd, quick
        self.rounds = 10 if quick else 100

    @contextlib.contextmanager
    def daemon(self, backend, size, **settings):
        daemon = conftest.Daemon(self.directory / f"pool-{backend}-{size}-{len(settings)}", backend, "busybox", **settings)
        daemon.set("log.level", "debug")  # tells when boxes wait
        daemon.set(f"{backend}.limits", {"memory": "64M"})
        daemon.set(f"{backend}.pool", {"size": size})
        daemon.size = size
        try:
            yield daemon.start()
        finally:
            daemon.stop()

    @staticmethod
    def rest(daemon, held=0):
        """Until the pool is full, and nothing of the login before is left beside those that are `held`."""
        def full():
            codes = daemon.codes()
            # Podman refuses to remove what ends at the same moment: it is then removed a second later.
            gone = codes.count("BACKEND_BOX_REMOVED") + codes.count("DOCKER_LEFTOVER_REMOVED")
            return (codes.count("POOL_BOX_READY") - codes.count("BACKEND_BOX_CLAIMED") >= daemon.size
                    and codes.count("BACKEND_BOX_STARTED") == gone + held)
        while not full():
            time.sleep(0.05)

    def one(self, daemon, held=0):
        self.rest(daemon, held)
        with open("/dev/null") as null:
            return timed(daemon.ssh_command("true"), stdin=null)

    def login(self):
        container = subprocess.run(["docker", "run", "-d", "fairlead-test/busybox", "sleep", "6000"], capture_output=True,
                                   text=True, check=True).stdout.strip()
        try:
            with contextlib.ExitStack() as stack:
                started = {(backend, size): stack.enter_context(self.daemon(backend, size))
                           for backend in conftest.BACKENDS for size in (0, 2)}
                rows = {f"{backend} {'warm' if size else 'cold'}": lambda daemon=daemon: self.one(daemon)
                        for (backend, size), daemon in started.items()}
                results = in_turn(self.rounds, **rows, **{
                    "sshd, no container": lambda: timed(self.sshd.ssh("true"), stdin=subprocess.DEVNULL),
                    "docker run --rm": lambda: timed(["docker", "run", "--rm", "fairlead-test/busybox", "true"]),
                    "docker exec": lambda: timed(["docker", "exec", container, "true"])})
                for backend in conftest.BACKENDS:
                    codes = started[backend, 2].codes()
                    results[f"{backend} warm"]["claimed"] = codes.count("BACKEND_BOX_CLAIMED")
                return results
        finally:
            subprocess.run(["docker", "rm", "-f", container], capture_output=True)

    def podman(self):
        """The same through Podman's API, beside `podman run`."""
        if not shutil.which("podman"):
            raise Skipped("podman is not installed")
        directory = self.directory / "podman"
        with conftest.podman_in(directory, "--no-debian") as host, contextlib.ExitStack() as stack:
            settings = {"docker__connection__host": host, "docker__execution__host": {"networkMode": "none"}}
            started = {name: stack.enter_context(self.daemon("docker", size, **settings)) for name, size in (("cold", 0), ("warm", 2))}
            run = ["docker", "--host", host, "run", "--rm", "--network", "none", "fairlead-test/busybox", "true"]
            results = in_turn(self.rounds, **{f"podman {name}": lambda daemon=daemon: self.one(daemon)
                                              for name, daemon in started.items()},
                              **{"run --rm, of podman": lambda: timed(run)})
            results["podman warm"]["claimed"] = started["warm"].codes().count("BACKEND_BOX_CLAIMED")
            return results

    def beside_fifty(self):
        """A login more while so many are in, each with a program in a box."""
        table = {}
        for backend in conftest.BACKENDS:
            for size in (0, 2):
                with self.daemon(backend, size) as daemon, contextlib.ExitStack() as stack:
                    for _ in range(STORM):
                        program = subprocess.Popen(daemon.ssh_command("echo up; cat"), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
                        stack.callback(program.wait)
                        stack.callback(program.stdin.close)
                        assert program.stdout.readline() == b"up\n"
                    table[f"{backend} {'warm' if size else 'cold'}"] = quantiles([self.one(daemon, STORM) for _ in range(self.rounds)])
        return table

    def storm(self):
        """So many clients started at once: from the first to the last one's end, and how long each took."""
        table = {}
        for backend in conftest.BACKENDS:
            for size in (0, STORM):
                with self.daemon(backend, size) as daemon:
                    self.rest(daemon)
                    times, threads = [], []
                    start = time.perf_counter()
                    for _ in range(STORM):
                        threads.append(threading.Thread(target=lambda: times.append(timed(daemon.ssh_command("true")))))
                        threads[-1].start()
                    for thread in threads:
                        thread.join()
                    row = {"all": (time.perf_counter() - start) * 1000, **quantiles(times)}
                    row["claimed"] = daemon.codes().count("BACKEND_BOX_CLAIMED")
                    table[f"{backend} {'warm' if size else 'cold'}"] = row
        return table

    def engine_calls(self):
        """Per login: those made before its program runs, and all, with removal and refill."""
        table, logins = {}, 5 if self.quick else 20
        for size in (0, 2):
            path = self.directory / f"engine-{size}"
            proxy = CountingProxy(path)
            with self.daemon("docker", size, docker__connection__host=f"unix://{path}") as daemon:
                self.rest(daemon)
                before, waited_for = len(proxy.requests), 0
                for _ in range(logins):
                    self.rest(daemon)
                    start = time.time()
                    done = subprocess.run(daemon.ssh_command("cat /proc/uptime"), capture_output=True, timeout=60, check=True,
                                          stdin=subprocess.DEVNULL)
                    boot = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
                    waited_for += proxy.between(start, boot + float(done.stdout.split()[0]))
                self.rest(daemon)
                table["warm" if size else "cold"] = {"before its program": waited_for / logins,
                                                     "in all": (len(proxy.requests) - before) / logins}
            proxy.listener.close()
            os.unlink(path)
        return table

# SPDX-License-Identifier: Apache-2.0
"""Logins by webhook beside logins by the users file, and many logins that wait for a slow webhook."""
import contextlib
import os
import pathlib
import socket
import subprocess
import threading
import time

import conftest
from measure import cpu_seconds, private_kilobytes, quantiles

PASSWORD = "correct horse battery"


CALLS = 256  # webhook/limits.hpp: requests to one webhook at the same time, per core


def connections_to(port):
    """Established ones, at the listening side."""
    rows = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[3] == "01" and int(row[1].split(":")[1], 16) == port for row in rows)


def threads_of(pid):
    return len(list(pathlib.Path(f"/proc/{pid}/task").iterdir()))


class SlowServer:
    """A webhook server that never answers: one thread, whatever is waiting."""

    def __init__(self):
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(4096)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.waiting = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):  # closed at the end
            while True:
                self.waiting.append(self.listener.accept()[0])


class WebhookBench:
    """Needs `fairlead test-auth-server` and its user foo; the boxes are oci's."""

    def __init__(self, binaries, directory, quick):
        self.bin, self.directory, self.quick = binaries, pathlib.Path(directory), quick

    def daemon(self, name, auth):
        daemon = conftest.Daemon(self.directory / name, "oci", "busybox")
        daemon.set("log.level", "notice")
        daemon.set("auth", auth)
        daemon.set("ssh.maxUnauthenticated", 4096)
        daemon.users["foo"] = {"password": daemon.hash(PASSWORD), "authorizedKeys":
                               [daemon.key.with_suffix(".pub").read_text().strip()]}
        return daemon.start()

    def login(self):
        """Public-key logins of our client, one after the other, decided by the users file and by webhooks [ms]."""
        port = conftest.free_port()
        server = subprocess.Popen([self.bin / "fairlead", "test-auth-server", "--port", str(port)],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        webhook = {"method": "webhook", "webhook": {"url": f"http://127.0.0.1:{port}"}}
        users = {"usersFile": str(self.directory / "local" / "users.yaml")}
        daemons = {"users file": self.daemon("local", {"publicKey": {"method": "local"}, "local": users}),
                   "webhook": self.daemon("key", {"publicKey": webhook}),
                   "webhook and authz": self.daemon("authz", {"publicKey": webhook, "authz": webhook})}
        try:
            rounds = 3 if self.quick else 10
            table = {name: [] for name in daemons}
            for _ in range(rounds):
                for name, daemon in daemons.items():
                    table[name] += self.timed_logins(daemon)
            return {name: {**quantiles(times), "logins/s": 1000 * len(times) / sum(times)} for name, times in table.items()}
        finally:
            for daemon in daemons.values():
                daemon.stop()
            server.terminate()
            server.wait()

    def timed_logins(self, daemon):
        done = subprocess.run([self.bin / "ssh_timer", str(daemon.port), "foo", str(daemon.key), "login", "20"],
                              capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        return [float(line) for line in done.stdout.split()]

    @staticmethod
    def wait_for_silence(*pids):
        """Until daemon and clients have nothing to do for a while: every login waits."""
        used, quiet = cpu_seconds(pids), 0
        while quiet < 10:
            time.sleep(0.2)
            used, before = cpu_seconds(pids), used
            quiet = quiet + 1 if used - before < 0.02 else 0

    def waiting(self):
        """1,000 public-key logins whose webhook does not answer yet: what they cost the daemon meanwhile."""
        count = 100 if self.quick else 1000
        slow = SlowServer()
        daemon = self.daemon("slow", {"publicKey": {"method": "webhook", "webhook":
                             {"url": slow.url, "timeout": "5m", "authTimeout": "5m"}}})
        before = threads_of(daemon.process.pid), private_kilobytes(daemon.process.pid)
        clients = subprocess.Popen([self.bin / "ssh_timer", str(daemon.port), "foo", str(daemon.key), "wait", str(count)],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            # On a loaded machine silence alone may mean that nobody has had a turn yet.
            conftest.wait_until(lambda: len(slow.waiting) >= min(count, CALLS * os.cpu_count()), 240, "the webhook is asked")
            conftest.wait_until(lambda: connections_to(daemon.port) >= count, 240, "every client is connected")
            self.wait_for_silence(daemon.process.pid, clients.pid)
            after = threads_of(daemon.process.pid), private_kilobytes(daemon.process.pid)
            at_server = len(slow.waiting)
        finally:
            clients.terminate()
            clients.wait()
            daemon.stop()
            slow.listener.close()
        return {f"{count} logins": {"at the webhook": at_server, "threads before": before[0], "threads": after[0],
                                    "kB per login": (after[1] - before[1]) / count}}

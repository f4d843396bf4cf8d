# SPDX-License-Identifier: Apache-2.0
"""`make bench`: Fairlead beside sshd, `docker run` and `docker exec`, measured in one run on this machine.

Usage: run.py --bin DIRECTORY [--quick] [--only NAME …]
Prints a table; writes build/bench.json. Ratios matter, not absolute values: the machine is shared and noisy, so what is
compared is measured in turn (A B A B …), and medians are quoted.
"""
import argparse
import http.client
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from engine import EngineBench
from measure import Skipped, children_of, cpu_seconds, in_turn, pids_named, private_kilobytes, quantiles, timed
from sshd import Sshd

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))


# The first process of a box without an agent: it ends when it is asked to, and at once.
IDLE = ["/bin/sh", "-c", "trap exit TERM INT; while :; do sleep 3600 & wait $!; done"]


class Engine(http.client.HTTPConnection):
    """The Docker engine's API, for the floor that no client of it can beat."""

    def __init__(self):
        super().__init__("engine")

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect("/var/run/docker.sock")

    def call(self, method, path, body=None):
        self.request(method, path, json.dumps(body) if body is not None else None, {"Content-Type": "application/json"})
        answer = self.getresponse()
        content = answer.read()
        assert answer.status < 300, content
        return json.loads(content) if content else None

    def create_and_start(self):
        start = time.perf_counter()
        made = self.call("POST", "/v1.41/containers/create", {"Image": "fairlead-test/busybox", "Cmd": ["sleep", "60"]})
        self.call("POST", f"/v1.41/containers/{made['Id']}/start")
        elapsed = (time.perf_counter() - start) * 1000
        self.call("DELETE", f"/v1.41/containers/{made['Id']}?force=1&v=1")
        return elapsed


class Bench:
    def __init__(self, options, directory):
        os.environ["FAIRLEAD_BIN"] = str(options.bin.resolve())
        import conftest
        self.options, self.bin, self.directory = options, options.bin.resolve(), directory
        self.rounds = 5 if options.quick else 20
        self.sshd = Sshd(directory)
        self.daemons = {name: conftest.Daemon(pathlib.Path(directory) / name, name, "busybox")
                        for name in conftest.BACKENDS}
        self.results = {}

    def start(self):
        for name, daemon in self.daemons.items():
            daemon.set("log.level", "notice")
            daemon.set(f"{name}.limits", {"memory": "4G", "disk": "8G"})
            daemon.start()

    def stop(self):
        for daemon in self.daemons.values():
            daemon.stop()
        self.sshd.stop()

    def new_box(self):
        """`ssh host echo hi`, the whole client included."""
        engine = Engine()
        oci, docker = self.daemons["oci"], self.daemons["docker"]

        def boxed(daemon, stdin):
            elapsed = timed(daemon.ssh_command("echo hi"), stdin=stdin)
            self.wait_for_no_box(daemon)  # its removal is not the next measurement's load
            return elapsed

        with open("/dev/null") as null:
            read_end, write_end = os.pipe()
            return in_turn(
                self.rounds,
                sshd=lambda: timed(self.sshd.ssh("echo hi"), stdin=null),
                oci=lambda: boxed(oci, null),
                docker_stdin_null=lambda: boxed(docker, null),
                docker_stdin_open=lambda: boxed(docker, read_end),
                docker_run=lambda: timed(["docker", "run", "--rm", "fairlead-test/busybox", "echo", "hi"], stdin=null),
                engine_create_and_start=engine.create_and_start)

    @staticmethod
    def wait_for_no_box(daemon):
        while daemon.boxes():
            time.sleep(0.05)

    def times(self, server, user, *words):
        done = subprocess.run([self.bin / "ssh_timer", str(server.port), user, str(server.key), *words],
                              capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        return [float(line) for line in done.stdout.split()]

    def timer(self, *words):
        return quantiles(self.times(*words)[1:])  # the first one waits for the box

    def second_exec(self):
        count = str(self.rounds * 5 + 1)
        container = subprocess.run(["docker", "run", "-d", "fairlead-test/busybox", "sleep", "600"], capture_output=True,
                                   text=True, check=True).stdout.strip()
        try:
            results = {"sshd": self.timer(self.sshd, self.sshd.user, "exec", count, "true")}
            for name, daemon in self.daemons.items():
                results[name] = self.timer(daemon, "alice", "exec", count, "true")
            results["docker_exec"] = quantiles([timed(["docker", "exec", container, "true"]) for _ in range(self.rounds * 5)])
        finally:
            subprocess.run(["docker", "rm", "-f", container], capture_output=True)
        return results

    def agentless_exec(self):
        """From the opening of a session to its end: the first one of a login, which waits for its box, and those after it."""
        import conftest
        modes = {"connection": {}, "session": {"docker__execution__mode": "session"}}
        table = {}
        for name, settings in modes.items():
            daemon = conftest.Daemon(pathlib.Path(self.directory) / f"agentless-{name}", "docker", "busybox", log__level="notice",
                                     docker__execution__disableAgent=True, docker__execution__idleCommand=IDLE, **settings).start()
            try:
                firsts = []
                for _ in range(self.rounds):
                    firsts += self.times(daemon, "alice", "exec", "1", "true")
                    self.wait_for_no_box(daemon)
                table[f"{name}, first"] = quantiles(firsts)
                table[f"{name}, second"] = self.timer(daemon, "alice", "exec", str(self.rounds * 5 + 1), "true")
            finally:
                daemon.stop()
        return table

    def bulk(self):
        """1 GiB out of and into a program, MB/s; CPU seconds of the server's side and of dockerd."""
        size = 256 if self.options.quick else 1024
        cipher = ("-oCiphers=aes128-gcm@openssh.com",)
        servers = {"sshd": (lambda *w: self.sshd.ssh(*w, flags=cipher), self.sshd.process.pid)}
        for name, daemon in self.daemons.items():
            servers[name] = (lambda *w, d=daemon: ["ssh", *cipher, *d.ssh_command(*w)[1:]], daemon.process.pid)
        results = {}
        for _ in range(2 if self.options.quick else 3):
            for name, (command, pid) in servers.items():
                for direction in ("out", "in"):
                    results.setdefault(f"{name}_{direction}", []).append(self.one_bulk(command, direction, size, pid))
        table = {}
        for name, runs in results.items():
            table[name] = {"MB/s": statistics.median(run[0] for run in runs),
                           "server CPU s/GB": statistics.median(run[1] for run in runs),
                           "dockerd CPU s/GB": statistics.median(run[2] for run in runs)}
        return table

    def one_bulk(self, command, direction, size, server):
        out = direction == "out"
        words = command(f"dd if=/dev/zero bs=64k count={size * 16} 2>/dev/null" if out else "cat >/dev/null")
        engine = pids_named("dockerd")
        before_engine = cpu_seconds(engine)
        start = time.perf_counter()
        client = subprocess.Popen(words, stdin=subprocess.DEVNULL if out else subprocess.PIPE,
                                  stdout=subprocess.PIPE if out else subprocess.DEVNULL)
        before = cpu_seconds(children_of(server))
        if out:
            got = 0
            while piece := os.read(client.stdout.fileno(), 1 << 20):
                got += len(piece)
            assert got == size << 20, got
        else:
            zeros = bytes(1 << 20)
            for _ in range(size):
                client.stdin.write(zeros)
            client.stdin.close()
        used = cpu_seconds(children_of(server))
        assert client.wait() == 0
        elapsed = time.perf_counter() - start
        used = max(used, cpu_seconds(children_of(server))) - before
        return (size << 20) / elapsed / 1e6, used / (size / 1000), (cpu_seconds(engine) - before_engine) / (size / 1000)

    def agent(self):
        """Two boxes: what they share is not private. A single box's count has the clean pages of the program, too."""
        program = self.bin / "fairlead-agent"
        for daemon in self.daemons.values():
            self.wait_for_no_box(daemon)
        clients, table = [], {"fairlead-agent": {"MB on disk": program.stat().st_size / 1e6}}
        for boxes in (1, 2):
            clients.append(subprocess.Popen(self.daemons["oci"].ssh_command("echo up; exec sleep 600"),
                                            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL))
            clients[-1].stdout.readline()
            table["fairlead-agent"][f"private kB, {boxes} boxes"] = max(map(private_kilobytes, pids_named("agent")))
        for client in clients:
            client.terminate()
            client.wait()
        return table

    def run(self):
        from pool import PoolBench
        from webhook_logins import WebhookBench
        engine = EngineBench(self.bin, self.sshd, self.options.quick)
        webhooks = WebhookBench(self.bin, self.directory, self.options.quick)
        pool = PoolBench(self.directory, self.sshd, self.options.quick)
        measurements = {"new_box": self.new_box, "second_exec": self.second_exec, "agentless_exec": self.agentless_exec,
                        "bulk": self.bulk, "agent": self.agent,
                        "engine_bulk": engine.bulk, "engine_login": engine.login, "engine_idle": engine.idle,
                        "engine_fairness": engine.fairness, "engine_echo": engine.echo,
                        "webhook_login": webhooks.login, "webhook_waiting": webhooks.waiting,
                        "pool_login": pool.login, "podman_login": pool.podman, "pool_storm": pool.storm,
                        "login_beside_fifty": pool.beside_fifty, "pool_engine_calls": pool.engine_calls}
        for name, title in (("new_box", "ssh host echo hi in a new box [ms]"), ("second_exec", "exec on a connection [ms]"),
                            ("agentless_exec", "exec through the engine, without an agent [ms]"),
                            ("bulk", "one gigabyte through a program"), ("agent", "the agent"),
                            ("engine_bulk", "the engine alone: CPU of one gigabyte through a program's socket"),
                            ("engine_login", "public-key login, CPU of the server [ms]"),
                            ("engine_idle", "idle authenticated connections, private memory of the server"),
                            ("engine_fairness", "channels of one connection that all send, MB/s each"),
                            ("engine_echo", "from key to echo while another channel sends [ms]"),
                            ("webhook_login", "public-key login, from connect to yes [ms]"),
                            ("webhook_waiting", "logins that wait for a slow webhook"),
                            ("pool_login", "ssh host true: cold, and into a box that waited [ms]"),
                            ("podman_login", "the same through Podman [ms]"),
                            ("pool_storm", "fifty logins at once [ms]"),
                            ("login_beside_fifty", "ssh host true while fifty are in [ms]"),
                            ("pool_engine_calls", "calls of the engine for a login")):
            if self.options.only and name not in self.options.only:
                continue
            print(f"\n{title}")
            try:
                self.results[name] = measurements[name]()
            except Skipped as why:
                self.results[name] = {}
                print(f"  skipped: {why}")
            for row, values in self.results[name].items():
                print(f"  {row:26}" + "  ".join(f"{key} {value:10.2f}" for key, value in values.items()))
        (ROOT / "build").mkdir(exist_ok=True)
        (ROOT / "build" / "bench.json").write_text(json.dumps(self.results, indent=1))


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/release/bin")
    options.add_argument("--quick", action="store_true")
    options.add_argument("--only", nargs="*")
    chosen = options.parse_args()
    if os.geteuid() != 0:
        os.execvp("sudo", ["sudo", "-E", sys.executable, *sys.argv])
    dockerd = ROOT / "scripts/dockerd-for-tests"
    already = subprocess.run([dockerd, "status"]).returncode == 0
    subprocess.run([dockerd, "start"], check=True)
    subprocess.run([ROOT / "scripts/make-test-images", "--no-debian"], check=True)
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="fairlead-bench-") as directory:
        os.chmod(directory, 0o755)  # boxes run as other users, and their files are below it
        bench = Bench(chosen, directory)
        try:
            bench.start()
            bench.run()
        finally:
            bench.stop()
    if not already:
        subprocess.run([dockerd, "stop"])


if __name__ == "__main__":
    main()

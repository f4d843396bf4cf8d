# SPDX-License-Identifier: Apache-2.0
"""How the benchmarks measure: time, CPU seconds and memory of processes, medians of interleaved rounds."""
import contextlib
import os
import pathlib
import statistics
import subprocess
import time

TICK = os.sysconf("SC_CLK_TCK")


class Skipped(Exception):
    """A measurement for which this machine lacks something."""


def quantiles(values):
    ordered = sorted(values)
    def at(share):
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
    return {"p50": statistics.median(ordered), "p95": at(0.95), "p99": at(0.99),
            "min": ordered[0], "max": ordered[-1], "n": len(ordered)}


def timed(command, **options):
    start = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, **options)
    elapsed = (time.perf_counter() - start) * 1000
    assert done.returncode == 0, (command, done.stderr)
    return elapsed


def in_turn(rounds, **measurements):
    """Each measurement once a round, so that drift of the machine hits all alike."""
    results = {name: [] for name in measurements}
    for _ in range(rounds):
        for name, measure in measurements.items():
            results[name].append(measure())
    return {name: quantiles(values) for name, values in results.items()}


def cpu_seconds(pids, waited=True):
    """User and system time of processes and, if `waited`, of their children that have been waited for."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += sum(int(field) for field in fields[11:15 if waited else 13])
    return total / TICK


def children_of(pid):
    found = [pid]
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError, IndexError):
                parent = int(pathlib.Path(f"/proc/{entry}/stat").read_text().rsplit(")", 1)[1].split()[1])
                if parent == pid:
                    found += children_of(int(entry))
    return found


def pids_named(name):
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError):
                if pathlib.Path(f"/proc/{entry}/comm").read_text().strip() == name:
                    found.append(int(entry))
    return found


def private_kilobytes(pid):
    with contextlib.suppress(OSError):  # one that has just ended
        rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
        return sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Private_"))
    return 0

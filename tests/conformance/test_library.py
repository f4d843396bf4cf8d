# SPDX-License-Identifier: Apache-2.0
"""The engine in somebody else's program: what `make install` leaves, by CMake and by pkg-config, and the example as it is."""
import contextlib
import filecmp
import os
import subprocess

import pytest

from conftest import BIN, PEERS, ROOT

EXAMPLE = ROOT / "examples/exec_echo.cpp"
HEADERS = sorted(path.relative_to(ROOT / "include") for path in (ROOT / "include").rglob("*.hpp"))


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=120, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    destination = tmp_path_factory.mktemp("installed")
    run("cmake", "--install", BIN.parent, "--prefix", "/usr", env=dict(os.environ, DESTDIR=str(destination)))
    return destination / "usr"


def flags(installed, *wanted):
    found = run("pkg-config", *wanted, "fairlead-ssh", env=dict(os.environ, PKG_CONFIG_PATH=str(installed / "lib/pkgconfig")))
    return found.split()


@contextlib.contextmanager
def running(program):
    with subprocess.Popen([program, "0"], stdout=subprocess.PIPE, text=True) as process:
        try:
            port, _, _, fingerprint = process.stdout.readline().removeprefix("port ").replace(",", "").split()
            yield int(port), fingerprint
        finally:
            process.kill()


def ssh(port, *words, directory="/usr/bin"):
    done = subprocess.run([f"{directory}/ssh", "-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                           "-o", "LogLevel=ERROR", "-o", "BatchMode=yes", "-p", str(port), "anybody@127.0.0.1", *words],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
    return done.returncode, done.stdout, done.stderr


def is_served(program):
    with running(program) as (port, _):
        for directory in ("/usr/bin", PEERS / "usr/bin"):
            assert ssh(port, "some", "words", directory=directory) == (0, "some words\n", "")
        assert ssh(port) == (0, "Hello. Try: ssh host some words\n", "")
        assert ssh(port, "-W", "127.0.0.1:1") == (255, "", "stdio forwarding failed\n")


def test_the_example_is_short_and_serves():
    assert len(EXAMPLE.read_text().splitlines()) < 80
    is_served(BIN / "exec_echo")


def test_the_clients_example_runs_a_command():
    with running(BIN / "exec_echo") as (port, fingerprint):
        assert run(BIN / "run_command", port, fingerprint, "some words") == "some words\n"
        stranger = subprocess.run([BIN / "run_command", str(port), "SHA256:another", "some words"], capture_output=True, text=True)
    assert stranger.returncode == 255 and stranger.stdout == "" and "host key" in stranger.stderr


def test_cmake_finds_it(installed, tmp_path):
    run("cmake", "-S", ROOT / "tests/conformance/embedder", "-B", tmp_path, f"-DCMAKE_PREFIX_PATH={installed}", f"-DEXAMPLE={EXAMPLE}",
        "-DCMAKE_CXX_COMPILER=clang++-19")
    run("cmake", "--build", tmp_path)
    is_served(tmp_path / "exec_echo")


def test_pkg_config_finds_it(installed, tmp_path):
    """With the other compiler: the library's coroutines are awaited by its own."""
    run("g++-12", "-std=c++23", EXAMPLE, *flags(installed, "--cflags", "--libs"), "-o", tmp_path / "exec_echo")
    is_served(tmp_path / "exec_echo")


def test_installed_headers_are_the_public_ones_and_compile_together(installed, tmp_path):
    """That each compiles alone is scripts/check-floors' to prove."""
    found = sorted(path.relative_to(installed / "include") for path in (installed / "include").rglob("*") if path.is_file())
    assert found == HEADERS
    assert filecmp.cmpfiles(ROOT / "include", installed / "include", HEADERS, shallow=False)[0] == HEADERS
    source = tmp_path / "all.cpp"
    source.write_text("".join(f"#include <{header}>\n" for header in HEADERS))
    run("clang++-19", "-std=c++23", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", *flags(installed, "--cflags"), source)

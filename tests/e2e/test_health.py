# SPDX-License-Identifier: Apache-2.0
"""The health endpoint and `--healthcheck`, over HTTP, TLS and with client certificates."""
import json
import os
import signal
import socket
import ssl
import subprocess
import threading
import urllib.error
import urllib.request

import pytest
from conftest import BIN, Daemon, free_port, own_daemons, run, wait_until


@pytest.fixture
def healthy(work):
    """Makes daemons with a health endpoint; a test may stop them itself."""
    made = []

    def make(**settings):
        daemon = Daemon(work / f"health-{next(own_daemons)}", "oci", "busybox")
        daemon.health = free_port()
        daemon.set("health", {"enable": True, "listen": f"127.0.0.1:{daemon.health}",
                              "client": {"url": f"http://127.0.0.1:{daemon.health}/"}, **settings})
        made.append(daemon)
        return daemon.start()

    yield make
    for daemon in made:
        daemon.stop()


def get(daemon, accept=None, path="/", method="GET"):
    request = urllib.request.Request(f"http://127.0.0.1:{daemon.health}{path}", method=method)
    if accept:
        request.add_header("Accept", accept)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Content-Type"], error.read().decode()


def check(daemon):
    return run(BIN / "fairlead", "--healthcheck", "--config", daemon.directory / "config.yaml")


def codes(done):
    return [json.loads(line)["code"] for line in done.stderr.splitlines()]


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_every_path_and_method_says_that_all_is_well(healthy):
    daemon = healthy()
    assert run("curl", "-sS", f"http://127.0.0.1:{daemon.health}/").stdout == b'"ok"'
    assert run("curl", "-sS", "-H", "Accept: text/plain", f"http://127.0.0.1:{daemon.health}/any?x").stdout == b"ok"
    assert get(daemon) == (200, "application/json", '"ok"')
    for accept in ("application/json", "application/*", "*/*", "application/json;v=2"):
        assert get(daemon, accept) == (200, "application/json", '"ok"'), accept
    for accept in ("text/plain", "text/*", "text/plain, application/json;q=0.5"):
        assert get(daemon, accept) == (200, "text/plain; charset=utf-8", "ok"), accept
    assert get(daemon, "text/html")[1:] == ("text/html; charset=utf-8", "ok")
    assert get(daemon, "image/png")[0] == 406
    assert get(daemon, method="POST", path="/x/y")[0] == 200
    assert get(daemon, method="HEAD")[2] == ""
    done = check(daemon)
    assert (done.returncode, done.stdout) == (0, b"") and codes(done) == ["CORE_HEALTH_CHECK_SUCCESSFUL"]


def test_while_draining_and_after_the_end_it_is_not_well(healthy):
    daemon = healthy()
    session = subprocess.Popen(daemon.ssh_command("sleep 60"), stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(daemon.boxes, 20, "a session that delays the stop")
    daemon.process.send_signal(signal.SIGTERM)
    wait_until(lambda: get(daemon)[0] == 503, 5, "the endpoint says that the daemon is leaving")
    assert get(daemon, "text/plain") == (503, "text/plain; charset=utf-8", "not ok")
    done = check(daemon)
    assert done.returncode == 1 and codes(done) == ["HEALTH_REQUEST_FAILED", "CORE_HEALTH_CHECK_FAILED"]
    daemon.stop()
    session.wait(20)
    assert check(daemon).returncode == 1


def test_it_listens_only_when_it_is_enabled(healthy):
    daemon = healthy(enable=False)
    assert not listens(daemon.health), "ContainerSSH opens the port in any case"
    done = check(daemon)
    assert done.returncode == 0, "what is not enabled is not asked"


def test_a_port_in_use_stops_the_start(work):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        daemon = Daemon(work / f"health-{next(own_daemons)}", "oci", "busybox")
        daemon.set("health", {"enable": True, "listen": f"127.0.0.1:{taken.getsockname()[1]}"})
        daemon.write()
        done = run(BIN / "fairlead", "serve", "--config", daemon.directory / "config.yaml")
    assert done.returncode == 1 and b"another program listens there" in done.stderr
    assert "HTTP_LISTEN_FAILED" in daemon.codes()


def test_other_answers_are_not_healthy(healthy):
    daemon = healthy()
    for answer in (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
                   b"HTTP/1.1 302 F\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", b"SSH-2.0-x\r\n", b""):
        with socket.socket() as impostor:
            impostor.bind(("127.0.0.1", 0))
            impostor.listen()

            def serve():
                connection, _ = impostor.accept()
                connection.recv(4096)
                connection.sendall(answer)
                connection.close()

            thread = threading.Thread(target=serve)
            thread.start()
            daemon.set("health.client.url", f"http://127.0.0.1:{impostor.getsockname()[1]}/")
            daemon.write()
            assert check(daemon).returncode == 1, answer
            thread.join()


def reload(daemon):
    before = daemon.codes().count("CORE_CONFIG_RELOADED") + daemon.codes().count("CORE_CONFIG_ERROR")
    daemon.write()
    daemon.process.send_signal(signal.SIGHUP)
    wait_until(lambda: daemon.codes().count("CORE_CONFIG_RELOADED") + daemon.codes().count("CORE_CONFIG_ERROR") > before, 10, "it is read again")
    return [code for code in daemon.codes() if code in ("CORE_CONFIG_RELOADED", "CORE_CONFIG_ERROR")][-1]


def test_sighup_moves_it_switches_it_off_and_on(healthy):
    daemon = healthy()
    old, daemon.health = daemon.health, free_port()
    daemon.set("health.listen", f"127.0.0.1:{daemon.health}")
    daemon.set("health.client.url", f"http://127.0.0.1:{daemon.health}/")
    assert reload(daemon) == "CORE_CONFIG_RELOADED"
    assert get(daemon)[0] == 200 and not listens(old) and check(daemon).returncode == 0
    daemon.set("health.enable", False)
    assert reload(daemon) == "CORE_CONFIG_RELOADED" and not listens(daemon.health)
    daemon.set("health.enable", True)
    assert reload(daemon) == "CORE_CONFIG_RELOADED" and get(daemon)[0] == 200
    assert daemon.codes().count("HEALTH_AVAILABLE") == 3


def test_sighup_with_a_port_in_use_changes_nothing(healthy):
    daemon = healthy()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        daemon.set("health.listen", f"127.0.0.1:{taken.getsockname()[1]}")
        daemon.users = {}
        assert reload(daemon) == "CORE_CONFIG_ERROR"
    assert get(daemon)[0] == 200
    assert daemon.ssh("true").returncode == 0, "nor the users"


@pytest.fixture(scope="module")
def certificates(work):
    """An authority with a certificate for 127.0.0.1 and one for a client, as files."""
    directory = work / "certificates"
    directory.mkdir()

    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=directory, check=True, capture_output=True)

    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=authority")
    for name in ("server", "client"):
        openssl("req", "-x509", *key, "-CA", "ca.pem", "-CAkey", "ca.key", "-keyout", f"{name}.key", "-out", f"{name}.pem",
                "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1")
    return directory


def test_tls_and_mandatory_client_certificates(healthy, certificates):
    file = {name: str(certificates / name) for name in os.listdir(certificates)}
    port = free_port()
    url = f"https://127.0.0.1:{port}/"
    client = {"url": url, "cacert": file["ca.pem"], "cert": file["client.pem"], "key": file["client.key"]}
    daemon = healthy(listen=f"127.0.0.1:{port}", cert=file["server.pem"], key=file["server.key"],
                     clientcacert=(certificates / "ca.pem").read_text(), client=client)
    assert check(daemon).returncode == 0
    curl = ["curl", "-sS", "--cacert", file["ca.pem"]]
    assert run(*curl, "--cert", file["client.pem"], "--key", file["client.key"], url).stdout == b'"ok"'
    assert run(*curl, url).returncode != 0, "no certificate"
    assert run("curl", "-sS", url.replace("https", "http")).stdout == b"", "no TLS"
    assert run(*curl, "--tls-max", "1.2", "--cert", file["client.pem"], "--key", file["client.key"], url).returncode != 0
    for broken in ({**client, "cert": "", "key": ""}, {**client, "cacert": ""}):
        daemon.set("health.client", broken)
        daemon.write()
        done = check(daemon)
        assert done.returncode == 1 and "CORE_HEALTH_CHECK_FAILED" in codes(done)


def test_sighup_takes_renewed_certificates_on_the_same_port(healthy, certificates, tmp_path):
    port = free_port()
    place = {name: tmp_path / name for name in ("server.pem", "server.key")}
    for name, path in place.items():
        path.write_bytes((certificates / name).read_bytes())
    daemon = healthy(listen=f"127.0.0.1:{port}", cert=str(place["server.pem"]), key=str(place["server.key"]),
                     client={"url": f"https://127.0.0.1:{port}/", "cacert": str(certificates / "ca.pem")})

    def shown():
        return ssl.get_server_certificate(("127.0.0.1", port)).strip()

    assert shown() == (certificates / "server.pem").read_text().strip()
    for name, path in place.items():
        path.write_bytes((certificates / name.replace("server", "client")).read_bytes())
    assert reload(daemon) == "CORE_CONFIG_RELOADED"
    assert shown() == (certificates / "client.pem").read_text().strip()
    place["server.key"].write_bytes((certificates / "ca.key").read_bytes())
    assert reload(daemon) == "CORE_CONFIG_ERROR"
    assert shown() == (certificates / "client.pem").read_text().strip()

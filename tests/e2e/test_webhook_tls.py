# SPDX-License-Identifier: Apache-2.0
"""Webhooks over TLS, both sides of it."""
import ssl

from conftest import Daemon, own_daemons, run
from password_login import by_password, login
from webhooks import Server


def certificate(directory, name):
    """A key and a certificate for 127.0.0.1, signed by itself."""
    key, cert = directory / f"{name}.key", directory / f"{name}.crt"
    made = run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-keyout", key,
               "-out", cert, "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1")
    assert made.returncode == 0, made.stderr
    return key, cert


def test_tls_both_ways_and_its_failures(work, tmp_path):
    """A server is believed when its authority is ours, and it may demand a certificate of us; everything else is no answer."""
    (key, cert), (own_key, own_cert), (_, foreign) = (certificate(tmp_path, name) for name in ("server", "client", "foreign"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    context.load_verify_locations(own_cert)
    context.verify_mode = ssl.CERT_REQUIRED
    server = Server(by_password, wrap=lambda plain: context.wrap_socket(plain, server_side=True))
    url = f"https://127.0.0.1:{server.port}"
    good = {"url": url, "timeout": "2s", "authTimeout": "5s", "cacert": str(cert), "cert": str(own_cert), "key": own_key.read_text()}
    outcomes = {}
    settings = {"good": good, "foreign authority": {**good, "cacert": str(foreign), "authTimeout": "400ms"},
                "system's authorities": {**good, "cacert": "", "authTimeout": "400ms"},
                "no certificate": {**{k: v for k, v in good.items() if k not in ("cert", "key")}, "authTimeout": "400ms"},
                "plain": {"url": url.replace("https", "http"), "authTimeout": "400ms"}}
    try:
        for name, webhook in settings.items():
            daemon = Daemon(work / f"hooks-{next(own_daemons)}", "oci", "busybox")
            daemon.set("auth", {"password": {"method": "webhook", "webhook": webhook}})
            daemon.start()
            try:
                outcomes[name] = login(daemon).stdout == b"in\n"
                if name != "good":
                    reasons = [line["details"]["reason"] for line in daemon.log() if line["code"] == "SSH_AUTH_UNAVAILABLE"]
                    assert reasons == ["HTTP_CLIENT_CONNECTION_FAILED"], name
            finally:
                assert daemon.stop() == 0
    finally:
        server.stop()
    assert outcomes == {name: name == "good" for name in settings}

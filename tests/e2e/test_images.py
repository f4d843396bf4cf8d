# SPDX-License-Identifier: Apache-2.0
"""The oci backend and a real registry: Debian's docker-registry on loopback, with a password."""
import base64
import crypt
import json
import subprocess

import pytest

from conftest import IMAGES, PASSWORD, free_port, run, wait_until


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """Its address; credentials and the permission to speak plain HTTP are where skopeo looks for them."""
    address = f"127.0.0.1:{free_port()}"
    (tmp_path / "htpasswd").write_text("alice:" + crypt.crypt(PASSWORD, crypt.mksalt(crypt.METHOD_BLOWFISH)) + "\n")
    (tmp_path / "config.yml").write_text(json.dumps({
        "version": "0.1", "http": {"addr": address}, "storage": {"filesystem": {"rootdirectory": str(tmp_path / "data")}},
        "auth": {"htpasswd": {"realm": "test", "path": str(tmp_path / "htpasswd")}}}))
    (tmp_path / ".config/containers").mkdir(parents=True)
    (tmp_path / ".config/containers/registries.conf").write_text(f'[[registry]]\nlocation = "{address}"\ninsecure = true\n')
    secret = base64.b64encode(f"alice:{PASSWORD}".encode()).decode()
    (tmp_path / "auth.json").write_text(json.dumps({"auths": {address: {"auth": secret}}}))
    log = open(tmp_path / "registry.log", "wb")
    process = subprocess.Popen(["docker-registry", "serve", tmp_path / "config.yml"], stdout=log, stderr=log)
    said = tmp_path / "registry.log"
    wait_until(lambda: process.poll() is not None or b"listening on" in said.read_bytes(), 20, "the registry listens")
    assert process.poll() is None, said.read_text()
    monkeypatch.setenv("HOME", str(tmp_path))
    # Not before the registry started: it takes variables of this form for settings of its own.
    monkeypatch.setenv("REGISTRY_AUTH_FILE", str(tmp_path / "auth.json"))
    yield address
    process.terminate()
    process.wait()


def push(registry, name):
    source = IMAGES / "busybox.tar"
    made = run("sh", "-c", f"docker import {source} {registry}/{name} && skopeo copy -q docker-daemon:{registry}/{name} "
                           f"docker://{registry}/{name}; status=$?; docker rmi {registry}/{name} >/dev/null; exit $status")
    assert made.returncode == 0, made.stderr


@pytest.mark.parametrize("own_daemon", ["oci"], indirect=True)  # an engine pulls for itself
def test_an_image_comes_from_a_registry_once(own_daemon, registry):
    push(registry, "tools/busybox:1")
    daemon = own_daemon(oci__image=f"{registry}/tools/busybox:1").start()
    for _ in range(2):
        done = daemon.ssh("echo pulled")
        assert (done.returncode, done.stdout) == (0, b"pulled\n"), done.stderr
    assert daemon.codes().count("OCI_IMAGE_PULL") == 1
    assert PASSWORD.encode() not in daemon.log_file.read_bytes()


@pytest.mark.parametrize("own_daemon", ["oci"], indirect=True)
def test_what_the_registry_refuses_is_told_at_start_and_at_login(own_daemon, registry):
    broken = own_daemon(oci__image=f"{registry}/tools/none:1")
    with pytest.raises(AssertionError, match="tools/none.*manifest unknown"):
        broken.start()
    daemon = own_daemon()
    daemon.users["alice"]["config"] = {"oci": {"image": f"{registry}/tools/none:1"}}
    done = daemon.start().ssh("true")
    assert done.returncode == 255
    assert b"image" in done.stderr and registry.encode() not in done.stderr  # a sentence, without internals
    assert "manifest unknown" in json.dumps(daemon.log()), "the operator reads the registry's own words"

# SPDX-License-Identifier: Apache-2.0
"""An image registry on loopback with one image, as slow and as strict as a test wants it."""
import base64
import gzip
import hashlib
import http.server
import json
import os
import threading

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


class Registry:
    """Serves NAME:TAG, made of a root file system's tar. The engine trusts registries on 127.0.0.0/8 without TLS."""

    def __init__(self, rootfs, credentials=None):
        padding = os.urandom(8 << 20)  # so that there is something to wait for, whatever the image
        self.layers = [gzip.compress(rootfs.read_bytes(), 1), gzip.compress(tar_of("padding", padding), 1)]
        config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Cmd": ["/bin/sh"]},
                             "rootfs": {"type": "layers",
                                        "diff_ids": [digest(gzip.decompress(layer)) for layer in self.layers]}}).encode()
        self.blobs = {digest(blob): blob for blob in (config, *self.layers)}
        self.manifest = json.dumps({
            "schemaVersion": 2, "mediaType": MANIFEST,
            "config": {"mediaType": "application/vnd.docker.container.image.v1+json", "size": len(config), "digest": digest(config)},
            "layers": [{"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", "size": len(layer), "digest": digest(layer)}
                       for layer in self.layers]}).encode()
        self.credentials = credentials
        self.half = threading.Event()  # the second half of the layers is sent slowly until it is set
        self.broken = False            # then it is not what it should be
        self.asked = []                # digests of blobs, in order
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.image = f"127.0.0.1:{self.server.server_port}/slow/image:{os.urandom(4).hex()}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.half.set()
        self.server.shutdown()
        self.server.server_close()

    def handler(registry):  # noqa: N805 — the class below has a self of its own
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *words):
                pass

            def do_GET(self):
                if registry.credentials and self.headers.get("Authorization") != basic(registry.credentials):
                    return self.answer(401, b'{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}',
                                       **{"WWW-Authenticate": 'Basic realm="test"'})
                name = self.path.rsplit("/", 1)[1]
                if "/manifests/" in self.path:
                    return self.answer(200, registry.manifest, **{"Content-Type": MANIFEST,
                                                                  "Docker-Content-Digest": digest(registry.manifest)})
                if "/blobs/" in self.path:
                    return self.blob(name)
                return self.answer(200, b"{}")

            do_HEAD = do_GET

            def blob(self, name):
                blob = registry.blobs[name]
                registry.asked.append(name)
                if blob not in registry.layers:
                    return self.answer(200, blob)
                half = len(blob) // 2
                self.head(200, len(blob))
                self.wfile.write(blob[:half])
                self.wfile.flush()
                rest = bytes(len(blob) - half) if registry.broken else blob[half:]
                # Slowly, so that there is something to tell: an engine says nothing of a download that stands still.
                while rest and not registry.half.wait(0.05):
                    self.wfile.write(rest[:4096])
                    rest = rest[4096:]
                self.wfile.write(rest)

            def head(self, status, size, **headers):
                self.send_response(status)
                for key, value in {"Docker-Distribution-Api-Version": "registry/2.0", "Content-Length": size, **headers}.items():
                    self.send_header(key, str(value))
                self.end_headers()

            def answer(self, status, body, **headers):
                self.head(status, len(body), **headers)
                if self.command != "HEAD":
                    self.wfile.write(body)

        return Handler


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def basic(credentials):
    return "Basic " + base64.b64encode(":".join(credentials).encode()).decode()


def tar_of(name, data):
    import io
    import tarfile
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        entry = tarfile.TarInfo(name)
        entry.size = len(data)
        tar.addfile(entry, io.BytesIO(data))
    return packed.getvalue()

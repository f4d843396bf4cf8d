# SPDX-License-Identifier: Apache-2.0
"""Webhook servers for tests: they record what they are asked, and answer as a test says, well or badly."""
import base64
import contextlib
import http.server
import json
import os
import socket
import threading
import time

# What a server written with ContainerSSH's library sends: each member with its zero value. `config` is cut to the sections
# that hurt most if they were believed.
GO_CONFIG = {
    "listen": "", "ssh": {"listen": "", "hostkeys": None, "ciphers": None, "clientAliveInterval": 0},
    "log": {"level": "emerg", "format": "", "destination": "", "file": ""},
    "security": {"defaultMode": "", "forceCommand": "", "maxSessions": 0,
                 "env": {"allow": None, "deny": None, "mode": ""}, "command": {"allow": None, "mode": ""},
                 "shell": {"mode": ""}, "subsystem": {"allow": None, "deny": None, "mode": ""}, "tty": {"mode": ""},
                 "signal": {"allow": None, "deny": None, "mode": ""}},
    "backend": "",
    "docker": {"connection": {"host": "", "cacert": "", "cert": "", "key": ""},
               "execution": {"mode": "", "container": None, "host": None, "network": None, "platform": None,
                             "containerName": "", "subsystems": None, "imagePullPolicy": "", "disableAgent": False},
               "timeouts": {"containerStart": 0, "containerStop": 0, "commandStart": 0, "signal": 0, "window": 0, "http": 0}},
}


class Server:
    """Serves on a port of its own. `answer(path, body)` gives a status and a body: a mapping, text or bytes; what is callable
    is called with the request handler instead."""

    def __init__(self, answer=None, wrap=None):
        self.requests = []  # (path, body as text), in order
        self.headers = []
        self.connections = 0
        self.hangups = 0  # connections that ended while their answer was awaited
        self.answer = answer or (lambda path, body: (200, {"success": True}))
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                super().setup()
                outer.connections += 1

            def do_POST(self):
                text = self.rfile.read(int(self.headers["Content-Length"])).decode()
                outer.requests.append((self.path, text))
                outer.headers.append(dict(self.headers))
                status, body = outer.answer(self.path, json.loads(text))
                with contextlib.suppress(OSError):
                    body(self) if callable(body) else self.reply(status, body)

            def reply(self, status, body, **headers):
                if isinstance(body, dict):
                    body = json.dumps(body)
                if isinstance(body, str):
                    body = body.encode()
                self.send_response(status)
                headers.setdefault("Content_Type", "application/json")
                for name, value in {**headers, "Content_Length": str(len(body))}.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                self.wfile.write(body)

            def wait_for_hangup(self, seconds=20):
                self.connection.settimeout(seconds)
                with contextlib.suppress(OSError):
                    if self.connection.recv(1) == b"":
                        outer.hangups += 1
                self.close_connection = True

            def log_message(self, *_):
                pass

        class Threads(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_):
                pass

        self.http = Threads(("127.0.0.1", 0), Handler)
        if wrap:
            self.http.socket = wrap(self.http.socket)
        self.port = self.http.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()

    def of(self, path):
        return [json.loads(text) for asked, text in self.requests if asked == path]

    def clear(self):
        self.requests.clear()
        self.headers.clear()

    def stop(self):
        self.http.shutdown()
        self.http.server_close()


def decoded(body):
    return base64.b64decode(body.get("passwordBase64", "")).decode("utf-8", "surrogateescape")


def askpass(directory, password):
    """The environment in which ssh types this password."""
    script = directory / f"askpass-{threading.get_ident()}"
    script.with_suffix(".password").write_bytes(password if isinstance(password, bytes) else password.encode())
    script.write_text(f"#!/bin/sh\ncat '{script}.password'\n")
    script.chmod(0o700)
    return dict(os.environ, SSH_ASKPASS=str(script), SSH_ASKPASS_REQUIRE="force")


def of_the_last_login(daemon):
    lines = daemon.log()
    last = [line["details"]["connectionId"] for line in lines if line["code"] == "SSH_CONNECTED"][-1]
    return [line for line in lines if line["details"].get("connectionId") == last]


# Ways not to say yes, by name: each a status and a body.
def slow(handler):
    """One byte a second, and all of it would be a yes."""
    handler.send_response(200)
    text = b'{"success":true}'
    handler.send_header("Content-Length", str(len(text)))
    handler.end_headers()
    for byte in text:
        handler.wfile.write(bytes([byte]))
        handler.wfile.flush()
        time.sleep(1)


def promise_more_than(handler, text):
    handler.send_response(200)
    handler.send_header("Content-Length", "400")
    handler.end_headers()
    handler.wfile.write(text)
    handler.close_connection = True


def truncated(handler):
    promise_more_than(handler, b'{"success":true,')


def cut_at_the_end(handler):
    """Even with all of the JSON there, an answer that is not complete is none."""
    promise_more_than(handler, b'{"success":true}')


def redirect(handler):
    handler.reply(307, {"success": True}, Location="/password")


def no_http(handler):
    handler.wfile.write(b'{"success":true}\r\n\r\n')
    handler.close_connection = True


def reset(handler):
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    handler.connection.close()
    handler.close_connection = True


MISBEHAVIOUR = {
    "500": (500, {"success": True}), "404": (404, {"success": True}), "403": (403, {"success": True}), "429": (429, {"success": True}), "204": (204, ""), "201": (201, {"success": True}),
    "html": (200, "<html><body>success: true</body></html>"), "empty": (200, ""), "text true": (200, '{"success":"true"}'),
    "one": (200, '{"success":1}'), "array": (200, '[{"success":true}]'), "bare true": (200, "true"),
    "half": (200, '{"success":true'), "null": (200, "null"), "nothing": (200, "{}"), "null success": (200, '{"success":null}'),
    "last wins": (200, '{"success":true,"success":false}'), "10 MB": (200, '{"success":true,"x":"' + 10_000_000 * "a" + '"}'),
    "no object": (200, '{"success":true,"metadata":[]}'), "no entry": (200, '{"success":true,"files":{"/a":"b"}}'),
    "no base64": (200, {"success": True, "files": {"/a": {"value": "*"}}}),
    "deep": (200, '{"success":true,"x":' + 200 * "[" + 200 * "]" + "}"),
    "slow": (200, slow), "truncated": (200, truncated), "cut": (200, cut_at_the_end), "redirect": (307, redirect),
    "no http": (200, no_http), "reset": (200, reset),
}

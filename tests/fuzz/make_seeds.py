#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seed corpora of the targets whose inputs are plain wire encodings (run again after a format change)."""
import base64
import pathlib
import struct

CORPUS = pathlib.Path(__file__).parent / "corpus"


def u32(value):
    return struct.pack(">I", value)


def text(value):
    data = value if isinstance(value, bytes) else value.encode()
    return u32(len(data)) + data


def save(target, name, data):
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def packet(payload):
    padding = 8 - (5 + len(payload)) % 8
    padding += 8 if padding < 4 else 0
    return u32(1 + len(payload) + padding) + bytes([padding]) + payload + bytes(padding)


def wire():
    save("wire_fuzz", "fields", bytes([5, 0, 1, 2, 3, 4 * 6 + 4]) + b"\x01" + u32(7) + u32(1) + u32(2) + text("hello") + b"rest")
    save("wire_fuzz", "truncated", bytes([1, 3]) + u32(100) + b"short")
    save("wire_fuzz", "mpint", bytes([0]) + b"\x00\x80\x01")


def requests():
    size = u32(132) + u32(50) + u32(0) + u32(0)
    modes = b"\x35" + u32(1) + b"\x80" + u32(38400) + b"\x00"
    bodies = [
        ("env", text("LANG") + text("C.UTF-8")),
        ("pty", text("xterm-256color") + size + text(modes)),
        ("window-change", size),
        ("exec", text("echo hi")),
        ("subsystem", text("sftp")),
        ("signal", text("TERM")),
        ("exit-status", u32(1)),
        ("exit-signal", text("KILL") + b"\x01" + text("killed") + text("en")),
        ("x11-req", b"\x00" + text("MIT-MAGIC-COOKIE-1") + text("00112233445566778899aabbccddeeff") + u32(0)),
        ("break", u32(1000)),
        ("xon-xoff", b"\x01"),
        ("agent-req", b""),
        ("direct-tcpip", text("db.example.com") + u32(5432) + text("127.0.0.1") + u32(51234)),
        ("forwarded-tcpip", text("") + u32(8080) + text("127.0.0.1") + u32(51234)),
        ("direct-streamlocal", text("/run/s") + text("") + u32(0)),
        ("forwarded-streamlocal", text("/run/s") + text("")),
        ("x11", text("127.0.0.1") + u32(6000)),
        ("tcpip-forward", text("localhost") + u32(0)),
        ("tcpip-forward-reply", u32(40000)),
        ("cancel-tcpip-forward", text("") + u32(40000)),
        ("streamlocal-forward", text("/tmp/s")),
        ("hostkeys", text("one key") + text("another")),
        ("hostkeys-prove", text("one key")),
        ("hostkeys-proof", text("a signature")),
    ]
    for index, (name, body) in enumerate(bodies):
        save("requests_fuzz", name, bytes([index]) + body)


def setup():
    def mapping(pairs):
        return u32(len(pairs)) + b"".join(text(key) + text(value) for key, value in pairs)

    def encode(user, words, environment, subsystems, transfer):
        return (u32(2) + text(user) + text("alice") + text("/srv") + u32(len(words)) + b"".join(map(text, words))
                + mapping(environment) + mapping(environment[:1]) + text("192.0.2.1") + text("192.0.2.2") + u32(1234) + u32(22)
                + mapping(subsystems) + text(transfer))

    save("setup_fuzz", "plain", encode("", [], [], [], "auto"))
    save("setup_fuzz", "full", encode("alice:users", ["/bin/sh", "-l"], [("LANG", "C"), ("A", "")],
                                      [("sftp", "/usr/lib/sftp-server")], "internal"))
    # What the path of a file may look like: the same target takes any input for one.
    save("setup_fuzz", "path", b"/home/alice/.config/token")
    save("setup_fuzz", "path-up", b"/a/../b")


def channels():
    # Choices of channels_fuzz.cpp's Script: an open, its confirmation, data, a request, the ends.
    peer_open = bytes([0, 100, 64, 7]) + b"session"
    script = (peer_open + bytes([11, 0]) + bytes([4, 0, 5]) + b"hello" + bytes([14, 0, 5])
              + bytes([8, 0, 4]) + b"exec" + bytes([1]) + bytes([17, 0, 1, 0])
              + bytes([13, 0, 50, 1]) + bytes([3, 100, 0]) + bytes([13, 0, 150, 1])
              + bytes([6, 0]) + bytes([15, 0]) + bytes([16, 0]) + bytes([7, 0]))
    # The first byte: its lowest bit tells a script from a stream, the next two the role.
    for role, name in enumerate(["session", "session-server", "session-client"]):
        save("channels_fuzz", name, bytes([2 * role]) + script)
    ends = bytes([20, 0]) + peer_open + bytes([21, 1, 1]) + bytes([20, 1]) + peer_open
    save("channels_fuzz", "no-more-sessions", bytes([2]) + ends)
    ours = bytes([10]) + bytes([1, 200, 32, 0]) + bytes([18, 0, 0]) + bytes([9, 0, 0]) + bytes([16, 0]) + bytes([7, 0])
    save("channels_fuzz", "our-open", bytes([0]) + ours + script)
    messages = [
        bytes([90]) + text("session") + u32(3) + u32(1000) + u32(100),
        bytes([98]) + u32(0) + text("exec") + b"\x01" + text("true"),
        bytes([94]) + u32(0) + text("hello"),
        bytes([95]) + u32(0) + u32(1) + text("oops"),
        bytes([93]) + u32(0) + u32(50),
        bytes([80]) + text("keepalive@openssh.com") + b"\x01",
        bytes([150]) + b"unknown",
        bytes([96]) + u32(0),
        bytes([97]) + u32(0),
    ]
    for role, name in enumerate(["stream", "stream-server", "stream-client"]):
        save("channels_fuzz", name, bytes([1 + 2 * role]) + b"".join(map(packet, messages)))
    save("channels_fuzz", "disconnect", bytes([1]) + packet(bytes([1]) + u32(11) + text("bye") + text("")))


def identification():
    save("identification_fuzz", "server", b"\x00SSH-2.0-OpenSSH_10.0 comment\r\nrest")
    save("identification_fuzz", "client", b"\x01Welcome\r\nto this host\nSSH-1.99-x\n")
    save("identification_fuzz", "http", b"\x00GET / HTTP/1.1\r\n")


def packets():
    save("packet_fuzz", "plain", b"\x00" + packet(b"\x02ignored") + packet(bytes([5]) + text("ssh-userauth")))
    for choice in range(1, 5):
        fields = bytes([5]) + b"hello" + bytes([0, 3]) + b"abc" + bytes([1]) + b"x"
        save("packet_fuzz", f"sealed{choice}", bytes([choice]) + fields + bytes([0, 20]))
        save("packet_fuzz", f"changed{choice}", bytes([choice]) + fields + bytes([1, 30, 1, 20]))


def key_exchanges():
    # The second byte is the key exchange's place in the target's list.
    save("two_engines_kex_fuzz", "both-rekey", bytes([0, 0, 2, 3, 0, 1, 0, 6, 7, 0, 1, 4, 20, 5, 9, 2, 7, 6]))
    for number, name in enumerate(["mlkem", "nistp256", "nistp384", "nistp521", "group14"], 1):
        save("two_engines_kex_fuzz", f"rekey-{name}", bytes([0, number, 2, 0, 1, 6, 7, 4, 20, 5, 9, 3, 7, 6]))
    save("two_engines_kex_fuzz", "volume", bytes([0, 0] + [0, 1] * 40 + [6, 7] * 5))
    names = [text(n) for n in ("curve25519-sha256,kex-strict-c-v00@openssh.com", "ssh-ed25519", "aes128-ctr",
                               "aes128-ctr", "hmac-sha2-256", "hmac-sha2-256", "none", "none", "", "")]
    kexinit = bytes([20]) + bytes(16) + b"".join(names) + b"\x00" + u32(0)
    value = bytes([30]) + text(bytes([9]) * 32)
    length = bytes([250]) + u32(len(kexinit))
    save("two_engines_kex_fuzz", "hostile", b"\x01\x00" + length + kexinit + bytes([len(value)]) + value + b"\x01\x15")
    hybrid = kexinit.replace(text("curve25519-sha256,kex-strict-c-v00@openssh.com"), text("mlkem768x25519-sha256"))
    value = bytes([30]) + text(bytes(1184) + bytes([9]) * 32)
    save("two_engines_kex_fuzz", "hostile-mlkem", b"\x01\x01" + bytes([250]) + u32(len(hybrid)) + hybrid
         + bytes([250]) + u32(len(value)) + value)


def logins():
    password = b"\x00" + text("right")
    login = bytes([71, len(password)]) + password  # method 1 of 7, as alice
    save("user_auth_fuzz", "password", bytes([0]) + login + bytes([0]))
    save("user_auth_fuzz", "pipelined", bytes([0, 70, 0, 72, 0, 0]) + login + bytes([1]) + login + bytes([2]) + login + bytes([0]))
    # Choices 5 and 6 modulo 7 are the methods of more than one message; behind a decision, the dialogue's messages.
    response = lambda *answers: u32(len(answers)) + b"".join(map(text, answers))
    turn = lambda number, body: bytes([1, number - 60, len(body)]) + body
    dialogue = bytes([0, 68, 0, 3, 2]) + turn(61, response("one", "two")) + bytes([3, 0]) + turn(61, response()) + bytes([0])
    save("user_auth_fuzz", "prompts", dialogue)
    save("user_auth_fuzz", "prompts-hostile-count", bytes([0, 68, 0, 3, 1]) + turn(61, u32(0xFFFFFFFF) + text("x")))
    mechanisms = response("oid", "other")
    exchange = bytes([0, 69, len(mechanisms)]) + mechanisms + bytes([0])
    token, mic = turn(61, text("token")), turn(66, text("mic"))
    save("user_auth_fuzz", "gssapi", exchange + token + bytes([1]) + token + bytes([2]) + mic + bytes([0]))
    save("user_auth_fuzz", "gssapi-failed", exchange + token + bytes([3, 69, len(mechanisms)]) + mechanisms + bytes([0]) +
         turn(65, text("error")) + bytes([69, 4]) + u32(0xFFFFFFFF))
    save("user_auth_fuzz", "gssapi-no-mic", exchange + token + bytes([2]) + turn(63, b""))
    partly = bytes([0]) + login + bytes([2])
    save("user_auth_fuzz", "partly", partly + bytes([68, 0, 3, 1]) + turn(61, response("123456")) + bytes([0]))
    prompts = text("name") + text("do") + text("") + u32(1) + text("Password: ") + bytes([0])
    save("user_auth_fuzz", "server-prompts", bytes([1, 10 << 3, len(prompts)]) + prompts + bytes([0, 2 << 3, 0]))
    save("user_auth_fuzz", "server", bytes([1, 1 + 8, 14]) + text("password") + b"\x00" + bytes([2 + 16, 0]))


# By ssh-keygen -s, with a command and a source address.
CERTIFICATE = (
    "AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29tAAAAIA07q4jvkxqtGuThTYD3ExpZ4K2d9vr5MrEmilsFw7WGAAAA"
    "IJ4YDyhnye7mkppJFgGuT7sjoUMG3IS3wGRxxQltF7z6AAAAAAAAAAAAAAABAAAABHNlZWQAAAAJAAAABWFsaWNlAAAAAAAAAAD/"
    "/////////wAAAEEAAAANZm9yY2UtY29tbWFuZAAAAAgAAAAEZGF0ZQAAAA5zb3VyY2UtYWRkcmVzcwAAAA4AAAAKMTAuMC4wLjAv"
    "OAAAAIIAAAAVcGVybWl0LVgxMS1mb3J3YXJkaW5nAAAAAAAAABdwZXJtaXQtYWdlbnQtZm9yd2FyZGluZwAAAAAAAAAWcGVybWl0"
    "LXBvcnQtZm9yd2FyZGluZwAAAAAAAAAKcGVybWl0LXB0eQAAAAAAAAAOcGVybWl0LXVzZXItcmMAAAAAAAAAAAAAADMAAAALc3No"
    "LWVkMjU1MTkAAAAgYExQnrS21ZiNP5Nymm84dvQC6HEKor1GQragbBXHmuMAAABTAAAAC3NzaC1lZDI1NTE5AAAAQJdukt/MQ5HH"
    "18vFhbey3aA1bvmMh+/Uni1M9eITYQjzS4INDXqmDde7RMR3uvJIFy8g1WL52eDYpT5ZAMMgvgk=")


def certificates():
    save("certificate_fuzz", "real", b"\x00" + base64.b64decode(CERTIFICATE))
    save("certificate_fuzz", "text", b"\x00ssh-ed25519-cert-v01@openssh.com " + CERTIFICATE.encode())

    def fields(role, key, principals, critical, extensions):
        options = [b"".join(text(name) + text(data) for name, data in pairs) for pairs in (critical, extensions)]
        return (key + struct.pack(">Q", 7) + u32(role) + text("id") + text(b"".join(map(text, principals)))
                + struct.pack(">QQ", 1000, 2**64 - 1) + b"".join(map(text, options)) + text(""))

    ed25519 = text("ssh-ed25519-cert-v01@openssh.com") + text("nonce") + text(bytes(range(32)))
    token = text("sk-ssh-ed25519-cert-v01@openssh.com") + text("nonce") + text(bytes(range(32))) + text("ssh:")
    critical = [("force-command", text("date")), ("source-address", text("10.0.0.0/8,2001:db8::/32"))]
    permits = [(f"permit-{what}", "") for what in ("X11-forwarding", "pty", "user-rc")]
    save("certificate_fuzz", "user", b"\x01" + fields(1, ed25519, ["alice", "ops"], critical, permits))
    save("certificate_fuzz", "host", b"\x01" + fields(2, ed25519, ["*.example.com"], [], []))
    save("certificate_fuzz", "token", b"\x01" + fields(1, token, ["alice"], [("verify-required", "")], [("no-touch-required", "")]))


def revocations():
    def section(kind, content):
        return bytes([kind]) + text(content)

    def u64(*values):
        return struct.pack(f">{len(values)}Q", *values)

    header = b"SSHKRL\n\x00" + u32(1) + u64(1, 2, 0) + text("") + text("comment")
    key = text("ssh-ed25519") + text(bytes(32))
    serials = (section(0x20, u64(5, 9)) + section(0x21, u64(20, 30)) + section(0x22, u64(100) + text(b"\x5a\x01"))
               + section(0x23, text("laptop") + text("desk")) + section(0x39, text("x@example.com") + b"\x00" + text("y")))
    save("krl_fuzz", "certificates", header + section(1, text(key) + text("") + serials) + section(1, text("") + text("") + serials))
    save("krl_fuzz", "keys", header + section(2, text(key)) + section(3, text(bytes(20))) + section(5, text(bytes(32)) * 2))
    save("krl_fuzz", "rest", header + section(255, text("x@example.com") + b"\x00" + text("y")) + section(4, key) + text("signature"))
    save("krl_fuzz", "text", b"# lost\nssh-ed25519 " + base64.b64encode(key) + b" alice\n\nssh-dss AAAAB3NzaC1kc3MAAAABBQ==\n")


def sftp():
    def request(kind, body):
        data = bytes([kind]) + u32(7) + body
        return bytes([len(data)]) + data

    handle, attributes = text(u32(0)), u32(15) + u32(0) + u32(5) + u32(0) * 2 + u32(0o644) + u32(1) * 2
    extended = lambda name, body: request(200, text(name) + body)
    make_file = request(3, text("f") + u32(0x0A) + attributes) + request(6, handle + u32(0) * 2 + text("data")) + request(4, handle)
    save("sftp_fuzz", "file", make_file + request(3, text("f") + u32(3) + u32(0)) + request(5, handle + u32(0) * 2 + u32(99)) +
         request(8, handle) + request(10, handle + attributes) + extended("fsync@openssh.com", handle) +
         extended("fstatvfs@openssh.com", handle) + extended("copy-data", handle + u32(0) * 4 + handle + u32(0) * 2))
    save("sftp_fuzz", "directory", make_file + request(14, text("d") + attributes) + request(11, text(".")) +
         request(12, handle) * 2 + request(15, text("d")))
    save("sftp_fuzz", "names", make_file + request(20, text("f") + text("l")) + request(19, text("l")) + request(7, text("l")) +
         request(17, text("l")) + request(9, text("f") + attributes) + request(16, text("./l")) + request(18, text("f") + text("g")) +
         extended("posix-rename@openssh.com", text("g") + text("l")) + extended("hardlink@openssh.com", text("l") + text("h")) +
         extended("lsetstat@openssh.com", text("h") + u32(4) + u32(0o600)) + request(13, text("h")))
    save("sftp_fuzz", "extensions", extended("statvfs@openssh.com", text(".")) + extended("limits@openssh.com", b"") +
         extended("expand-path@openssh.com", text("~/x")) + extended("home-directory", text("root")) +
         extended("users-groups-by-id@openssh.com", text(u32(0)) + text(u32(0))) + extended("none", b"") + request(99, b""))

# Made for this purpose by ssh-keygen and openssl; nothing is locked with them.
OPENSSH_ED25519 = (
    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZWQyNTUxOQAAACC2KMO2MfE1ntkW7ZLcZcg/4Ou+kTAsy6gI+5"
    "BxhqimkwAAAIhqad+kamnfpAAAAAtzc2gtZWQyNTUxOQAAACC2KMO2MfE1ntkW7ZLcZcg/4Ou+kTAsy6gI+5BxhqimkwAAAEAsjBC1AFt6SZqmF5XBaMTi"
    "ncRMXgJ5TmZ39426pL0r17Yow7Yx8TWe2RbtktxlyD/g676RMCzLqAj7kHGGqKaTAAAABHNlZWQB")
OPENSSH_ECDSA = (
    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAaAAAABNlY2RzYS1zaGEyLW5pc3RwMjU2AAAACG5pc3RwMjU2AAAAQQRbEF1aHO"
    "kHp2qof8I98lX23wabj6JJ78UElPSU/M4E5yfnKNM5dFwcpJ4YN2bfb8j+Ulk3NKqe7kGgtACZKFFrAAAAoCWr9tMlq/bTAAAAE2VjZHNhLXNoYTItbmlz"
    "dHAyNTYAAAAIbmlzdHAyNTYAAABBBFsQXVoc6Qenaqh/wj3yVfbfBpuPoknvxQSU9JT8zgTnJ+co0zl0XByknhg3Zt9vyP5SWTc0qp7uQaC0AJkoUWsAAA"
    "AgJNbeHPOOwN4XHCCLOLACXUo65YQBTjttj1l7vguSpo8AAAAEc2VlZAECAwQ=")
PKCS8_ED25519 = (
    "MC4CAQAwBQYDK2VwBCIEIAqhwHMtcNl+HWnlNFUtpOvC9yZ/bmGhULAHPRG2Nr0a")
SEC1_P256 = (
    "MHcCAQEEIGqZG5RuzsioagvteSOEw2xDUsvHaTNtZ1z14i4iN8KroAoGCCqGSM49AwEHoUQDQgAE/ECHw/yk884hBqpNiUNCrmv1dLft/19avLpUWca+rF"
    "e8rtD94MB6UQZbrJyZ6MTeJgYiWF3kDtvu74zrqEz7Lg==")
PUBLIC_ED25519 = (
    "AAAAC3NzaC1lZDI1NTE5AAAAILYow7Yx8TWe2RbtktxlyD/g676RMCzLqAj7kHGGqKaT")


def key_files():
    def pem(kind, body):
        lines = [body[at:at + 64] for at in range(0, len(body), 64)]
        return "\n".join([f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----", ""]).encode()

    for name, kind, body in (("openssh-ed25519", "OPENSSH PRIVATE KEY", OPENSSH_ED25519), ("openssh-ecdsa", "OPENSSH PRIVATE KEY", OPENSSH_ECDSA),
                             ("pkcs8", "PRIVATE KEY", PKCS8_ED25519), ("sec1", "EC PRIVATE KEY", SEC1_P256)):
        save("key_file_fuzz", name, pem(kind, body))
    save("key_file_fuzz", "public-blob", base64.b64decode(PUBLIC_ED25519))
    save("key_file_fuzz", "public-text", b"ssh-ed25519 " + PUBLIC_ED25519.encode() + b" alice@host")


def authorized_keys():
    key = f"ssh-ed25519 {PUBLIC_ED25519}"
    save("authorized_keys_fuzz", "plain", f"# mine\n\n{key} alice@host\r\n{key}\n".encode())
    save("authorized_keys_fuzz", "options", (
        f'restrict,pty,command="say \\"hi\\" #1",environment="A=b,c",from="10.0.0.0/8,!10.0.0.1,*.example.com" {key} a\n'
        f'cert-authority,principals="ops,root",expiry-time="20301231235959Z" {key}\n'
        f'no-touch-required,verify-required,permitopen="db:5432",permitlisten="8080" {key}\n'
        f'command="open {key}\n'.encode()))


for make in (wire, requests, setup, channels, identification, packets, key_exchanges, logins, certificates, revocations, sftp, key_files,
             authorized_keys):
    make()

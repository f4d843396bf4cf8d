#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Prints packet_vectors.txt: packets sealed by asyncssh, an implementation that shares no SSH code with ours.
#
#   name mac key iv mac_key first_sequence, then one line per packet: plaintext sealed; all in hex.
import hashlib
import struct
from asyncssh.encryption import get_encryption, get_encryption_params

CASES = [(b'aes128-gcm@openssh.com', b''), (b'aes256-gcm@openssh.com', b''), (b'chacha20-poly1305@openssh.com', b''),
         (b'aes128-ctr', b'hmac-sha2-256'), (b'aes192-ctr', b'hmac-sha2-512'),
         (b'aes256-ctr', b'hmac-sha2-256-etm@openssh.com'), (b'aes128-ctr', b'hmac-sha2-512-etm@openssh.com')]


def stream(label, size):
    return b''.join(hashlib.sha256(label + struct.pack('>I', i)).digest() for i in range(size // 32 + 1))[:size]


for cipher, mac in CASES:
    key_size, iv_size, block, mac_key_size, mac_size, etm = get_encryption_params(cipher, mac)
    name = cipher + mac
    key, iv, mac_key = stream(name + b'key', key_size), stream(name + b'iv', iv_size), stream(name + b'mac', mac_key_size)
    sequence = 0xfffffffe  # wraps inside the case
    sealer = get_encryption(cipher, key, iv, mac, mac_key, etm)
    print(cipher.decode(), mac.decode() or '-', key.hex(), iv.hex() or '-', mac_key.hex() or '-', sequence)
    for i, size in enumerate((16, 32, 80, 272)):
        apart = etm or mac == b''
        body = size if apart else size - 4  # the aligned part holds the length or not
        padding = 4 + i
        packet = bytes([padding]) + stream(name + bytes([i]), body - 1)
        header = struct.pack('>I', len(packet))
        sealed, tag = sealer.encrypt_packet(sequence, header, packet)
        print((header + packet).hex(), (sealed + tag).hex())
        sequence = (sequence + 1) & 0xffffffff

# SPDX-License-Identifier: Apache-2.0
"""Rows of algorithms in which every two values of different columns meet at least once."""
import collections
import itertools
import random

Row = collections.namedtuple("Row", "kex host_key cipher mac login")
FINITE_FIELD = "diffie-hellman-"


def is_aead(cipher):
    return "gcm@" in cipher or "poly1305@" in cipher


def suites(ciphers, macs):
    """A cipher and its MAC are one choice: authenticated ciphers have none."""
    return [(cipher, mac) for cipher in ciphers for mac in ([""] if is_aead(cipher) else macs)]


def pairwise(columns):
    """Greedy: each row begins with a pair not met yet and takes from the other columns what meets most new ones."""
    numbers = range(len(columns))
    open_pairs = {(a, x, b, y) for a, b in itertools.combinations(numbers, 2) for x in columns[a] for y in columns[b]}
    order = random.Random(1)
    while open_pairs:
        a, x, b, y = min(open_pairs, key=repr)
        row = {a: x, b: y}

        def news(column, value):
            return sum(((column, value, other, chosen) if column < other else (other, chosen, column, value)) in open_pairs
                       for other, chosen in row.items())

        for column in numbers:
            if column not in row:
                values = order.sample(columns[column], len(columns[column]))
                row[column] = max(values, key=lambda value: news(column, value))
        open_pairs -= {(a, row[a], b, row[b]) for a, b in itertools.combinations(numbers, 2)}
        yield [row[column] for column in numbers]


def rows(kex, host_keys, ciphers, macs, logins):
    """Every key exchange × cipher with MAC × host key × login, pair by pair."""
    return [Row(k, h, cipher, mac, login)
            for k, h, (cipher, mac), login in pairwise([kex, host_keys, suites(ciphers, macs), logins])]

# SPDX-License-Identifier: Apache-2.0
"""Messages generated from, and checked against, the schemas of docs/webhooks.openapi.yaml: the part of JSON Schema that it
uses, and no more."""
import base64
import pathlib
import random
import re
import string

import yaml

DOCUMENT = yaml.safe_load((pathlib.Path(__file__).resolve().parents[2] / "docs/webhooks.openapi.yaml").read_text())
KNOWN = {"type", "properties", "additionalProperties", "required", "allOf", "$ref", "format", "pattern", "description",
         "example"}
# By the pattern they must match; every pattern of the document is here.
MATCHING = {"^[0-9a-f]{32}$": lambda dice: f"{dice.getrandbits(128):032x}",
            "^[a-z0-9@.-]+ [A-Za-z0-9+/]+=*$":
                lambda dice: "ssh-ed25519 " + base64.b64encode(dice.randbytes(dice.randrange(1, 600))).decode()}
TYPES = {"string": str, "boolean": bool, "object": dict}
TEXTS = ["", "foo", "busybox", "ada", "a b", "\u00e9\u4e2d\U0001f6a2", "\x00\x01\x1f\x7f", "<&>'\"\\/", "x" * 5000, "null", "a=b"]


def schema(name):
    return DOCUMENT["components"]["schemas"][name]


def resolved(part):
    """One schema without $ref and allOf."""
    unknown = set(part) - KNOWN
    assert not unknown, f"{unknown} is not understood here"
    if "$ref" in part:
        return resolved(schema(part["$ref"].removeprefix("#/components/schemas/")))
    if "allOf" not in part:
        return part
    whole = {"type": "object", "properties": {}, "required": []}
    for piece in map(resolved, part["allOf"]):
        whole["properties"].update(piece.get("properties", {}))
        whole["required"] += piece.get("required", [])
    return whole


def text(part, dice):
    if "pattern" in part:
        made = MATCHING[part["pattern"]](dice)
        assert re.search(part["pattern"], made)
        return made
    if part.get("format") == "byte":
        return base64.b64encode(dice.randbytes(dice.choice([0, 1, 2, 3, 100]))).decode()
    return dice.choice(TEXTS + ["".join(dice.choices(string.printable, k=dice.randrange(20)))])


def generate(part, dice):
    """A value that the schema allows; optional members come and go."""
    part = resolved(part)
    if part["type"] == "string":
        return text(part, dice)
    if part["type"] == "boolean":
        return dice.random() < 0.5
    value = {name: generate(member, dice) for name, member in part.get("properties", {}).items()
             if name in part.get("required", []) or dice.random() < 0.5}
    if "additionalProperties" in part:
        for _ in range(dice.randrange(4)):
            value["/" + "".join(dice.choices(string.ascii_letters, k=8))] = generate(part["additionalProperties"], dice)
    return value


def mistakes(part, value, path="$"):
    """Where `value` is not what the schema says; members that it does not name are mistakes, too."""
    part = resolved(part)
    if not isinstance(value, TYPES[part["type"]]):
        return [f"{path}: {type(value).__name__} is no {part['type']}"]
    if part["type"] != "object":
        return [] if re.search(part.get("pattern", ""), str(value)) else [f"{path}: {value!r} does not match"]
    found = [f"{path}: {name} is missing" for name in part.get("required", []) if name not in value]
    if "properties" not in part and "additionalProperties" not in part:
        return found
    for name, member in value.items():
        inner = part.get("properties", {}).get(name, part.get("additionalProperties"))
        found += mistakes(inner, member, f"{path}.{name}") if inner else [f"{path}: {name} is unknown"]
    return found


def broken(part, dice):
    """A request of which one member has a type that the schema forbids."""
    part = resolved(part)
    value = generate(part, dice)
    name = dice.choice(sorted(part["properties"]))
    value[name] = dice.choice([7, [], [1], 1.5, True] if resolved(part["properties"][name])["type"] != "boolean" else [7, "x"])
    return value


def dice(seed):
    return random.Random(seed)

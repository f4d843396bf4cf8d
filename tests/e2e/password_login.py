# SPDX-License-Identifier: Apache-2.0
"""A login with a password, by OpenSSH's client, and what a webhook server says to it."""
from conftest import PASSWORD, run
from webhooks import askpass, decoded


def login(daemon, password=PASSWORD, user="ada", *options, command="echo in"):
    """By password."""
    return run("ssh", "-F", "/dev/null", "-o", "PubkeyAuthentication=no", *options, "-o", "NumberOfPasswordPrompts=1",
               "-o", f"UserKnownHostsFile={daemon.directory / 'known_hosts'}", "-p", daemon.port, f"{user}@127.0.0.1", command,
               env=askpass(daemon.directory, password))


def by_password(path, body):
    """Yes to the one password, and to whom it let in."""
    if path == "/password":
        return 200, {"success": decoded(body) == PASSWORD}
    return 200, {"success": path == "/authz"}

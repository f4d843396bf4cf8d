# SPDX-License-Identifier: Apache-2.0
"""What webhooks give a login, from their answers into its box: variables, files, labels, and rules of its own."""
import base64
import json
import random
import subprocess
import time

import pytest
from conftest import PASSWORD, run, wait_until
from webhooks import Server, askpass

SECRET = "a very secret value"


def entry(value, sensitive=False):
    return {"value": value, "sensitive": sensitive}


def file(content, sensitive=False):
    return entry(base64.b64encode(content).decode(), sensitive)


pytestmark = pytest.mark.parametrize("own_daemon", ["oci", "docker", "docker-attach"], indirect=True)


@pytest.fixture
def served(own_daemon):
    """A daemon with a configuration webhook that gives what the test says."""
    hooks = Server()

    def make(answer, **settings):
        hooks.answer = lambda path, body: (200, answer)
        daemon = own_daemon(**settings)
        daemon.set("configserver.url", hooks.url)
        return daemon.start()
    make.backend = own_daemon.backend
    yield make
    hooks.stop()


def lines_of(daemon, code):
    return [line for line in daemon.log() if line["code"] == code]


def test_variables_are_in_every_program_and_no_client_overrides_them(served):
    daemon = served({"environment": {"TEAM": entry("blue"), "TOKEN": entry(SECRET, True), "SSH_ORIGINAL_COMMAND": entry("forged")}})
    ask = 'echo "$TEAM/$TOKEN/${SSH_ORIGINAL_COMMAND-unset}/$OTHER"'
    for flags in ((), ("-tt",)):
        done = daemon.ssh("-oSetEnv=TEAM=red OTHER=mine", *flags, ask)
        assert done.stdout.decode().strip() == f"blue/{SECRET}/unset/mine"
    assert run(*daemon.ssh_command(), input=b"echo $TEAM\n").stdout == b"blue\n"
    skipped = {line["details"]["name"] for line in lines_of(daemon, "BACKEND_VARIABLE_SKIPPED")}
    assert skipped == {"SSH_ORIGINAL_COMMAND"}
    assert SECRET not in daemon.log_file.read_text()


def test_files_are_there_before_the_first_program(served):
    large = random.Random(7).randbytes(700_000)
    daemon = served({"files": {"/home/alice/.config/token": file(SECRET.encode(), True), "/opt/a/large": file(large),
                               "/opt/b/large": file(large[::-1]), "/etc/passwd-": file(b"")}})
    look = "cat /home/alice/.config/token; stat -c ' %a %u %n' /home/alice/.config/token /etc/passwd-; ls -A /opt/a /home/alice/.config"
    expected = SECRET + " 600 0 /home/alice/.config/token\n 600 0 /etc/passwd-\n/home/alice/.config:\ntoken\n\n/opt/a:\nlarge\n"
    for _ in range(3):
        assert daemon.ssh(look).stdout.decode() == expected
    assert daemon.ssh("cat /opt/a/large").stdout == large
    assert daemon.ssh("cat /opt/b/large").stdout == large[::-1]
    code = f"{served.backend.upper()}_FILE_WRITE"
    assert {line["details"]["path"] for line in lines_of(daemon, code)} >= {"/opt/a/large", "/home/alice/.config/token"}
    text = daemon.log_file.read_text()
    assert SECRET not in text and base64.b64encode(SECRET.encode()).decode() not in text


def test_files_belong_to_the_user_of_the_box(served):
    daemon = served({"files": {"/srv/new/token": file(b"mine")}}, docker__execution__container={
        "image": "fairlead-test/busybox", "user": "1000:1000"}, oci__user="1000:1000")
    done = daemon.ssh("id -u; stat -c '%a %u:%g' /srv/new/token; cat /srv/new/token").stdout.decode()
    if served.backend == "oci":
        assert done == "1000\n600 1000:1000\nmine"
    else:  # there the agent itself is this user, who may not write there: the user gets in without the file
        assert done == "1000\n"
        assert "Permission denied" in lines_of(daemon, "DOCKER_FILE_WRITE_FAILED")[0]["details"]["reason"]


def test_a_file_that_cannot_be_written_turns_nobody_away(served):
    daemon = served({"files": {"/token": file(b"x"), "/dev/shm/token": file(b"fits"), "/.fairlead/agent": file(b"x")}},
                    docker__execution__host={"readonlyRootfs": True}, oci__readOnlyRoot=True)
    done = daemon.ssh("cat /dev/shm/token; test -e /token || echo ' and no more'")
    assert done.stdout == b"fits and no more\n", done.stderr
    failed = {line["details"]["path"]: line for line in lines_of(daemon, f"{served.backend.upper()}_FILE_WRITE_FAILED")}
    assert set(failed) == {"/token", "/.fairlead/agent"}
    assert failed["/token"]["details"]["reason"] == "Read-only file system" and failed["/token"]["level"] == "warning"


def test_links_in_the_image_do_not_lead_astray(served):
    # busybox's own applets are links to /bin/busybox: a file in such a place replaces the link.
    daemon = served({"files": {"/bin/vi": file(b"#!/bin/sh\necho mine\n")}})
    assert daemon.ssh("test ! -L /bin/vi && sh /bin/vi; busybox echo still here").stdout == b"mine\nstill here\n"


def test_metadata_is_exposed_only_where_it_is_asked_for(served):
    answer = {"metadata": {"project": entry("apollo"), "TEAM": entry("below"), "A=B": entry("x")}, "environment": {"TEAM": entry("above")}}
    plain = served(answer)
    assert plain.ssh('echo "$TEAM/$project"').stdout == b"above/\n"
    plain.stop()
    daemon = served(answer, docker__execution__exposeAuthMetadataAsEnv=True, oci__exposeAuthMetadataAsEnv=True,
                    docker__execution__exposeAuthMetadataAsLabels={"project": "com.example.project", "TEAM": "containerssh_username"})
    held = subprocess.Popen(daemon.ssh_command('echo "$TEAM/$project"; read line'), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert held.stdout.readline() == b"above/apollo\n"
    if served.backend == "docker":
        inspected = json.loads(run("docker", "inspect", *daemon.boxes()).stdout)[0]["Config"]
        assert inspected["Labels"]["com.example.project"] == "apollo"
        assert inspected["Labels"]["containerssh_username"] == "alice", "nothing overrides ours"
        assert "apollo" not in str(inspected["Env"]), "variables are nobody's business who lists containers"
    held.communicate(b"\n", timeout=30)


def test_what_was_delivered_is_gone_with_the_box(served, work):
    # The empty volume that boxes are copied from has the size of the limit, and grep reads every zero of it.
    daemon = served({"files": {"/opt/token": file(SECRET.encode(), True)}}, oci__limits__disk="64M")
    assert daemon.ssh("cat /opt/token").stdout.decode() == SECRET
    wait_until(lambda: not daemon.boxes(), 20, "the box is gone")
    left = run("grep", "-rlaF", "-D", "skip", SECRET, daemon.directory)
    assert left.stdout == b""


def test_the_configuration_webhook_sets_rules_for_its_user(served):
    daemon = served({"config": {"security": {"command": {"mode": "filter", "allow": ["echo hi"]}, "maxSessions": 1}}},
                    security={"env": {"mode": "disable"}})
    assert daemon.ssh("echo hi").stdout == b"hi\n"
    refused = daemon.ssh("echo no")
    assert refused.returncode == 255 and b"Command execution disabled." in refused.stderr
    assert run(*daemon.ssh_command(), input=b"echo ${OTHER-unset}\n").stdout == b"unset\n"


def test_metadata_of_the_password_webhook_reaches_the_box(own_daemon):
    hooks = Server(lambda path, body: (200, {"success": True, "environment": {"TEAM": entry("blue")}, "metadata": {"m": entry("x")},
                                             "files": {"/tmp/ticket": file(b"ticket", True)}}))
    daemon = own_daemon(oci__exposeAuthMetadataAsEnv=True, docker__execution__exposeAuthMetadataAsEnv=True)
    daemon.config["auth"] = {"password": {"method": "webhook", "webhook": {"url": hooks.url}}}
    daemon.start()
    began = time.monotonic()
    done = run("ssh", "-F", "/dev/null", "-o", "PubkeyAuthentication=no", "-o", f"UserKnownHostsFile={daemon.directory / 'known_hosts'}",
               "-p", daemon.port, "alice@127.0.0.1", "echo $TEAM $m; cat /tmp/ticket", env=askpass(daemon.directory, PASSWORD))
    assert done.stdout == b"blue x\nticket", done.stderr
    assert time.monotonic() - began < 20
    hooks.stop()

# SPDX-License-Identifier: Apache-2.0
"""What the configuration server's answers may do with the engine, and what nobody does with it before a login."""
import pytest
from conftest import ENGINE, Daemon, own_daemons, run, wait_until
from engine_proxy import EngineProxy
from webhooks import Server, of_the_last_login

WRONG = b"This login is not set up correctly. Please tell the administrator."


@pytest.fixture(scope="module")
def hooks():
    server = Server()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def daemon(work, hooks):
    """Its answers are restricted; its calls of the engine are counted."""
    name = f"answers-{next(own_daemons)}"
    proxy = EngineProxy(work / f"{name}.sock", ENGINE.removeprefix("unix://"))
    made = Daemon(work / name, "docker", "busybox", docker__connection={"host": f"unix://{work / name}.sock"})
    (made.directory / "homes").mkdir()
    made.set("configserver", {"url": hooks.url, "answers": {
        "restrict": True, "allow": ["docker.execution.host.capAdd"], "allowMounts": [str(made.directory / "homes")]}})
    made.proxy = proxy
    made.start()
    yield made
    assert made.process.poll() is None
    assert made.stop() == 0
    proxy.close()


def answer(hooks, **host):
    hooks.answer = lambda path, body: (200, {"config": {"docker": {"execution": {"host": host}}}})


@pytest.mark.parametrize("host", [{"Privileged": True}, {"PidMode": "host"}, {"Binds": ["/:/host"]}, {"Binds": ["/etc:/x"]},
                                  {"Binds": ["/var/run/docker.sock:/x"]}, {"NotKnownYet": True}], ids=str)
def test_an_answer_that_reaches_out_of_the_box_refuses_the_login(daemon, hooks, host):
    answer(hooks, **host)
    daemon.proxy.never()
    refused = daemon.ssh("true")
    assert refused.returncode == 255 and WRONG in refused.stderr, refused.stderr
    assert daemon.proxy.calls == []
    told = [line["message"] for line in of_the_last_login(daemon) if line["code"] == "BACKEND_CONFIG_ERROR"]
    assert len(told) == 1 and "configserver.answers" in told[0] and list(host)[0].lower() in told[0]


def test_what_the_operator_allows_and_what_harms_nobody_counts(daemon, hooks):
    (daemon.directory / "homes" / "file").write_text("kept\n")
    answer(hooks, CapAdd=["NET_ADMIN"], Memory=1 << 27, Binds=[f"{daemon.directory}/homes:/homes:ro"])
    done = daemon.ssh("cat /homes/file")
    assert done.stdout == b"kept\n", done.stderr


def test_no_call_of_the_engine_before_a_login(daemon, hooks):
    # TC-10: what strangers do costs the engine nothing.
    wait_until(lambda: not daemon.boxes(), 20, "the boxes of earlier logins are gone")
    daemon.proxy.never()
    assert daemon.ssh("true", user="nobody").returncode == 255
    assert run("ssh-keyscan", "-T", "5", "-p", daemon.port, "127.0.0.1").returncode == 0
    assert daemon.proxy.calls == []
    answer(hooks)
    assert daemon.ssh("true").returncode == 0
    assert any(call.endswith("/containers/create") for call in daemon.proxy.calls), "and this counts them"

# SPDX-License-Identifier: Apache-2.0
"""Configuration files and the command line of the real program (core.md section 9.10, services.md section 0)."""
import json
import os
import re
import shutil
import signal
import socket

import jsonschema
import pexpect
import pytest
import yaml
from conftest import BIN, ROOT, run, wait_until

MINIMAL = {"auth": {"password": {"method": "local"}, "local": {"usersFile": "users.yaml"}},
           "backend": "oci", "oci": {"image": "/img"}}


@pytest.fixture
def place(tmp_path):
    (tmp_path / "users.yaml").write_text("users: {}\n")
    (tmp_path / "users.yaml").chmod(0o600)
    return tmp_path


def fairlead(*words, cwd="/", **options):
    return run(BIN / "fairlead", *words, cwd=cwd, **options)


def written(place, content, name="config.yaml"):
    file = place / name
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


def changed(**sections):
    return {**MINIMAL, **sections}


def check(place, content, name="config.yaml"):
    return fairlead("check-config", "--config", written(place, content, name), cwd=place)


def schema():
    return json.loads(fairlead("config", "schema").stdout)


def test_no_file_is_one_critical_line(place):
    done = fairlead("--config", "missing.yaml", cwd=place)
    assert done.returncode == 1
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(line["level"], line["code"]) for line in lines] == [("crit", "CORE_CONFIG_ERROR")]


def test_the_file_of_the_working_directory_is_the_default(place):
    alone = fairlead(cwd=place)
    assert alone.returncode == 2 and b"serve" in alone.stdout, "help where there is none"
    written(place, "foo: 1\n")
    done = fairlead(cwd=place)
    assert done.returncode == 1 and b"CORE_CONFIG_ERROR" in done.stdout and b"unknown key" in done.stdout


def test_mistakes_have_line_path_and_reason(place):
    done = check(place, "auth:\n  password: {method: local}\n  local: {userFile: x}\noci: {image: /x}\nfoo: 1\n")
    assert done.returncode == 1
    lines = done.stderr.decode().splitlines()
    assert any(":3: invalid configuration option: auth.local.userFile (unknown key; did you mean" in line for line in lines)
    assert any(":5: invalid configuration option: foo (unknown key)" in line for line in lines)


@pytest.mark.parametrize("content, reason", [
    ({"oci": {"image": "/img"}}, "no authentication method configured"),
    (changed(backend="dockerrun"), "backend (invalid backend: dockerrun)"),
    (changed(backend="kubernetes"), "backend kubernetes is not built yet"),
    (changed(audit={"enable": True}), "the audit log is not built yet"),
    (changed(dockerrun={}), "dockerrun (unknown key"),
])
def test_what_cannot_be_served_is_refused(place, content, reason):
    done = fairlead("serve", "--config", written(place, content), cwd=place)
    assert done.returncode == 1
    assert reason in done.stderr.decode()


@pytest.mark.parametrize("content", [
    changed(backend="docker", docker={"execution": {"container": {"foo": 1}}}),
    changed(configserver={"url": "http://127.0.0.1:1"}, backend="docker",
            docker={"connection": {"host": ""}, "execution": {"mode": "never"}}),
    changed(configserver={"timeout": 2000000000}),
    {"auth": {"url": "http://127.0.0.1:1", "password": True}, "oci": {"image": "/img"}},
])
def test_what_containerssh_serves_is_accepted(place, content):
    done = check(place, content)
    assert done.returncode == 0, done.stderr


def test_a_dump_is_complete_and_loads_again(place):
    ours = yaml.safe_load(fairlead("--dump-config", "--config", written(place, MINIMAL), cwd=place).stdout)
    theirs = yaml.safe_load((ROOT / "tests/data/config/containerssh_default.yaml").read_text())

    def missing(expected, found, path=""):
        for key, value in expected.items():
            if key not in found:
                yield path + key
            elif isinstance(value, dict) and isinstance(found[key], dict):
                yield from missing(value, found[key], f"{path}{key}.")

    # Fairlead brings an SFTP server along.
    assert list(missing(theirs, ours)) == ["docker.execution.subsystems.sftp"]
    first = fairlead("-dump-config", "-config=config.yaml", cwd=place)
    written(place, first.stdout.decode(), "again.yaml")
    again = fairlead("config", "dump", "--config", "again.yaml", cwd=place)
    assert again.returncode == 0 and again.stdout == first.stdout and again.stderr == first.stderr == b""
    # The same from JSON.
    written(place, ours, "same.json")
    assert fairlead("config", "dump", "--config", "same.json", cwd=place).stdout == first.stdout


def test_containersshs_default_file_is_taken_as_it_is(place):
    written(place, (ROOT / "tests/data/config/containerssh_default.yaml").read_text())
    assert fairlead("--dump-config", cwd=place).returncode == 0
    assert fairlead("--healthcheck", cwd=place).returncode == 0, "health.enable is off"
    # It chooses no way to log in, which stops ContainerSSH, too; one line is all that is missing.
    assert b"no authentication method configured" in fairlead("check-config", cwd=place).stderr
    whole = yaml.safe_load((place / "config.yaml").read_text())
    whole["auth"]["password"] = {"method": "webhook", "webhook": {"url": "http://127.0.0.1:1"}}
    done = check(place, whole)
    assert done.returncode == 0 and b"warning" not in done.stderr, done.stderr


def test_a_dump_needs_no_complete_file_and_keeps_its_output_clean(place):
    written(place, "log: {level: debug}\nauth: {url: 'http://h'}\nsecurity: {maxSessions: 0}\n")
    done = fairlead("--dump-config", cwd=place)
    assert done.returncode == 0
    assert yaml.safe_load(done.stdout)["auth"]["password"]["webhook"]["url"] == "http://h"
    assert b"maxSessions" in done.stderr and b"auth.url" in done.stderr
    assert fairlead("--dump-config", "--config", "missing.yaml", cwd=place).returncode == 1


def test_secrets_are_shown_only_when_asked_for(place):
    written(place, changed(sshproxy={"password": "hidden-1"}, audit={"s3": {"secretKey": "hidden-2"}}))
    assert b"hidden" not in fairlead("--dump-config", cwd=place).stdout
    shown = fairlead("--dump-config", "--show-secrets", cwd=place).stdout
    assert b"hidden-1" in shown and b"hidden-2" in shown


def test_the_schema_accepts_what_the_program_accepts(place):
    validator = jsonschema.Draft7Validator(schema())
    jsonschema.Draft7Validator.check_schema(validator.schema)
    examples = [(ROOT / "packaging/fairlead.yaml").read_text(),
                (ROOT / "tests/data/config/containerssh_default.yaml").read_text(),
                fairlead("--dump-config", "--config", written(place, MINIMAL), cwd=place).stdout.decode(),
                "auth: {url: 'http://h', password: true, pubkey: false, curves: 'x25519:X25519'}\nlog: {level: 7}\n"
                "configserver: {timeout: 2000000000, curve: [x25519]}\noci: {limits: {memory: none, cpus: 1.5}}\n"]
    for example in examples:
        errors = [f"{list(error.path)}: {error.message}" for error in validator.iter_errors(yaml.safe_load(example))]
        assert not errors
        assert fairlead("config", "dump", "--config", written(place, example), cwd=place).returncode == 0


def test_the_reference_names_every_key():
    text = (ROOT / "docs/configuration.md").read_text()
    named = set(re.findall(r"[\w-]+", " ".join(re.findall(r"`[^`\n]+`", text))))

    def keys(properties):
        for name, below in properties.items():
            yield name
            yield from keys(below.get("properties", {}))

    assert sorted(set(keys(schema()["properties"])) - named) == []


@pytest.mark.parametrize("wrong", [
    {"foo": 1}, {"ssh": {"lisen": "x"}}, {"ssh": 7}, {"ssh": {"hostkeys": "a"}}, {"log": {"level": "loud"}},
    {"log": {"level": 8}}, {"ssh": {"clientAliveInterval": "soon"}}, {"health": {"enable": "yes please"}},
    {"backend": "dockerrun"}, {"security": {"shell": {"mode": "deny"}}}, {"sshproxy": {"port": 70000}},
    {"configserver": {"tlsVersion": "1.1"}}, {"auth": {"password": "yes"}}, {"oci": {"limits": {"mem": 1}}},
    {"kubernetes": {"connection": {"qps": "fast"}}}, {"docker": {"execution": {"container": []}}},
    {"security": {"maxSessions": 1.5}}, {"health": {"curves": []}},
])
def test_what_is_wrong_is_refused_by_both(place, wrong):
    whole = {**MINIMAL, **wrong}
    assert not jsonschema.Draft7Validator(schema()).is_valid(whole)
    assert check(place, whole).returncode == 1


def test_certificates_without_keys_are_refused_and_texts_accepted(place):
    data = ROOT / "tests/data/config"
    server = {"url": "https://127.0.0.1:1", "cert": str(data / "cert.pem")}
    assert b"configserver.key (cert and key must be given together)" in check(place, changed(configserver=server)).stderr
    server = {**server, "cert": "\n\n" + (data / "cert.pem").read_text(), "key": (data / "key.pem").read_text()}
    done = check(place, changed(configserver=server))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("words", [["--nope"], ["-nope"], ["nope"], ["config"], ["config", "nope"], ["completion", "tcsh"]])
def test_wrong_usage_is_two(words):
    assert fairlead(*words).returncode == 2


def test_help_version_and_licences_work_everywhere():
    for words in (["--help"], ["-h"], ["-help"], ["config", "--help"], ["config", "dump", "--help"]):
        done = fairlead(*words)
        assert done.returncode == 0 and b"--config FILE" in done.stdout or b"fairlead" in done.stdout
    assert fairlead("-version").stdout.startswith(b"fairlead ")
    text = fairlead("--licenses")
    assert text.returncode == 0 and b"Apache License" in text.stdout and b"OpenSSL" in text.stdout


def test_the_notice_names_every_library():
    notice = fairlead("--licenses").stdout.decode().split("# Third parties")[1].lower()
    names = {"libc": "gnu c library", "libm": "gnu c library", "libpthread": "gnu c library", "ld-linux-x86-64": "gnu c library",
             "libdl": "gnu c library", "libresolv": "gnu c library", "librt": "gnu c library", "libstdc++": "gnu c++ library", "libgcc_s": "libgcc",
             "libssl": "openssl", "libcrypto": "openssl", "libz": "zlib", "libfmt": "{fmt}", "libyaml-cpp": "yaml-cpp", "libipsec_mb": "ipsec"}
    loaded = {word.split("/")[-1].split(".so")[0].lower() for word in re.findall(r"^\s*(\S+\.so\S*)", run("ldd", BIN / "fairlead").stdout.decode(), re.M)}
    loaded.discard("linux-vdso")
    assert "libarchive" in loaded
    missing = [name for name in sorted(loaded) if names.get(name, "boost" if name.startswith("libboost_") else name) not in notice]
    assert missing == []


def test_bash_completes(place):
    script = written(place, fairlead("completion", "bash").stdout.decode(), "bash")
    asked = r'''source %s; COMP_WORDS=(fairlead config du); COMP_CWORD=2; _fairlead; echo "${COMPREPLY[@]}"
                COMP_WORDS=(fairlead --dump); COMP_CWORD=1; _fairlead; echo "${COMPREPLY[@]}"''' % script
    done = run("bash", "-c", asked)
    assert done.stdout.decode().split() == ["dump", "--dump-config"], done.stderr


def needs(shell):
    assert shutil.which(shell), f"{shell} is not installed (scripts/setup test)"


def test_fish_completes(place):
    needs("fish")
    script = written(place, fairlead("completion", "fish").stdout.decode(), "fairlead.fish")
    environment = {**os.environ, "HOME": str(place), "XDG_CONFIG_HOME": str(place), "XDG_DATA_HOME": str(place)}

    def offered(line):
        done = run("fish", "--no-config", "-c", f"source {script}; complete -C '{line}'", env=environment)
        assert done.stderr == b""
        return {line.split("\t")[0] for line in done.stdout.decode().splitlines()}

    assert offered("fairlead config du") == {"dump"}
    assert "--dump-config" in offered("fairlead --dump")
    assert {"serve", "config", "test-auth-server", "completion"} <= offered("fairlead ")
    assert "--zero-values" in offered("fairlead test-auth-server --ze") and "--zero-values" not in offered("fairlead --ze")
    assert offered(f"fairlead --config {place}/fairlead.f") == {f"{place}/fairlead.fish"}


def test_zsh_completes(place):
    needs("zsh")
    script = written(place, fairlead("completion", "zsh").stdout.decode(), "_fairlead")
    environment = {**os.environ, "HOME": str(place), "TERM": "dumb"}
    shell = pexpect.spawn("zsh", ["-f", "-i"], env=environment, timeout=20, encoding="utf-8", cwd=str(place), echo=False)
    shell.sendline("unsetopt zle_bracketed_paste beep; PS1='% '; autoload -Uz compinit; compinit -u -D; "
                   f"source {script}; print re''ady")
    shell.expect("ready")

    # What stands in the line after TAB is printed instead of being run.
    shell.sendline("accept() { print -r -- \"<$BUFFER>\"; BUFFER=; zle .accept-line }; zle -N accept-line accept; print set''up")
    shell.expect("setup")
    for typed, completed in (("fairlead config du\t", "fairlead config dump "), ("fairlead --dump\t", "fairlead --dump-config "),
                             ("fairlead test-auth-server --ze\t", "fairlead test-auth-server --zero-values "),
                             ("fairlead --config _fair\t", "fairlead --config _fairlead ")):
        shell.send(typed + "\r")
        shell.expect("<([^>]*)>")
        assert shell.match.group(1) == completed
    shell.terminate(force=True)


one_backend = pytest.mark.parametrize("own_daemon", ["oci"], indirect=True)  # it has nothing to do with what is tested


@one_backend
def test_old_authentication_is_served_with_a_warning(own_daemon):
    daemon = own_daemon()
    daemon.config["auth"] = {"url": "http://127.0.0.1:1", "password": True}
    daemon.start()
    line = next(line for line in daemon.log() if line["code"] == "CONFIG_AUTH_URL_DEPRECATED")
    assert line["level"] == "warning" and "password: {method: webhook" in line["message"]


@one_backend
def test_a_key_is_made_once_and_the_file_is_left_alone(own_daemon):
    daemon = own_daemon().start()
    keys = sorted((daemon.directory / "known_hosts").read_text().splitlines())
    text = (daemon.directory / "config.yaml").read_text()
    assert daemon.stop() == 0 and "CORE_NO_HOST_KEYS" in daemon.codes()
    daemon.start()
    assert sorted((daemon.directory / "known_hosts").read_text().splitlines()) == keys
    assert (daemon.directory / "config.yaml").read_text() == text


@one_backend
def test_a_port_in_use_is_told(own_daemon):
    daemon = own_daemon()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", daemon.port))
        taken.listen()
        daemon.write()
        done = fairlead("serve", "--config", daemon.directory / "config.yaml")
    assert done.returncode == 1
    assert "SSH_START_FAILED" in daemon.codes()


@one_backend
def test_sighup_opens_the_log_file_again(own_daemon):
    daemon = own_daemon().start()
    old = daemon.log_file.with_suffix(".1")
    os.rename(daemon.log_file, old)
    daemon.process.send_signal(signal.SIGHUP)
    wait_until(daemon.log_file.exists, 10, "the file is made anew")
    assert daemon.stop() == 0

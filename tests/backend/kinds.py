# SPDX-License-Identifier: Apache-2.0
"""The ways in which a box can be had, and the one list of what one of them cannot do."""
import dataclasses
import os

# The first process of a box without an agent: it ends when it is asked to, and at once.
IDLE = ["/bin/sh", "-c", "trap exit TERM INT; while :; do sleep 3600 & wait $!; done"]

GUEST = f"fairlead-test/contract-guest-{os.getpid()}"  # with ContainerSSH's agent in it; made for these tests


@dataclasses.dataclass(frozen=True)
class Kind:
    name: str
    engine: str = ""  # "docker" or "podman"; empty: no engine, the backend `oci`
    link: str = "auto"  # how the agent is reached
    mode: str = "connection"
    agent: bool = True

    @property
    def ours(self):
        """Whether our agent runs in its boxes."""
        return self.agent and self.link != "image"

    @property
    def image(self):
        return GUEST if self.link == "image" else "fairlead-test/debian"

    @property
    def execution(self):
        """Of the section `docker`."""
        settings = {"mode": self.mode, "agentLink": self.link, "container": {"image": self.image}}
        if self.mode == "persistent":
            settings["createMissingContainers"] = True
        if not self.agent:
            settings.update(disableAgent=True, idleCommand=IDLE)
        return settings

    def can(self, ability):
        limited, _ = CANNOT[ability]
        return not limited(self)


KINDS = [
    Kind("oci"),
    Kind("docker-socket", "docker", "socket"),
    Kind("docker-attach", "docker", "attach"),
    Kind("docker-image", "docker", "image"),
    Kind("docker-session", "docker", "attach", "session"),
    Kind("docker-persistent", "docker", "socket", "persistent"),
    Kind("docker-agentless", "docker", agent=False),
    Kind("docker-agentless-session", "docker", mode="session", agent=False),
    Kind("podman-socket", "podman", "socket"),
    Kind("podman-session", "podman", "attach", "session"),
    Kind("podman-persistent", "podman", "attach", "persistent"),
    Kind("podman-agentless", "podman", agent=False),
]


def agentless(kind):
    return not kind.ours


def theirs(kind):
    return kind.link == "image"


def agentless_session(kind):
    return not kind.agent and kind.mode == "session"


# What a way of having boxes cannot do: which ones, and why. The contract tests what happens instead.
CANNOT = {
    "exit signals": (agentless, "engines tell exit codes only: a signal is 128 and its number"),
    "terminal modes": (agentless, "engines know none"),
    "signals without a handler": (agentless_session, "the program is the box's first process, which the kernel spares"),
    "a size at the start": (agentless, "engines take one from API 1.42 on, Debian 12's answer 1.41: it comes a moment later"),
    "a reason of its own": (agentless_session, "the program is the box: who kills one kills the other, which is status 137"),
    "directories for files": (theirs, "ContainerSSH's agent opens a file where it is to be, and nothing more"),
    "the account's variables": (agentless, "nobody in the box reads /etc/passwd; engines set HOME and PATH"),
}

# SPDX-License-Identifier: Apache-2.0
"""An image made for ContainerSSH: busybox with an agent where its guest image has it, an entry point and a user."""
import io
import itertools
import pathlib
import shutil
import tarfile

from conftest import IMAGES, run

AGENT = "/usr/bin/containerssh-agent"
ENTRY = "#!/bin/sh\necho \"$@\" >/tmp/entered\nexec \"$@\"\n"


def import_guest(host, rootfs, name):
    """`rootfs` is a file to be made."""
    shutil.copy(IMAGES / "busybox.tar", rootfs)
    script = pathlib.Path(__file__).with_name("guest_agent.sh").read_bytes()
    with tarfile.open(rootfs, "a") as tar:
        # /usr/bin of this image is a link to /bin.
        for path, content in ("bin/containerssh-agent", script), ("bin/entry", ENTRY.encode()):
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), 0o755
            tar.addfile(entry, io.BytesIO(content))
    changes = ["ENTRYPOINT [\"/bin/entry\"]", "CMD [\"/bin/sh\"]", "USER alice", "WORKDIR /home/alice", "ENV FROM=image"]
    made = run("docker", "--host", host, "import", *itertools.chain(*(["--change", change] for change in changes)), rootfs, name)
    assert made.returncode == 0, made.stderr

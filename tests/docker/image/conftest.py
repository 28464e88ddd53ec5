"""The image, built without a Docker engine: buildah, on a base made by debootstrap."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
TARGETS = ("server", "services", "worker")
CARRIED = ("index-url", "extra-index-url", "trusted-host", "proxy", "default-timeout")


def run(*words: str | Path, timeout: float = 900) -> str:
    """Run a command; what it said is in the failure."""
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=timeout)
    assert done.returncode == 0, f"{words}:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


class Engine:
    """Buildah with images of its own, which are gone with its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.words = ("buildah", "--root", str(folder / "images"), "--runroot", str(folder / "run"))

    def __call__(self, *words: str | Path) -> str:
        return run(*self.words, *words).strip()

    def make_base(self, name: str) -> None:
        """Make what stands for the base image: Debian with Python where the real one has it."""
        container = self("from", "scratch")
        root = Path(self("mount", container))
        site, codename = mirror()
        packages = "--include=python3,python3-venv,ca-certificates"
        run("debootstrap", "--variant=minbase", packages, codename, root, site)
        (root / "usr/local/bin/python3").symlink_to("/usr/bin/python3")
        self("commit", "--quiet", "--format", "docker", "--rm", container, f"localhost/{name}")

    def build(self, target: str) -> str:
        """Build one target as the Dockerfile says; where packages come from goes in as secrets."""
        conf, certificates = pip_secrets(self.folder)
        secrets = (f"--secret=id=pip.conf,src={conf}", f"--secret=id=pip.pem,src={certificates}")
        name = f"localhost/sendoff-{target}"
        how = ("--isolation", "chroot", "--format", "docker", "--layers", "--pull-never", "--target", target)
        self("build", *how, *secrets, "--file", "docker/Dockerfile", "--tag", name, ".")
        return name

    def close(self) -> None:
        mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
        for mount in reversed([each for each in mounts if Path(each).is_relative_to(self.folder)]):
            run("umount", mount)
        shutil.rmtree(self.folder)


def mirror() -> tuple[str, str]:
    """Find where this machine has its own Debian packages from."""
    release = dict(
        line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line
    )
    codename = release["VERSION_CODENAME"].strip('"')
    lines = run(
        "apt-get", "indextargets", "--format", "$(SITE) $(CODENAME) $(COMPONENT)", "Identifier: Packages"
    )
    sites = [line.split()[0] for line in lines.splitlines() if line.split()[1:] == [codename, "main"]]
    assert sites, f"apt knows no mirror of {codename}"
    return sites[0], codename


def pip_secrets(folder: Path) -> tuple[Path, Path]:
    """Write down how pip is set up here, but for what lies on this machine's disk."""
    conf, certificates = folder / "pip.conf", folder / "pip.pem"
    lines, pem = ["[global]"], b""
    for key, value in re.findall(
        r"^\S+?\.([a-z-]+)='(.*)'$", run(sys.executable, "-m", "pip", "config", "list"), re.M
    ):
        kept = " ".join(word for word in value.split() if not word.startswith("file:"))
        if key in CARRIED and kept:
            lines.append(f"{key} = {kept}")
        elif key == "cert" and not pem:
            lines.append("cert = /etc/pip.pem")
            pem = Path(value).read_bytes()
    conf.write_text("\n".join(dict.fromkeys(lines)) + "\n")
    certificates.write_bytes(pem)
    return conf, certificates


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """Buildah, if it can work here at all."""
    if os.getuid() != 0:
        pytest.fail("only root may make a base with debootstrap and build on it", pytrace=False)
    made = Engine(Path(tempfile.mkdtemp(prefix="sendoff-image-")))
    yield made
    made.close()


@pytest.fixture(scope="session")
def images(engine: Engine) -> dict[str, str]:
    """The image of each target, on the base that the Dockerfile names."""
    base = re.search(r"^ARG BASE=(\S+)$", (ROOT / "docker" / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert base
    engine.make_base(base[1])
    return {target: engine.build(target) for target in TARGETS}


@pytest.fixture(scope="session")
def settings(engine: Engine, images: dict[str, str]) -> Callable[[str], dict[str, object]]:
    """Read how containers of an image start."""

    def read(target: str) -> dict[str, object]:
        config: dict[str, object] = json.loads(engine("inspect", "--type", "image", images[target]))[
            "Docker"
        ]["config"]
        return config

    return read


@pytest.fixture(scope="session")
def inside(engine: Engine, images: dict[str, str]) -> Callable[..., str]:
    """Run a command in a new container of an image."""

    def within(target: str, *words: str) -> str:
        container = engine("from", "--pull-never", images[target])
        try:
            return engine("run", "--isolation", "chroot", container, "--", *words)
        finally:
            engine("rm", container)

    return within

"""The wiring of the compose file, in a corner of this machine that has a loopback and nothing else.

Each part has its name and an address of its own there. Servers, services and workers run from the image, with
what the compose file says of them. The entry, PostgreSQL and Redis are Debian's, with the files of `docker/`.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[4]
PARTS = (
    "entry", "server-1", "server-2", "postgres", "redis", "services", "worker-1", "worker-2", "migrate",
    "operator",
)  # fmt: skip
ADDRESSES = {name: f"127.0.1.{number}" for number, name in enumerate(PARTS, 1)}
OWN = {  # in containers each has a loopback of its own, and the entry a network with the servers
    "server-1": {"PREFECT_SERVER_API_HOST": ADDRESSES["server-1"], "SENDOFF_SERVER_PROXIES": "127.0.0.1"},
    "server-2": {"PREFECT_SERVER_API_HOST": ADDRESSES["server-2"], "SENDOFF_SERVER_PROXIES": "127.0.0.1"},
    "worker-1": {"PREFECT_WORKER_WEBSERVER_HOST": ADDRESSES["worker-1"]},
    "worker-2": {"PREFECT_WORKER_WEBSERVER_HOST": ADDRESSES["worker-2"]},
}
LIFE = 1200  # seconds after which all ends, whatever happened to the tests
VOLUMES = {"/srv/sendoff": "shared", "/srv/sign-in": "sign-in"}
STANDS_FOR_DOCKER = """\
#!/bin/sh
# Runs in a container of server-1 what Docker would: `docker compose run --rm -T --no-deps server-1 …`
shift 6
exec {words} "$@"
"""
REQUEST = """
import sys, urllib.request
address, token, body = sys.argv[1:]
request = urllib.request.Request(address, data=body.encode() or None)
request.add_header("Content-Type", "application/json")
if token:
    request.add_header("Authorization", f"Basic {token}")
print(urllib.request.urlopen(request, timeout=20).read().decode())
"""


class Corner:
    """Namespaces for networks, mounts and processes. Whoever is in there ends with it."""

    def __init__(self, folder: Path) -> None:
        hosts = folder / "hosts"
        hosts.write_text(
            "127.0.0.1 localhost\n" + "".join(f"{at} {name}\n" for name, at in ADDRESSES.items())
        )
        inside = f"ip link set lo up && mount --bind {hosts} /etc/hosts && echo ready && exec sleep {LIFE}"
        apart = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
        self.process = subprocess.Popen((*apart, "sh", "-c", inside), stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        assert self.process.stdout.readline() == "ready\n"
        first = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().strip()
        self.enter = ("nsenter", f"--target={first}", "--net", "--mount", "--pid", "--")

    def run(
        self, *words: str | Path, timeout: float = 120, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            (*self.enter, *words), env={**os.environ, **environ}, cwd=ROOT, timeout=timeout,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


class Production:
    """What runs, by its name in the compose file."""

    def __init__(self, corner: Corner, engine: Any, images: dict[str, str], services: dict[str, Any]) -> None:
        self.corner, self.engine, self.images, self.services = corner, engine, images, services
        self.folder = engine.folder / "production"
        self.containers: dict[str, str] = {}
        self.processes: list[subprocess.Popen[bytes]] = []
        self.said: list[str] = []
        shutil.copytree(ROOT / "docker", self.folder, ignore=shutil.ignore_patterns("secrets", "__pycache__"))
        subprocess.run(("sh", self.folder / "secrets.sh"), check=True, stdout=subprocess.DEVNULL)
        for name in VOLUMES.values():
            (self.folder / name).mkdir(mode=0o700)
            os.chown(self.folder / name, 10001, 10001)

    def secret(self, name: str) -> str:
        return (self.folder / "secrets" / name).read_text()

    def secrets(self) -> list[str]:
        """All that must not be seen: what the files hold, and the passwords in it."""
        files = [path for path in (self.folder / "secrets").iterdir() if path.name != "stamps.pub"]
        whole = [path.read_text().strip() for path in files]
        passwords = r"[0-9a-f]{64}|(?<=:)[\w-]{43}$"
        return [part for each in whole if each for part in (each, *re.findall(passwords, each))]

    def create(self, name: str) -> None:
        made = self.corner.run(*self.engine.words, "from", "--pull-never", self.images[self.target(name)])
        assert made.returncode == 0, made.stderr
        self.containers[name] = made.stdout.strip()

    def target(self, name: str) -> str:
        """Name the target of the Dockerfile that a part runs from."""
        return str(self.services[name]["image"]).partition(":")[0].removeprefix("sendoff-")

    def words(self, name: str, *command: str) -> tuple[str, ...]:
        """Say how a command runs in the container of a part: with its variables, files and folders."""
        part = self.services[name]
        environ = {key: filled(value) for key, value in part["environment"].items()} | OWN.get(name, {})
        files = [f"{self.folder}/secrets/{secret}:/run/secrets/{secret}:ro" for secret in part["secrets"]]
        mounted = {volume["target"] for volume in part.get("volumes", [])}
        files += [f"{self.folder}/{VOLUMES[target]}:{target}" for target in sorted(mounted & VOLUMES.keys())]
        if "/catalog" in mounted:
            files.append(f"{ROOT}/examples/storefront:/catalog:ro")
        options = [f"--env={key}={value}" for key, value in environ.items()]
        options += [f"--volume={each}" for each in files]
        run = (*self.engine.words, "run", "--isolation", "chroot", *options, self.containers[name])
        return (*run, "--", *command)

    def run(self, name: str, *words: str | Path, **environ: str) -> None:
        """Start it in the corner; what it says goes into a log."""
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                (*self.corner.enter, *words), env={**os.environ, **environ}, cwd=ROOT,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        self.processes.append(process)

    def start(self, settings: Any) -> None:
        """Make the accounts, then start each part when those are well that it waits for."""
        debian = {"entry": self.start_entry, "postgres": self.start_postgresql, "redis": self.start_redis}
        self.create("server-1")
        self.create("operator")
        self.say_who_comes()
        well: set[str] = set()
        while left := {name for name, part in self.services.items() if "profiles" not in part} - well:
            ready = sorted(name for name in left if self.services[name].get("depends_on", {}).keys() <= well)
            for name in ready:
                debian[name]() if name in debian else self.start_image(name, settings(self.target(name)))
            for name in ready:
                self.wait(name)
            well.update(ready)
            if "entry" in ready:
                self.said.append(self.at_the_terminal("register"))

    def start_image(self, name: str, config: dict[str, Any]) -> None:
        """Start a part as an engine does: entrypoint, then the command of the compose file or the image."""
        if name not in self.containers:
            self.create(name)
        command = self.services[name].get("command", config["Cmd"])
        own = OWN.get(name, {}).get("PREFECT_SERVER_API_HOST", "0.0.0.0")  # noqa: S104 -- an address to listen on
        command = [own if word == "0.0.0.0" else word for word in command]  # noqa: S104 -- as above
        self.run(name, *self.words(name, *config["Entrypoint"], *command))
        if self.services[name]["healthcheck"].get("disable"):
            assert self.processes[-1].wait(300) == 0, self.log(name)

    def say_who_comes(self) -> None:
        """Run the script for it, with something that stands for Docker."""
        programs = self.folder / "bin"
        programs.mkdir()
        words = shlex.join(map(str, self.words("server-1", "tini", "--", "entrypoint")))
        (programs / "docker").write_text(STANDS_FOR_DOCKER.format(words=words))
        (programs / "docker").chmod(0o755)
        path = f"{programs}{os.pathsep}{os.environ['PATH']}"
        made = self.corner.run("sh", self.folder / "accounts.sh", "ada", PATH=path)
        assert made.returncode == 0, made.stdout + made.stderr
        self.said.append(made.stdout + made.stderr)

    def at_the_terminal(self, *words: str) -> str:
        """Run a command of Sendoff as the page says: `docker compose run --rm operator sendoff …`."""
        run = self.words("operator", "tini", "--", "entrypoint", "sendoff", *words)
        done = self.corner.run(*run, timeout=300)
        return f"{done.stdout}{done.stderr}"

    def check(self, name: str) -> subprocess.CompletedProcess[str]:
        """Ask what the compose file has asked; what has ended well is well."""
        if self.services[name]["healthcheck"].get("disable"):
            return self.corner.run("true")
        test = self.services[name]["healthcheck"]["test"][1:]
        if name in self.containers:
            return self.corner.run(*self.words(name, *test))
        here = {"127.0.0.1": ADDRESSES[name], "/etc/sendoff": str(self.folder)}
        own = [re.sub("|".join(map(re.escape, here)), lambda found: here[found[0]], word) for word in test]
        return self.corner.run(*own, SECRETS=str(self.folder / "secrets"), PGCONNECT_TIMEOUT="3")

    def wait(self, name: str, well: bool = True, seconds: float = 300) -> str:
        """Wait until a part is well, or is not; what it said last is returned."""
        end = time.monotonic() + seconds
        while True:
            done = self.check(name)
            if (done.returncode == 0) == well:
                return done.stdout + done.stderr
            log = self.log(name)[-4000:]
            assert time.monotonic() < end, f"{name}:\n{done.stdout}{done.stderr}\n{log}"
            time.sleep(1)

    def log(self, name: str) -> str:
        path = self.folder / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def kill(self, command: str) -> None:
        """Kill the program that runs a command; only in a container of its own does tini take it along."""
        running = self.corner.run("ps", "-eo", "pid,args", "--cols=10000").stdout
        found = re.findall(rf"^ *(\d+) \S*python\S* \S*bin/{command}$", running, re.MULTILINE)
        assert len(found) == 1, running
        assert self.corner.run("kill", "-KILL", found[0]).returncode == 0

    def start_postgresql(self) -> None:
        """Start Debian's, as the user that its image has, and let the file that makes the databases run."""
        programs = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
        data = self.folder / "postgresql"
        data.mkdir()
        shutil.chown(data, "postgres", "postgres")
        as_its_user = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")
        how = (
            "--auth-local=trust",
            "--auth-host=scram-sha-256",
            "--no-sync",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
        )
        made = self.corner.run(*as_its_user, programs / "initdb", f"--pgdata={data}/files", *how)
        assert made.returncode == 0, made.stderr
        options = (
            f"--unix_socket_directories={data}",
            f"--listen_addresses={ADDRESSES['postgres']}",
            "--fsync=off",
        )
        self.run("postgres", *as_its_user, programs / "postgres", "-D", f"{data}/files", *options)
        self.wait("postgres")
        filled = self.corner.run(
            "sh", self.folder / "postgres.sh", PGHOST=str(data), SECRETS=str(self.folder / "secrets")
        )
        assert (filled.returncode, filled.stderr) == (0, "")

    def start_redis(self) -> None:
        (self.folder / "redis").mkdir()
        words = ("sh", self.folder / "redis.sh", "start")
        self.run("redis", *words, SECRETS=str(self.folder / "secrets"), DATA=str(self.folder / "redis"))

    def start_entry(self) -> None:
        """Start Debian's HAProxy; names are looked up once, in a file, as there is no resolver here."""
        config = self.folder / "haproxy.cfg"
        text = config.read_text().replace(" resolvers names", "").replace("bind :", "bind entry:")
        config.write_text(text.partition("\n# A server that is made anew")[0] + "\n")
        self.run("entry", "haproxy", "-db", "-f", config)

    def close(self) -> None:
        self.corner.close()
        for process in self.processes:
            process.wait(30)

    def ask(self, path: str, body: Any = None, signed_in: bool = True, at: str = "entry") -> Any:
        """Ask the API as the operator."""
        token = base64.b64encode(self.secret("operator").strip().encode()).decode() if signed_in else ""
        data = "" if body is None else json.dumps(body)
        done = self.corner.run(sys.executable, "-c", REQUEST, f"http://{at}:4200{path}", token, data)
        return json.loads(done.stdout) if done.returncode == 0 else done.stderr.splitlines()[-1]


def filled(value: str) -> str:
    """Put in what the compose file says of variables that nobody set."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)


@pytest.fixture(scope="session")
def production(
    engine: Any, images: dict[str, str], settings: Any, compose: dict[str, Any]
) -> Iterator[Production]:
    """Start all of it, in the order of the compose file."""
    engine.folder.chmod(0o711)  # PostgreSQL has a user of its own
    started = Production(Corner(engine.folder), engine, images, compose["services"])
    try:
        started.start(settings)
        yield started
    finally:
        started.close()

"""All commands of the documentation, run in their order, against a real server and real hosts.

In a `console` block, lines that start with `$ ` are commands, continued after a backslash; those below one
are expected of its output, in their order, `…` standing for anything. Words behind `console` say more:

- `fails`: the last command of the block must fail, the others not;
- `waits`: the last command goes on in a terminal of its own until the page's next block has been run;
- `meanwhile`: each command is repeated until it succeeds, as it answers what `waits`;
- `confirms`: the commands ask for a yes at a terminal, and get it.

All lines of an `sh` block are commands. A `yaml title="PATH"` block is a file that the reader writes there.
Directory and variables stay from one command of a page to the next.
"""

from __future__ import annotations

import ast
import os
import pty
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from examples.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "README.md", *ROOT.glob("docs/*.md")))
SERVED = ("docs/engineer.md", "docs/operator.md", "docs/release-manager.md")
ASKED, YES = "[y/N]: ", "y\n"
DEADLINE = 600.0  # seconds for one command; a release through a server takes some on a busy machine

PREFECT = (
    "prefect server start --host 127.0.0.1 --port 4200",
    "prefect worker start --pool sendoff --type process",
)
BENCH = (
    "make bench",
    ".venv/bin/python -m benchmarks --quick",
    ".venv/bin/python -m benchmarks --hosts 50 --only ssh-tar-gz,sendoff,sendoff-flow",
    ".venv/bin/python -m benchmarks.approvals",
    ".venv/bin/python -m benchmarks.approvals --poll 10",
    ".venv/bin/python -m benchmarks.site",
)
COMPOSE = tuple(
    re.findall(
        r"^\$ (docker compose .*)$", (ROOT / "docs" / "containers.md").read_text("utf-8"), re.MULTILINE
    )
)
ELSEWHERE = {
    "make demo": "tests/examples/test_demo.py::test_ctrl_c_leaves_nothing",
    "make demo VERSION=broken": "tests/examples/test_demo.py::test_broken_says_why",
    "make demo APPROVE=yes": "tests/examples/test_demo.py::test_approved_demo_goes_live",
    "make demo PORT=4300": "tests/examples/test_demo.py::test_ctrl_c_leaves_nothing",
    "make up-production-like": "tests/examples/test_production.py::test_says_where_it_is",
    ". .production/environ.sh": "tests/examples/test_production.py::test_what_it_says_to_try",
    ".venv/bin/sendoff status": "tests/examples/test_production.py::test_what_it_says_to_try",
    "kill -9 $(cat .production/pids/haproxy)": (
        "tests/examples/test_production.py::test_starts_again_what_was_killed"
    ),
    "make test": "tests/docs/test_commands.py::test_make_test_is_what_ci_runs",
    "python -m pip install --no-deps --require-hashes -r requirements.lock": (
        "tests/packaging/test_install.py::test_lock_installs"
    ),
    "python -m pip install --no-deps .": (
        "tests/packaging/test_install.py::test_unit_tests_pass_on_the_newest"
    ),
    "python -m pip install .": "tests/packaging/test_install.py::test_installs_without_the_lock",
    "sh docker/secrets.sh": "tests/docker/test_secrets.py::test_makes_all_that_the_compose_file_names",
    "sh docker/accounts.sh ada": "tests/docker/test_accounts.py::test_makes_what_is_not_there",
    **dict.fromkeys(COMPOSE, "tests/docker/test_page.py::test_commands_are_understood"),
    **dict.fromkeys(BENCH, "tests/docs/test_commands.py::test_benchmark_is_understood"),
    "SENDOFF_STORE=s3://releases/sendoff AWS_ENDPOINT_URL=https://s3.example sendoff register": (
        "tests/integration/test_register.py::test_a_bucket_for_artifacts_and_results"
    ),
    "prefect worker start --pool sendoff-berlin --type process": (
        "tests/integration/test_sites.py::test_its_worker_does_its_steps"
    ),
    "sendoff server --port 4200": "tests/integration/server/conftest.py::_start",
    PREFECT[0]: "tests/docs/test_commands.py::stack",
    PREFECT[1]: "tests/docs/test_commands.py::stack",
}
"""Commands that are not run here, each with the test or fixture that runs it."""

docs = (pytest.mark.prefect, pytest.mark.xdist_group("docs"), pytest.mark.timeout(2400))


@dataclass(frozen=True)
class Command:
    """A command, what is expected of its output, and what its block says of it."""

    words: str
    expected: tuple[str, ...]
    where: str
    fails: bool = False
    waits: bool = False
    meanwhile: bool = False
    confirms: bool = False


@dataclass(frozen=True)
class Stack:
    """What runs while the pages are read: the demo's folder, the server's address, a host's SSH port."""

    folder: Path
    ui: str
    port: int

    def adapt(self, text: str) -> str:
        """Put what runs here in the place of what the pages name."""
        return text.replace("http://127.0.0.1:4200", self.ui).replace(
            "-p 22 web-1.example.com", f"-p {self.port} 127.0.0.1"
        )


@dataclass
class Terminal:
    """Where a page is read: directory and variables last from one command to the next."""

    folder: Path
    home: Path
    adapt: Callable[[str], str]
    beside: tuple[Command, subprocess.Popen[str]] | None = None
    environ: dict[str, str] = field(default_factory=dict)
    screens: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.home.mkdir()
        kept = {name: os.environ[name] for name in ("LANG", "PYTHONPATH", "TERM") if name in os.environ}
        programs = f"{Path(sys.prefix) / 'bin'}{os.pathsep}{os.environ['PATH']}"
        people = {f"GIT_{who}_NAME": "Ada" for who in ("AUTHOR", "COMMITTER")}
        people |= {f"GIT_{who}_EMAIL": "ada@example.com" for who in ("AUTHOR", "COMMITTER")}
        self.environ = {**kept, **people, "PATH": programs, "HOME": str(self.home), "DO_NOT_TRACK": "1"}
        (self.home / "cwd").write_text(str(self.folder))
        (self.home / "variables").touch()

    def run(self, command: Command) -> None:
        """Run a command and compare what it said."""
        if command.waits:
            self.beside = (command, self._start(command, keep=False))
            return
        end = time.monotonic() + DEADLINE
        while True:
            process = self._start(command, keep=True)
            said = _said(process, end)
            if command.confirms:
                said = said.replace(ASKED, f"{ASKED}{YES}")  # shown by the terminal, which nobody reads
            if not (command.meanwhile and process.returncode and time.monotonic() < end):
                break
            time.sleep(0.5)
        _compare(command, self.adapt, process.returncode, said)

    def finish(self) -> None:
        """Wait for what goes on beside."""
        if self.beside:
            (command, process), self.beside = self.beside, None
            _compare(command, self.adapt, None, _said(process, time.monotonic() + DEADLINE), process)

    def close(self) -> None:
        """End what still goes on beside after a failure."""
        if self.beside:
            self.beside[1].kill()
            self.beside[1].communicate()
        for screen in self.screens:
            os.close(screen)

    def _start(self, command: Command, keep: bool) -> subprocess.Popen[str]:
        kept = 'export -p >"$HOME/variables"; pwd >"$HOME/cwd"' if keep else ":"
        before = '. "$HOME/variables"; cd "$(cat "$HOME/cwd")"'
        script = f"{before}\n{self.adapt(command.words)}\ncode=$?\n{kept}\nexit $code\n"
        keys = self._typed(YES) if command.confirms else None
        try:
            return subprocess.Popen(
                ("bash", "-c", script),
                env=self.environ,
                stdin=subprocess.DEVNULL if keys is None else keys,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        finally:
            if keys is not None:
                os.close(keys)

    def _typed(self, words: str) -> int:
        """Open a terminal at which words have been typed; it is there until this one is closed."""
        screen, keys = pty.openpty()
        self.screens.append(screen)
        os.write(screen, words.encode())
        return keys


def _said(process: subprocess.Popen[str], end: float) -> str:
    try:
        return process.communicate(timeout=max(end - time.monotonic(), 1))[0]
    except subprocess.TimeoutExpired:
        process.kill()
        return f"{process.communicate()[0]}\nkilled after {DEADLINE:.0f} s"


def _compare(
    command: Command,
    adapt: Callable[[str], str],
    code: int | None,
    said: str,
    process: subprocess.Popen[str] | None = None,
) -> None:
    shown = f"{command.where}: $ {command.words}\n{said}"
    code = process.returncode if process else code
    assert bool(code) == command.fails, f"{shown}\nexited with {code}"
    lines = iter(said.splitlines())
    for expected in command.expected:
        pattern = re.compile(r".*".join(_loose(adapt(part)) for part in expected.split("…")))
        assert any(pattern.search(line) for line in lines), f"{shown}\nlacks {expected!r}"


def _loose(text: str) -> str:
    """Match words however they are spaced."""
    return r"\s+".join(map(re.escape, re.split(r"\s+", text)))


def read(page: str, block: Any) -> list[Command]:
    """Read the commands of a block."""
    where = f"{page}:{block.line}"
    if block.language == "sh":
        lines = (line.partition("  # ")[0].strip() for line in block.text.splitlines())
        return [Command(line, (), where) for line in lines if line]
    found: list[tuple[str, list[str]]] = []
    for line in block.text.replace("\\\n", " ").splitlines():
        if line.startswith("$ "):
            found.append((line.removeprefix("$ "), []))
        elif line.strip(" …"):
            assert found, f"{where}: output before any command"
            found[-1][1].append(line)
    last = len(found) - 1
    return [
        Command(
            words,
            tuple(expected),
            where,
            fails="fails" in block.said and number == last,
            waits="waits" in block.said and number == last,
            meanwhile="meanwhile" in block.said,
            confirms="confirms" in block.said,
        )
        for number, (words, expected) in enumerate(found)
    ]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Start server and worker with the operator's own commands, and the demo's hosts; once for all pages."""
    folder = tmp_path_factory.mktemp("stack") / ".demo"
    port = free_port()
    words = (command.replace("4200", str(port)) for command in PREFECT)
    with (folder.parent / "log").open("wb") as log:
        process = subprocess.Popen(
            (sys.executable, ROOT / "tests" / "docs" / "stack.py", folder, str(port), *words),
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert process.stdin
    assert process.stdout
    try:
        assert process.stdout.readline() == "ready\n", (folder.parent / "log").read_text()
        hosts = yaml.safe_load((folder / "catalog" / "hosts.yaml").read_text())["hosts"]
        yield Stack(folder, f"http://127.0.0.1:{port}", hosts["web-1"]["port"])
    finally:
        process.stdin.close()
        assert process.wait(60) == 0, (folder.parent / "log").read_text()


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[[Stack | None], Terminal]]:
    """Make a terminal in what looks like the checkout."""
    made: list[Terminal] = []

    def make(stack: Stack | None) -> Terminal:
        checkout = tmp_path / "checkout"
        checkout.mkdir()
        for name in ("docs", "examples", "pyproject.toml", "requirements.lock"):
            (checkout / name).symlink_to(ROOT / name)
        (checkout / ".venv").symlink_to(sys.prefix)
        if stack:
            (checkout / ".demo").symlink_to(stack.folder)
        else:
            for path in (ROOT / "examples" / "storefront").glob("*.yaml"):
                shutil.copy(path, checkout)
        made.append(Terminal(checkout, tmp_path / "home", stack.adapt if stack else str))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.mark.parametrize("page", [pytest.param(page, marks=docs if page in SERVED else ()) for page in PAGES])
def test_commands(page, blocks, terminal, request):
    """Every command of a page does what the page says, in its order."""
    here = terminal(request.getfixturevalue("stack") if page in SERVED else None)
    for block in blocks(page):
        if block.title:
            path = here.folder / block.title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text)
        elif block.language in ("console", "sh"):
            commands = [each for each in read(page, block) if each.words not in ELSEWHERE]
            for command in commands:
                here.run(command)
            if not any(command.waits for command in commands):
                here.finish()
    here.finish()


def test_what_runs_elsewhere_does():
    """A command that is not run here stands on a page, and what is said to run it exists."""
    texts = [(ROOT / page).read_text("utf-8") for page in PAGES]
    for command, place in ELSEWHERE.items():
        line = re.compile(rf"^(\$ )?{re.escape(command)}(  .*)?$", re.MULTILINE)
        assert any(line.search(text) for text in texts), f"{command}: stands on no page any more"
        file, _, name = place.partition("::")
        defined = ast.parse((ROOT / file).read_text("utf-8")).body
        assert name in {each.name for each in defined if isinstance(each, ast.FunctionDef)}, place


def test_make_test_is_what_ci_runs(root):
    """`make test` is run by what runs these tests."""
    assert "\nmake test\n" in (root / ".ci" / "run").read_text()


def test_benchmark_is_understood(root):
    """Measuring takes a quarter of an hour and is not done here; its commands are understood as written."""
    shown = subprocess.run(
        ("make", "--dry-run", "bench"), cwd=root, check=True, capture_output=True, text=True
    )
    assert "python -m benchmarks" in shown.stdout
    for command in BENCH[1:]:
        words = command.split()[1:]
        subprocess.run((sys.executable, *words, "--help"), cwd=root, check=True, stdout=subprocess.DEVNULL)

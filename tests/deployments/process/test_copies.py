"""Runs that are copies of one process: nobody can tell them from what they would be without it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.kit.runs import processes

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is copied")

ROOT = Path(__file__).parents[3]
RUN = "PREFECT__FLOW_RUN_ID"
ENGINE = """
import os
from deployments.process import engine, stand_in

def load():
    with open(os.environ["LOADED"], "a") as loaded:
        loaded.write(f"{os.getpid()}\\n")
    if os.environ.get("BROKEN") and "preloaded" in " ".join(__import__("sys").orig_argv):
        if os.environ["BROKEN"] == "yes":
            raise ImportError("broken")
        __import__("time").sleep(float(os.environ["BROKEN"]))

engine.load, engine.complete = load, lambda ledger: None
stand_in.PATIENCE = float(os.environ.get("PREFECT__PATIENCE", "60"))
engine.run = lambda: exec(os.environ["PREFECT__DO"], {})
"""
WORKER = """
import subprocess, sys
started = subprocess.Popen([sys.executable, "-m", "deployments.process"])
print(started.pid, flush=True)
sys.exit(started.wait())
"""


class Worker:
    """Starts processes as a worker does. Instead of Prefect's engine they carry out `PREFECT__DO`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.cwd = folder, folder / "cwd"
        self.cwd.mkdir()
        (folder / "sitecustomize.py").write_text(ENGINE)
        self.loaded = folder / "loaded"
        self.environ = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join((str(folder), str(ROOT))),
            "TMPDIR": str(folder),
            "LOADED": str(self.loaded),
        }

    def start(self, do: str, words: tuple[str, ...] = ("-m", "deployments.process"), **environ: str) -> Any:
        return subprocess.Popen(
            [sys.executable, *words],
            cwd=self.cwd,
            env={**self.environ, RUN: str(uuid4()), "PREFECT__DO": do, **environ},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, do: str, **environ: str) -> tuple[int, str, str]:
        """Run one to its end; gives its exit code and what it wrote."""
        with self.start(do, **environ) as process:
            said, wrong = process.communicate(timeout=60)
        return process.returncode, said, wrong

    def makers(self) -> list[int]:
        """Name the processes that have loaded the engine, and live."""
        pids = [int(line) for line in self.loaded.read_text().split()] if self.loaded.exists() else []
        return [pid for pid in pids if is_alive(pid)]

    def close(self) -> None:
        for pid in self.makers():
            os.kill(pid, signal.SIGKILL)


def is_alive(pid: int) -> bool:
    """Tell whether a process has not ended; who ended and was not waited for has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def until(true: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


@pytest.fixture
def worker() -> Iterator[Worker]:
    folder = Path(tempfile.mkdtemp(prefix="w"))  # the name of a socket has to be short
    made = Worker(folder)
    yield made
    made.close()
    shutil.rmtree(folder)


TOLD = """
import os, sys
print(os.getcwd(), sys.argv[1:], sys.stdin.read(), os.environ["PREFECT__FLOW_RUN_ID"], os.environ["LATER"])
print(sys.path[0], file=sys.stderr)
sys.exit(7)
"""
WAITS = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"


def test_it_is_as_if_it_had_been_started(worker: Worker) -> None:
    """Environment, folder, input, outputs and exit code are those of the process that stands in."""
    for each in ("first", "second"):
        run = str(uuid4())
        with worker.start(TOLD, **{RUN: run, "PREFECT__LATER": each, "LATER": "x"}) as process:
            said = process.communicate(f"in {each}", timeout=60)
        assert said == (f"{worker.cwd} [] in {each} {run} x\n", f"{worker.cwd}\n")
        assert process.returncode == 7
    assert len(worker.makers()) == 1


def test_it_is_loaded_once(worker: Worker) -> None:
    """Also where several begin at once; in none of them is it loaded again."""
    runs = [worker.start("import os; print(os.getppid())") for _ in range(4)]
    parents = {each.communicate(timeout=60)[0] for each in runs}
    assert parents == {f"{pid}\n" for pid in worker.makers()}
    assert len(worker.loaded.read_text().split()) == 1


def test_whose_process_it_is(worker: Worker) -> None:
    """The kernel shows the run of both, as of any process."""
    run = str(uuid4())
    with worker.start(WAITS, **{RUN: run}) as process:
        copy = int(process.stdout.readline())
        assert {*processes(run)} == {process.pid, copy}
        process.kill()


def test_what_stands_in_is_killed(worker: Worker) -> None:
    """The copy does not live on."""
    with worker.start(WAITS) as process:
        copy = int(process.stdout.readline())
        process.kill()
        until(lambda: not is_alive(copy), "it lives on")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_a_copy_is_killed(worker: Worker, number: signal.Signals) -> None:
    """The worker sees by which signal."""
    with worker.start(WAITS) as process:
        os.kill(int(process.stdout.readline()), number)
        assert process.wait(30) == -number


def test_a_signal_is_passed_on(worker: Worker) -> None:
    """A copy can do what it wants with it, and ends when it has done it."""
    do = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(5)); " + WAITS
    with worker.start(do) as process:
        copy = int(process.stdout.readline())
        process.terminate()
        assert process.wait(30) == 5
        assert not is_alive(copy)


def test_who_makes_copies_is_killed(worker: Worker) -> None:
    """So are the copies, and what stands in for them; the next run has another one."""
    with worker.start(WAITS) as process:
        copy = int(process.stdout.readline())
        (maker,) = worker.makers()
        os.kill(maker, signal.SIGKILL)
        assert process.wait(30) == -signal.SIGKILL
        until(lambda: not is_alive(copy), "it lives on")
    assert worker.run("print('here')") == (0, "here\n", "")
    assert worker.makers() != [maker]
    assert len([*worker.folder.glob("sendoff-*/*.sock")]) == 1


def test_the_worker_ends(worker: Worker) -> None:
    """Who makes copies for it ends as well, when the last of them has ended; nothing of it is left."""
    with worker.start(WAITS, words=("-c", WORKER)) as process:
        stand_in, copy = int(process.stdout.readline()), int(process.stdout.readline())
        (maker,) = worker.makers()
        process.kill()
        process.wait(30)
        assert is_alive(copy)
        assert is_alive(maker)
        os.kill(stand_in, signal.SIGTERM)
        until(lambda: not is_alive(maker), "it waits for nobody")
    assert [each.name for each in worker.folder.glob("sendoff-*/*")] == ["lock"]


def test_another_environment(worker: Worker) -> None:
    """What is imported may depend on it."""
    do = "import os; print(os.environ['COLOUR'])"
    assert worker.run(do, COLOUR="red")[1] == "red\n"
    assert worker.run(do, COLOUR="blue")[1] == "blue\n"
    assert len(worker.makers()) == 2


def test_other_code(worker: Worker) -> None:
    """A worker that runs on after an upgrade has its next run as the new version."""
    code = worker.folder / "code"
    ignored = shutil.ignore_patterns("__pycache__")
    for package in ("blocks", "deployments", "flows", "sendoff", "tasks"):
        shutil.copytree(ROOT / package, code / package, ignore=ignored)
    worker.environ["PYTHONPATH"] = os.pathsep.join((str(worker.folder), str(code)))
    do = "from deployments import stories; print(getattr(stories, 'NEW', 'old'))"
    assert worker.run(do)[1] == "old\n"
    assert worker.run(do)[1] == "old\n"
    assert len(worker.makers()) == 1
    with (code / "deployments" / "stories.py").open("a") as file:
        file.write("\nNEW = 'new'\n")
    assert worker.run(do)[1] == "new\n"


@pytest.mark.parametrize("name", [".env", "prefect.toml", "pyproject.toml"])
def test_settings_of_a_folder(worker: Worker, name: str) -> None:
    """Prefect reads them as it is imported, so this process is the engine itself."""
    (worker.cwd / name).touch()
    with worker.start("import os; print(os.getpid())") as process:
        assert process.communicate(timeout=60)[0] == f"{process.pid}\n"


def test_a_folder_that_others_may_write(worker: Worker) -> None:
    """Nothing is told to who listens there."""
    folder = worker.folder / f"sendoff-{os.geteuid()}"
    folder.mkdir()
    folder.chmod(0o777)
    with worker.start("import os; print(os.getpid())") as process:
        assert process.communicate(timeout=60)[0] == f"{process.pid}\n"
    assert [*folder.iterdir()] == []


def test_it_cannot_be_loaded(worker: Worker) -> None:
    """The run begins all the same, in what would have stood in, and shows what is wrong."""
    with worker.start("import os; print(os.getpid())", BROKEN="yes") as process:
        assert process.communicate(timeout=60)[0] == f"{process.pid}\n"
    (log,) = worker.folder.glob("sendoff-*/*.log")
    assert "ImportError: broken" in log.read_text()


def test_it_takes_too_long_to_load(worker: Worker) -> None:
    """The run begins without it, and does not begin once more when it has loaded."""
    do = f"import os; print(os.getpid(), file=open({str(worker.folder / 'ran')!r}, 'a'))"
    with worker.start(do, BROKEN="3", PREFECT__PATIENCE="0.5") as process:
        process.communicate(timeout=60)
    (maker,) = worker.makers()
    assert worker.run("import os; print(os.getppid())", BROKEN="3") == (0, f"{maker}\n", "")
    assert (worker.folder / "ran").read_text() == f"{process.pid}\n"


@pytest.mark.parametrize("patience", ["60", "1"])
def test_a_signal_comes_before_a_copy(worker: Worker, patience: str) -> None:
    """It is passed on when there is one, and heeded where there will be none."""
    do = "import time; time.sleep(60)"
    with worker.start(do, BROKEN="2", PREFECT__PATIENCE=patience) as process:
        until(worker.makers, "it is loading")
        process.terminate()
        assert process.wait(30) == -signal.SIGTERM


def test_a_place_with_a_long_name(worker: Worker) -> None:
    """There can be no socket, and a run nevertheless."""
    long = worker.folder / ("x" * 100)
    long.mkdir()
    with worker.start("import os; print(os.getpid())", TMPDIR=str(long)) as process:
        assert process.communicate(timeout=60)[0] == f"{process.pid}\n"


def test_prefects_engine() -> None:
    """What it loads and runs is Prefect's engine, with all flows."""
    words = (
        "import sys; from deployments.process import engine; "
        "engine.load(); print('flows.release' in sys.modules); "
        "engine.complete('postgresql://db/ledger'); print('psycopg' in sys.modules, "
        "sys.modules['prefect.client.schemas.objects'].FlowRun.__pydantic_complete__); engine.run()"
    )
    environ = {name: value for name, value in os.environ.items() if name != RUN}
    ran = subprocess.run(
        [sys.executable, "-c", words], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout) == (1, "True\nTrue True\n")
    assert "Invalid flow run id" in ran.stderr

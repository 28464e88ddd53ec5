"""The order of a whole benchmark: what is run when, what is looked at after, and what is written down."""

from __future__ import annotations

import json
import os
import platform
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks import ground
from benchmarks.ansible import PLAYBOOKS, install
from benchmarks.farm import Farm
from benchmarks.flow import FlowServer
from benchmarks.measure import Measured, measure, under_load
from benchmarks.peers import Job, command, hang_up
from benchmarks.plot import draw
from benchmarks.results import FLOW, TARGET, Phase, Results, Sample
from benchmarks.show import summary
from benchmarks.workload import Version, Workload
from examples.processes import Processes
from sendoff.errors import StepErrored

FULL = ("ssh-tar-gz", "ssh-tar", "sendoff", "sendoff-flow", "rsync", "ansible")
NEXT_ONLY = ("ansible-rsync",)
LONG = 30.0  # seconds: what takes longer is not repeated


@dataclass(frozen=True)
class Options:
    """What is to be measured; after `enough` seconds nothing is repeated."""

    hosts: tuple[int, ...]
    repeat: int
    tools: tuple[str, ...]
    fanout: int
    enough: float


class Bench:
    """One benchmark, from nothing to the printed table."""

    def __init__(
        self, options: Options, folder: Path, farm: Farm, workload: Workload, processes: Processes
    ) -> None:
        self.options, self.folder, self.farm, self.workload = options, folder, farm, workload
        self.processes, self.samples = processes, list[Sample]()
        self.missing: dict[str, str] = {}
        self.tools = list(options.tools)
        self.flow: FlowServer | None = None
        self.began = time.monotonic()

    def run(self) -> int:
        """Prepare, measure the first release and the next, show; 0 when all that ran went well."""
        first, following = self._prepare()
        try:
            self._measure("first", first, following)
            if wrong := self._seed(first):
                raise StepErrored(f"the first release could not be put on the farm for the next one: {wrong}")
            self._measure("next", following, first)
        finally:
            if Results(self.samples).samples:  # what was measured is shown, also when the rest was cut short
                self._show(first)
        return 1 if any(sample.wrong for sample in self.samples) else 0

    def _prepare(self) -> tuple[Version, Version]:
        print("Building two versions and starting the farm.", flush=True)
        first, following = self.workload.prepare()
        self._find_peers()
        self.farm.start(self.processes)
        if FLOW in self.tools:
            self.flow = FlowServer(self.folder / "prefect", self.workload, self.processes)
            self.flow.start(self.farm, self.options.hosts)
        (self.folder / "job").mkdir(exist_ok=True)
        return first, following

    def _find_peers(self) -> None:
        if any(tool in PLAYBOOKS for tool in self.tools) and (why := install(self.folder / "ansible")):
            self._leave_out(why, "ansible", "ansible-rsync")
        if shutil.which("rsync") is None:
            self._leave_out("rsync is not installed", "rsync", "ansible-rsync")

    def _leave_out(self, why: str, *tools: str) -> None:
        self.missing |= {tool: why for tool in tools if tool in self.tools}
        self.tools = [tool for tool in self.tools if tool not in tools]

    def _seed(self, first: Version) -> str | None:
        """Put the first version on all hosts, as the release that the next one finds there."""
        hosts = self.farm.hosts
        ground.empty(hosts)
        sample = self._run_tool(TARGET, self._job("first", len(hosts), first), 0)
        if sample.wrong is None:
            ground.same_times(hosts, first.artifact.release_name)
        return sample.wrong

    def _measure(self, phase: Phase, version: Version, other: Version) -> None:
        for count in self.options.hosts:
            for repeat in range(self.options.repeat):
                for tool in self.tools:
                    if (phase == "first" and tool in NEXT_ONLY) or self._is_enough(phase, count, tool):
                        continue
                    job = self._job(phase, count, version)
                    if phase == "first":
                        ground.empty(job.hosts)
                    else:
                        ground.put_back(job.hosts, other.artifact.release_name)
                    self._keep(self._checked(tool, job, repeat))
            if phase == "first":
                ground.empty(self.farm.hosts[:count])

    def _is_enough(self, phase: Phase, count: int, tool: str) -> bool:
        known = [s for s in self.samples if (s.phase, s.hosts, s.tool) == (phase, count, tool)]
        late = time.monotonic() - self.began > self.options.enough
        return any(s.wrong or s.seconds > LONG or late for s in known)

    def _job(self, phase: Phase, count: int, version: Version) -> Job:
        return Job(
            farm=self.farm,
            hosts=self.farm.hosts[:count],
            version=version,
            phase=phase,
            folder=self.folder / "job",
            store=self.workload.store,
            fanout=self.options.fanout,
        )

    def _checked(self, tool: str, job: Job, repeat: int) -> Sample:
        sample = self._run_tool(tool, job, repeat)
        if sample.wrong is None:
            release = job.version.artifact.release_name if tool in (TARGET, FLOW) else job.release
            wrong = ground.wrong(job.hosts, release, job.version.files)
            sample = Sample(**{**asdict(sample), "wrong": wrong})
        return sample

    def _run_tool(self, tool: str, job: Job, repeat: int) -> Sample:
        daemons = [self.processes.running[host.name].pid for host in job.hosts]
        got, load = under_load(lambda: self._carry_out(tool, job), daemons)
        cell = (job.phase, len(job.hosts), tool, repeat)
        return Sample(*cell, got.seconds, got.cpu, load.farm, load.others, got.whole, got.wrong)

    def _carry_out(self, tool: str, job: Job) -> Measured:
        if self.flow and tool == FLOW:
            return self.flow.release(job.version, len(job.hosts))
        with command(tool, job) as what:
            measured = measure(what, self.processes.logs / f"{tool}.log")
            if what.sockets:
                hang_up(what.sockets)
        return measured

    def _keep(self, sample: Sample) -> None:
        self.samples.append(sample)
        cpu = f"CPU {sample.cpu:5.1f} + {sample.farm_cpu:5.1f} s, others {sample.others:.1f} cores"
        told = f"WRONG: {sample.wrong}" if sample.wrong else f"{sample.seconds:7.2f} s  {cpu}"
        print(f"  {sample.phase:5} {sample.hosts:3}  {sample.tool:13} {told}", flush=True)

    def _show(self, first: Version) -> None:
        results = Results(self.samples)
        tree = f"{first.artifact.files} files, {first.artifact.size / 1e6:.0f} MB"
        caption = (
            f"{tree}; {machine()} for client and farm; {self.options.fanout} at a time with ssh and rsync"
        )
        written = {
            "machine": machine(),
            "tree": tree,
            "build_seconds": round(first.build_seconds, 2),
            "options": asdict(self.options),
            "missing": self.missing,
            "samples": [asdict(sample) for sample in self.samples],
        }
        (self.folder / "results.json").write_text(json.dumps(written, indent=1) + "\n")
        text = summary(results, self.missing)
        (self.folder / "results.txt").write_text(f"{caption}\n\n{text}\n")
        draw(results, self.folder / "bench.png", caption)
        print(f"\n{caption}\nbuilding the first version, apart: {first.build_seconds:.1f} s\n\n{text}\n")
        print(f"Plot, text and samples are in {_short(self.folder)}: bench.png, results.txt, results.json")


def machine() -> str:
    """Say what class of machine this is, without naming it."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{cores} cores, {platform.system()} {platform.machine()}"


def _short(path: Path) -> str:
    return os.path.relpath(path)

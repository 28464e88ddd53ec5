"""The release file: what an application is, how it is built, where and under which conditions it goes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, StringConstraints, Tag
from pydantic.config import JsonDict

from sendoff.model import Frozen
from sendoff.spec.canary import Canary
from sendoff.spec.channels import BlockChannel, Channels, WebhookChannel
from sendoff.spec.cloud import CloudTarget, Configuration, LambdaFunction, Parameter, StaticSite
from sendoff.spec.commands import Command
from sendoff.spec.load_balancer import LoadBalancer
from sendoff.spec.placeholders import fill
from sendoff.spec.ssh import SshHosts
from sendoff.spec.timing import FreezeSource, Window
from sendoff.spec.words import (
    ADDRESS,
    EXPECTED,
    SHARE,
    Duration,
    Header,
    InnerPath,
    Name,
    Text,
    Variable,
)

NAMED_ONLY: JsonDict = {"additionalProperties": False}  # else keys that match no pattern get through


def _form(value: Any) -> str | None:
    match value:
        case bool():
            return None
        case str():
            return "text"
        case int():
            return "number"
        case list() | tuple():
            return "words"
    return None


def _by_form(expected: str) -> Discriminator:
    return Discriminator(_form, custom_error_type="expected", custom_error_message=expected)


Value = Annotated[
    Annotated[str, Tag("text")] | Annotated[int, Tag("number")], _by_form("text or a whole number")
]
WordsOrText = Annotated[
    Annotated[Command, Tag("words")] | Annotated[Text, Tag("text")],
    _by_form("a list of words, or one text with 'shell: true'"),
]
Batch = Annotated[
    Annotated[int, Field(ge=1), Tag("number")]
    | Annotated[str, StringConstraints(pattern=SHARE), Tag("text")],
    _by_form(EXPECTED[SHARE]),
]


class Host(Frozen):
    """One machine, reached over SSH."""

    address: Annotated[str, StringConstraints(pattern=ADDRESS)] = Field(
        description="host name or IP address, as the worker reaches it"
    )
    port: int = Field(22, ge=1, le=65535, description="port of its SSH server")
    groups: tuple[Name, ...] = Field((), description="groups it belongs to; targets name hosts by group too")
    variables: dict[Variable, Value] = Field(
        {},
        description="words for commands and checks on this host, written there as {name}",
        json_schema_extra=NAMED_ONLY,
    )


class GitSource(Frozen):
    """Source in a git repository; a version is one of its references."""

    git: Text = Field(description="address or folder of the repository; a folder is relative to this file")
    ref: Text = Field("{version}", description="what a version is called in git, such as v{version}")
    branch: Text = Field("main", description="the branch whose newest commit `newest` means")


class FolderSource(Frozen):
    """Source in a folder, taken as it is."""

    folder: Text = Field(description="the folder, relative to this file")


def _source(value: Any) -> str | None:
    if isinstance(value, GitSource) or (isinstance(value, dict) and "git" in value):
        return "git"
    if isinstance(value, FolderSource) or (isinstance(value, dict) and "folder" in value):
        return "folder"
    return None


Source = Annotated[
    Annotated[GitSource, Tag("git")] | Annotated[FolderSource, Tag("folder")],
    Discriminator(
        _source, custom_error_type="expected", custom_error_message="a mapping with either 'git' or 'folder'"
    ),
]


class Build(Frozen):
    """How the application is built, once for all environments."""

    source: Source = Field(description="where the source comes from: a git repository or a folder")
    command: WordsOrText = Field(
        description="words, run without a shell, or one text with `shell: true`; may name {version}, {commit}"
    )
    shell: bool = Field(False, description="whether the command is one text that a POSIX shell runs")
    output: InnerPath = Field(description="the folder that the command leaves its result in")
    environment: tuple[Variable, ...] = Field(
        (), description="environment variables of the worker that are let in"
    )
    secrets: tuple[Variable, ...] = Field((), description="secrets that are let in, by name")
    timeout: Duration = Field(600, description="how long the command may take: 500ms, 30s, 5m, 2h")


class SshFleet(SshHosts):
    """A fleet of hosts over SSH that serve the same release."""

    kind: Literal["ssh"] = Field("ssh", description="hosts over SSH")
    name: Name = Field(description="what this target is called, such as web")
    hosts: tuple[Name, ...] = Field((), description="hosts, by name, in the order in which they are served")
    groups: tuple[Name, ...] = Field((), description="groups whose hosts belong to the fleet too")
    site: Name | None = Field(
        None, description="the site whose own worker reaches the hosts; else the release's worker does"
    )
    batch: Batch = Field(1, description="how many hosts go live together: a number or a share such as 25%")
    max_failures: int = Field(0, ge=0, description="how many hosts may fail before the release is undone")
    keep: int = Field(5, ge=2, le=100, description="how many releases are kept on a host")


def _kind_of_target(value: Any) -> str | None:
    """Tell a target's kind; one that says none, or is no mapping, is taken for hosts over SSH."""
    kind = value.get("kind", "ssh") if isinstance(value, dict) else getattr(value, "kind", "ssh")
    return kind if isinstance(kind, str) else None


Target = SshFleet | StaticSite | LambdaFunction | Parameter | Configuration | LoadBalancer
AnyTarget = Annotated[
    Annotated[SshFleet, Tag("ssh")]
    | Annotated[StaticSite, Tag("s3-site")]
    | Annotated[LambdaFunction, Tag("lambda")]
    | Annotated[Parameter, Tag("parameter")]
    | Annotated[Configuration, Tag("appconfig")]
    | Annotated[LoadBalancer, Tag("alb")],
    Discriminator(_kind_of_target),
]


def canary_of(target: Target) -> Canary | None:
    """Tell how a release takes over a target step by step; None where it does so at once."""
    return target.canary if isinstance(target, LambdaFunction | LoadBalancer) else None


When = Literal["dark", "canary", "live"]


class Patience(Frozen):
    """What a check is about, when it is made, and how long it may take to come right."""

    when: When = Field(
        "live", description="before the release gets traffic, while it is a canary, or once it has all of it"
    )
    targets: tuple[Name, ...] = Field((), description="the targets that it is about; all of them unless said")
    deadline: Duration = Field(30, description="how long it may take to come right, all tries together")
    interval: Duration = Field(1, description="the pause between tries")


class HttpCheck(Patience):
    """A request that has to be answered well."""

    kind: Literal["http"] = Field(description="a request to the application")
    name: Name = Field(description="what this check is called in reports")
    url: Text = Field(
        description="may name {host}, {address}, {version}, {release}, {root} and the host's variables"
    )
    headers: dict[Header, Text] = Field(
        {},
        description="headers that are sent; their values may name what `url` may",
        json_schema_extra=NAMED_ONLY,
    )
    status: int = Field(200, ge=100, le=599, description="the HTTP status that the answer has to have")
    body: Text | None = Field(None, description="a regular expression that is found in the body")
    version_header: Text | None = Field(None, description="a header that must say the version released")
    latency: Duration | None = Field(None, description="the longest an answer may take")
    timeout: Duration = Field(5, description="how long one try may take")


class CommandCheck(Patience):
    """A command on the host, in the folder of the release, that has to exit with 0."""

    kind: Literal["command"] = Field(description="a command on each host")
    name: Name = Field(description="what this check is called in reports")
    command: Command = Field(description="words, run without a shell; may name what `url` may")
    timeout: Duration = Field(30, description="how long one try may take")


class InvokeCheck(Patience):
    """A function that is invoked, in the version that the release is, and has to answer well."""

    kind: Literal["invoke"] = Field(description="a function that is invoked")
    name: Name = Field(description="what this check is called in reports")
    payload: Text = Field("{}", description="the JSON that it is given, as text")
    answer: Text | None = Field(None, description="a regular expression that is found in what it answers")
    timeout: Duration = Field(30, description="how long one try may take")


Check = Annotated[HttpCheck | CommandCheck | InvokeCheck, Field(discriminator="kind")]


class Quorum(Frozen):
    """A group, and how many people of it have to agree."""

    group: Name = Field(description="the group, such as product")
    count: int = Field(1, ge=1, le=20, description="how many people of it have to")


class Approval(Frozen):
    """A gate: people who have to agree before the release goes live."""

    kind: Literal["approval"] = Field(description="people have to agree")
    name: Name = Field(description="what this gate is called, such as product-owner")
    approvers: tuple[Text, ...] = Field((), description="who may, by name; nobody named means anybody")
    count: int = Field(1, ge=1, le=20, description="how many of them have to")
    approvals: tuple[Quorum, ...] = Field(
        (), description="how many people of which groups have to; instead of `approvers` and `count`"
    )
    requester_may_approve: bool = Field(False, description="whether the one who asked for the release counts")
    answers_expire: Duration | None = Field(None, description="how long an approval counts; else for good")
    remind_after: Duration | None = Field(None, description="when people are reminded, if they have to be")
    escalate_after: Duration | None = Field(None, description="when `escalate_to` is asked as well")
    escalate_to: Name | None = Field(None, description="the group that may then agree in anybody's place")
    expires_after: Duration | None = Field(
        None, description="when it ends as expired, neither failed nor rejected; else it waits for good"
    )


class BreakGlass(Frozen):
    """Who has to agree when an emergency release skips gates."""

    approvers: tuple[Text, ...] = Field(
        (), description="who may, by name; nobody named means anybody but the one who asks for it"
    )
    group: Name | None = Field(None, description="the group whose people may, instead of `approvers`")


class Schedule(Frozen):
    """Releases the newest commit by itself; only where nobody has to approve."""

    cron: Text = Field(description="when, as in crontab: minute hour day month weekday, such as 0 2 * * *")
    timezone: Text = Field("UTC", description="the time zone that this is meant in, such as Europe/Zurich")


class OnTrouble(Frozen):
    """What is done when machinery broke beyond its retries, such as a host that cannot be reached."""

    ask: bool = Field(True, description="whether people are asked; else `otherwise` is done at once")
    wait: Duration = Field(3600, description="how long an answer is waited for")
    otherwise: Literal["leave out", "undo", "stop here"] = Field(
        "leave out",
        description="what is done when nobody answers; `leave out` beyond `max_failures` becomes `undo`",
    )
    answerers: tuple[Text, ...] = Field((), description="who may answer; nobody named means anybody")


class Environment(Frozen):
    """One place an application is released to."""

    name: Name = Field(description="what it is called, such as production")
    after: Name | None = Field(
        None, description="the environment in which the version must have gone live before"
    )
    targets: Annotated[tuple[AnyTarget, ...], Field(min_length=1)] = Field(
        description="where the release is put"
    )
    checks: tuple[Check, ...] = Field((), description="what has to be true of the release, on every host")
    gates: tuple[Approval, ...] = Field((), description="what has to be passed before it goes live, in order")
    windows: tuple[Window, ...] = Field(
        (), description="when it may be changed: in any of these; always, unless said"
    )
    freezes: tuple[FreezeSource, ...] = Field(
        (), description="when it may not be changed, whatever windows say"
    )
    emergency: BreakGlass | None = Field(
        None, description="who has to agree when an emergency release skips gates; without it none may"
    )
    on_trouble: OnTrouble = Field(OnTrouble(), description="what is done when something breaks on the way")
    schedule: Schedule | None = Field(None, description="when the newest commit is released by itself")
    notify: Channels = Field((), description="who is told of releases here, besides those of the whole file")

    def checks_of(self, target: str, when: When) -> list[Check]:
        """List the checks of a target for one moment; a canary as while it was dark, too."""
        moments = ("dark", "canary") if when == "canary" else (when,)
        about = (each for each in self.checks if not each.targets or target in each.targets)
        return [check for check in about if check.when in moments]

    @property
    def gate_names(self) -> tuple[str, ...]:
        """Name the gates in the order in which they are passed."""
        return tuple(gate.name for gate in self.gates)


class ReleaseFile(Frozen):
    """A whole release file. `hosts` may stand in it or in the file that `inventory` names."""

    application: Name = Field(description="what the application is called, such as storefront")
    description: Text | None = Field(None, description="what it is for, in words that everybody understands")
    owner: Text = Field(description="who answers for it")
    stakeholders: tuple[Text, ...] = Field((), description="who is told about its releases")
    notify: Channels = Field((), description="who is told of releases to any of its environments")
    inventory: Text | None = Field(None, description="a file with more hosts, relative to this file")
    hosts: dict[Name, Host] = Field({}, description="hosts, by name", json_schema_extra=NAMED_ONLY)
    build: Build = Field(description="how it is built, once for all environments")
    environments: Annotated[tuple[Environment, ...], Field(min_length=1)] = Field(
        description="where it is released to, in order"
    )

    def environment(self, name: str) -> Environment:
        """Find an environment; KeyError when there is none of that name."""
        found = next((each for each in self.environments if each.name == name), None)
        if found is None:
            raise KeyError(name)
        return found

    def channels(self, environment: str) -> tuple[BlockChannel | WebhookChannel, ...]:
        """Give who is told of releases to an environment: its own go before those of the same name."""
        both = (*self.notify, *self.environment(environment).notify)
        return tuple({each.name: each for each in both}.values())

    def hosts_of(self, target: Target) -> tuple[str, ...]:
        """Name the hosts of a target: those listed, then its groups', each once; in a cloud it is one."""
        if isinstance(target, CloudTarget):
            return (target.name,)
        grouped = [
            name for group in target.groups for name, host in self.hosts.items() if group in host.groups
        ]
        return tuple(dict.fromkeys((*target.hosts, *grouped)))

    def behind(self, target: Target) -> dict[str, SshFleet]:
        """Give the hosts over SSH behind each side of a load balancer as fleets; none of other targets."""
        if not isinstance(target, LoadBalancer) or target.fleet is None:
            return {}
        login = {key: getattr(target.fleet, key) for key in SshHosts.model_fields}
        return {
            side: SshFleet(name=target.name, hosts=each.hosts, groups=each.groups, keep=target.keep, **login)
            for side, each in target.sides.items()
        }

    def own_words(self, host: str, target: Target) -> dict[str, str]:
        """Give the words that are a host's own: its variables, name and address."""
        if isinstance(target, CloudTarget):
            return {"host": host} | ({"address": target.address} if target.address else {})
        machine = self.hosts[host]
        own = {name: str(value) for name, value in machine.variables.items()}
        return own | {"host": host, "address": machine.address}

    def words(self, host: str, target: Target) -> dict[str, str]:
        """Give what commands and checks may say of a host: its own words, and its root."""
        own = self.own_words(host, target)
        return {**own, "root": fill(target.root, own) if isinstance(target, SshFleet) else target.root}


class Inventory(Frozen):
    """A file with hosts that several release files may share."""

    hosts: dict[Name, Host] = Field(description="hosts, by name", json_schema_extra=NAMED_ONLY)

"""Load balancers: traffic between two sides, of which one serves and the other takes the next release."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

from pydantic import Field, StringConstraints

from sendoff.model import Frozen
from sendoff.spec.canary import Canary
from sendoff.spec.cloud import CloudTarget
from sendoff.spec.ssh import SshHosts
from sendoff.spec.words import CLUSTER, RULE, TARGET_GROUP, Duration, InnerPath, Name

SIDES = ("blue", "green")


class Arn(NamedTuple):
    """The parts of an Amazon resource name that say where something is, and what."""

    region: str
    account: str
    resource: str

    @classmethod
    def of(cls, text: str) -> Arn:
        """Take it apart."""
        _, _, _, region, account, resource = text.split(":", 5)
        return cls(region, account, resource)


class Side(Frozen):
    """One of the two: a target group, and what is behind it, hosts over SSH or a service."""

    target_group: Annotated[str, StringConstraints(pattern=TARGET_GROUP)] = Field(
        description="the ARN of the target group; it has to exist"
    )
    hosts: tuple[Name, ...] = Field((), description="hosts behind it, by name, reached over SSH by `fleet`")
    groups: tuple[Name, ...] = Field((), description="groups whose hosts are behind it too")
    service: Annotated[str, StringConstraints(pattern=CLUSTER)] | None = Field(
        None, description="the service of ECS behind it, in place of hosts; it has to exist"
    )

    @property
    def dimension(self) -> str:
        """Name the target group as metrics do."""
        return Arn.of(self.target_group).resource


class LoadBalancer(CloudTarget):
    """A rule of an Application Load Balancer that shares traffic out between two target groups."""

    noun = "load balancer"

    kind: Literal["alb"] = Field(description="traffic between two sides of an Application Load Balancer")
    rule: Annotated[str, StringConstraints(pattern=RULE)] = Field(
        description="the ARN of the listener rule that forwards to blue or green; it has to exist"
    )
    header_rule: Annotated[str, StringConstraints(pattern=RULE)] | None = Field(
        None,
        description="the ARN of a rule before it, with a condition on a header, for checks of the dark side",
    )
    blue: Side = Field(description="one side")
    green: Side = Field(description="the other side")
    fleet: SshHosts | None = Field(None, description="how the hosts behind both sides are reached over SSH")
    cluster: Annotated[str, StringConstraints(pattern=CLUSTER)] | None = Field(
        None, description="the cluster of ECS that the services of both sides are in"
    )
    task_definition: InnerPath = Field(
        "task-definition.json",
        description="the file of the release that is the task definition, whose images are named by digest",
    )
    canary: Canary | None = Field(
        None, description="how a release takes over step by step; all at once unless said"
    )
    healthy_within: Duration = Field(
        900, description="how long the dark side may take to run a release and to be healthy"
    )
    keep: int = Field(5, ge=2, le=100, description="how many releases are kept on each host behind it")

    @property
    def root(self) -> str:
        """Name the rule."""
        arn = Arn.of(self.rule)
        _, _, balancer, *_, rule = arn.resource.split("/")
        return f"alb://{arn.region}/{balancer}/{rule}"

    @property
    def serves_dark(self) -> bool:
        """Tell whether a request with the header reaches a release that has no traffic."""
        return self.header_rule is not None

    @property
    def sides(self) -> dict[str, Side]:
        """Give both sides by name."""
        return {"blue": self.blue, "green": self.green}

    @property
    def rules(self) -> tuple[str, ...]:
        """Give the ARNs of the rules that are pointed."""
        return (self.rule, *([self.header_rule] if self.header_rule else []))

    def is_in_one_place_with(self, other: CloudTarget) -> bool:
        """Tell whether both would point one rule, or fill one side."""
        if not isinstance(other, LoadBalancer):
            return False
        groups = {each.target_group for each in other.sides.values()}
        return self.endpoint == other.endpoint and bool(
            {*self.rules} & {*other.rules} or any(each.target_group in groups for each in self.sides.values())
        )

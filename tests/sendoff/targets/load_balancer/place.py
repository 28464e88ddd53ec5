"""A load balancer at moto with two sides behind a rule: hosts over SSH, or services of ECS at ministack."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pydantic import SecretStr

from sendoff.objects.s3.address import Access, Credentials
from sendoff.spec.load_balancer import LoadBalancer
from sendoff.spec.models import ReleaseFile
from sendoff.targets.load_balancer.load_balancer import BalancedTarget
from sendoff.targets.load_balancer.machines import Machines
from sendoff.targets.load_balancer.standing import BY, DIGEST, FENCE, LIVE, ORIGIN, RELEASE, REVISION, TAG
from sendoff.targets.one_host import OneHost
from sendoff.targets.opening import open_in_cloud, open_machines
from sendoff.targets.ssh.login import Login
from tests.kit.emulators import REGION, Ministack, Moto

ELB, ECS = "AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2", "AWS_ENDPOINT_URL_ECS"
ACCESS = Access(key=Credentials(access_key_id="AKIDEMULATED", secret_access_key=SecretStr("secret")))
IMAGE = f"shop@sha256:{'a' * 64}"


def opened(
    target: LoadBalancer, hosts: Mapping[str, Any], login: Login, by: str, token: int
) -> Mapping[str, Machines]:
    """Open the hosts behind each side, as with a release file that has them."""
    file = ReleaseFile.model_validate(
        {
            "application": "shop",
            "owner": "somebody",
            "hosts": hosts,
            "build": {"source": {"folder": "."}, "command": ("true",), "output": "out"},
            "environments": ({"name": "production", "targets": (target,)},),
        }
    )
    return {side: open_machines(file, fleet, login, by, token) for side, fleet in file.behind(target).items()}


class OnHost(NamedTuple):
    """What lies on a host. `releases`: their files; `log`: what commands wrote; `switches`: its journal's."""

    live: str | None
    releases: dict[str, dict[str, bytes]]
    log: list[str]
    switches: list[str]
    leftovers: list[str]


class Place:
    """A rule with all traffic on blue, one with a header that leads to green, and a target in each group."""

    numbers = itertools.count(1)

    def __init__(self, moto: Moto, patch: pytest.MonkeyPatch) -> None:
        self.moto, self.patch = moto, patch
        self.elb = moto.client("elbv2")
        self.name = f"shop-{next(self.numbers)}"
        self.opened: list[OneHost[BalancedTarget]] = []
        self.behind: dict[str, Any] = {}
        self.hosts: dict[str, Any] = {}
        self.login: Login | None = None
        self.lead(ELB, moto.endpoint)
        subnets = moto.client("ec2").describe_subnets()["Subnets"][:2]
        balancer = self.elb.create_load_balancer(Name=self.name, Subnets=[e["SubnetId"] for e in subnets])
        self.balancer = balancer["LoadBalancers"][0]["LoadBalancerArn"]
        self.groups = {side: self._group(side, subnets[0]["VpcId"]) for side in ("blue", "green")}
        answer = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]
        self.listener = self.elb.create_listener(
            LoadBalancerArn=self.balancer, Protocol="HTTP", Port=80, DefaultActions=answer
        )["Listeners"][0]["ListenerArn"]
        path = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}}
        header = {
            "Field": "http-header",
            "HttpHeaderConfig": {"HttpHeaderName": "X-Dark", "Values": ["yes"]},
        }
        self.rule = self._rule(20, path, "blue")
        self.header_rule = self._rule(10, header, "blue")

    def _group(self, side: str, network: str) -> str:
        made = self.elb.create_target_group(
            Name=f"{self.name}-{side}", Protocol="HTTP", Port=80, VpcId=network, TargetType="ip"
        )
        arn: str = made["TargetGroups"][0]["TargetGroupArn"]
        self.elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": "10.0.0.1", "Port": 80}])
        return arn

    def _rule(self, priority: int, condition: Mapping[str, Any], side: str) -> str:
        made = self.elb.create_rule(
            ListenerArn=self.listener,
            Priority=priority,
            Conditions=[condition],
            Actions=[self._forward(side)],
        )
        return str(made["Rules"][0]["RuleArn"])

    def _forward(self, side: str) -> dict[str, str]:
        return {"Type": "forward", "TargetGroupArn": self.groups[side]}

    def lead(self, variable: str, endpoint: str) -> None:
        """Have one service asked at an address."""
        self.patch.setenv(variable, endpoint)

    def described(self, **changes: Any) -> dict[str, Any]:
        """Describe it as a release file does."""
        described = {
            "kind": "alb",
            "name": "front",
            "rule": self.rule,
            "header_rule": self.header_rule,
            "region": REGION,
            "healthy_within": 5,
            **self.behind,
            **changes,
        }
        for side, arn in self.groups.items():
            described[side] = {"target_group": arn, **described[side]}
        return described

    def target(self, token: int = 1, by: str = "run-1", **changes: Any) -> BalancedTarget:
        """Open it as a run would under a number."""
        described = LoadBalancer.model_validate_json(json.dumps(self.described(**changes)))
        opened: Any = open_in_cloud(described, ACCESS, by, token, behind=self.machines(described, by, token))
        self.opened.append(opened)
        found: BalancedTarget = opened.host("front")
        return found

    def machines(self, target: LoadBalancer, by: str, token: int) -> Mapping[str, Machines]:
        """Give the hosts over SSH behind each side."""
        return opened(target, self.hosts, self.login, by, token) if self.login else {}

    def reached(self) -> list[Any]:
        """Describe it and how its hosts are reached, as JSON, for `opened` in another process."""
        login = self.login and self.login.model_dump(mode="json")
        return [self.described(), self.hosts, login]

    def weights(self, rule: str = "") -> dict[str, int]:
        """Read what a rule gives to each side."""
        found = self.elb.describe_rules(RuleArns=[rule or self.rule])["Rules"][0]["Actions"][0]
        config = found.get("ForwardConfig") or {"TargetGroups": [{**found, "Weight": 1}]}
        sides = {arn: side for side, arn in self.groups.items()}
        return {sides[each["TargetGroupArn"]]: each["Weight"] for each in config["TargetGroups"]}

    def weigh(self, blue: int, green: int) -> None:
        """Set weights as somebody else would."""
        groups = [
            {"TargetGroupArn": self.groups[side], "Weight": weight}
            for side, weight in (("blue", blue), ("green", green))
        ]
        action = {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}
        self.elb.modify_rule(RuleArn=self.rule, Actions=[action])

    def clear(self) -> None:
        """Have rules and tags be as they were at first."""
        for rule in (self.rule, self.header_rule):
            self.elb.modify_rule(RuleArn=rule, Actions=[self._forward("blue")])
        keys = [RELEASE, DIGEST, REVISION, FENCE, BY, ORIGIN, LIVE]
        self.elb.remove_tags(ResourceArns=[*self.groups.values()], TagKeys=keys)

    def all_tags(self) -> dict[str, dict[str, str]]:
        """Read the tags of both sides that are Sendoff's."""
        sides = {arn: side for side, arn in self.groups.items()}
        return {
            sides[each["ResourceArn"]]: {
                tag["Key"].removeprefix(TAG): tag["Value"]
                for tag in each["Tags"]
                if tag["Key"].startswith(TAG)
            }
            for each in self.elb.describe_tags(ResourceArns=[*sides])["TagDescriptions"]
        }

    def tags(self, side: str) -> dict[str, str]:
        """Read the tags of a side that are Sendoff's."""
        return self.all_tags()[side]

    def close(self) -> None:
        for each in self.opened:
            each.close()


class OverSsh(Place):
    """Its hosts are two folders of one SSH server, where each command is written down."""

    kind = "ssh"

    def __init__(self, moto: Moto, patch: pytest.MonkeyPatch, site: Any) -> None:
        super().__init__(moto, patch)
        self.site, self.folder, self.login = site, site.root.parent / self.name, site.login
        self.behind = {
            "blue": {"hosts": ["blue-1"]},
            "green": {"hosts": ["green-1"]},
            "fleet": {
                "user": site.login.user,
                "root": "{disk}/srv",
                "commands": {
                    moment: [["sh", "-c", f"echo {moment} {{host}} {{version}} >> {{root}}/log"]]
                    for moment in ("before", "after", "withdraw")
                },
            },
        }
        self.hosts = {
            f"{side}-1": {
                "address": site.address.address,
                "port": site.address.port,
                "variables": {"disk": str(self.folder / side)},
            }
            for side in self.groups
        }

    def clear(self) -> None:
        """Have nothing be on the hosts, either."""
        super().clear()
        if self.folder.exists():
            shutil.rmtree(self.folder)

    def root(self, side: str) -> Path:
        """Give the folder of a side's host."""
        root: Path = self.folder / side / "srv"
        return root

    def running(self) -> dict[str, str | None]:
        """Tell which release is live on the host of each side."""
        return {side: self.runs(side) for side in self.groups}

    def runs(self, side: str) -> str | None:
        """Tell which release is live on the host of a side."""
        current = self.root(side) / "current"
        return current.readlink().name if current.is_symlink() else None

    def on_host(self, side: str) -> OnHost:
        """Tell all that lies on the host of a side."""
        root = self.root(side)
        return OnHost(
            self.runs(side),
            {
                release.name: {
                    str(path.relative_to(release)): path.read_bytes()
                    for path in release.rglob("*")
                    if path.is_file()
                }
                for release in root.glob("releases/*")
            },
            _lines(root / "log"),
            [line.partition(" ")[2] for line in _lines(root / ".sendoff" / "journal")],
            [each.name for pattern in (".sendoff/tmp/*", ".current.*") for each in root.glob(pattern)],
        )


def _lines(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


class OverEcs(Place):
    """Its services are at ministack, whose rollouts come to an end; moto's never do."""

    kind = "ecs"

    def __init__(self, moto: Moto, patch: pytest.MonkeyPatch, ministack: Ministack) -> None:
        super().__init__(moto, patch)
        self.ecs = ministack.client("ecs")
        self.family = self.name
        self._tags: dict[str, dict[str, str]] = {}
        self.lead(ECS, ministack.endpoint)
        self.ecs.create_cluster(clusterName=self.name)
        first = self.ecs.register_task_definition(**self.definition())["taskDefinition"]
        self.before = first["taskDefinitionArn"]
        for side, arn in self.groups.items():
            self.ecs.create_service(
                cluster=self.name,
                serviceName=f"shop-{side}",
                taskDefinition=self.before,
                desiredCount=2,
                loadBalancers=[{"targetGroupArn": arn, "containerName": "shop", "containerPort": 80}],
            )
        self.behind = {
            "blue": {"service": "shop-blue"},
            "green": {"service": "shop-green"},
            "cluster": self.name,
        }

    def definition(self, image: str = IMAGE) -> dict[str, Any]:
        """Describe a task as a release brings it."""
        container = {"name": "shop", "image": image, "memory": 128}
        return {"family": self.family, "containerDefinitions": [container]}

    def clear(self) -> None:
        """Have the services run what they did, and no revision of a release be there, either."""
        super().clear()
        for side in self.groups:
            self.ecs.update_service(cluster=self.name, service=f"shop-{side}", taskDefinition=self.before)
        for arn in self.revisions():
            self.ecs.deregister_task_definition(taskDefinition=arn)

    def runs(self, side: str) -> str | None:
        """Tell which release the service of a side runs, by the tags of the revision that counts."""
        return self.running()[side]

    def running(self) -> dict[str, str | None]:
        """Tell which release the service of each side runs."""
        revisions = self.revisions()
        services = self.ecs.describe_services(
            cluster=self.name, services=[f"shop-{side}" for side in self.groups]
        )["services"]
        running = {}
        for each in services:
            (primary,) = [made for made in each["deployments"] if made["status"] == "PRIMARY"]
            running[each["serviceName"].removeprefix("shop-")] = revisions.get(primary["taskDefinition"])
        return running

    def revisions(self) -> dict[str, str]:
        """List the revisions of releases, by ARN. A revision stays as it is, so each is read once."""
        listed = self.ecs.list_task_definitions(familyPrefix=self.family)["taskDefinitionArns"]
        for arn in {*listed} - self._tags.keys():
            told = self.ecs.describe_task_definition(taskDefinition=arn, include=["TAGS"])["tags"]
            self._tags[arn] = {tag["key"]: tag["value"] for tag in told}
        return {arn: self._tags[arn][RELEASE] for arn in listed if RELEASE in self._tags[arn]}

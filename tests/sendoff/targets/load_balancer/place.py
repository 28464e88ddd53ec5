"""A load balancer at moto with two sides behind a rule: hosts over SSH, or services of ECS at ministack."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from sendoff.objects.s3.address import Access, Credentials
from sendoff.spec.load_balancer import LoadBalancer
from sendoff.spec.models import ReleaseFile
from sendoff.targets.load_balancer.load_balancer import BalancedTarget
from sendoff.targets.load_balancer.machines import Machines
from sendoff.targets.one_host import OneHost
from sendoff.targets.opening import open_in_cloud, open_machines
from tests.kit.emulators import REGION, Ministack, Moto

ELB, ECS = "AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2", "AWS_ENDPOINT_URL_ECS"
ACCESS = Access(key=Credentials(access_key_id="AKIDEMULATED", secret_access_key=SecretStr("secret")))
IMAGE = f"shop@sha256:{'a' * 64}"
TAG = "sendoff:"


class Place:
    """A rule with all traffic on blue, one with a header that leads to green, and a target in each group."""

    numbers = itertools.count(1)

    def __init__(self, moto: Moto, patch: pytest.MonkeyPatch) -> None:
        self.moto, self.patch = moto, patch
        self.elb = moto.client("elbv2")
        self.name = f"shop-{next(self.numbers)}"
        self.opened: list[OneHost[BalancedTarget]] = []
        self.behind: dict[str, Any] = {}
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
            Actions=[{"Type": "forward", "TargetGroupArn": self.groups[side]}],
        )
        return str(made["Rules"][0]["RuleArn"])

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
        return {}

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

    def tags(self, side: str) -> dict[str, str]:
        """Read the tags of a side that are Sendoff's."""
        found = self.elb.describe_tags(ResourceArns=[self.groups[side]])["TagDescriptions"][0]["Tags"]
        return {each["Key"].removeprefix(TAG): each["Value"] for each in found if each["Key"].startswith(TAG)}

    def close(self) -> None:
        for each in self.opened:
            each.close()


class OverSsh(Place):
    """Its hosts are two folders of one SSH server."""

    kind = "ssh"

    def __init__(self, moto: Moto, patch: pytest.MonkeyPatch, site: Any) -> None:
        super().__init__(moto, patch)
        self.site, self.folder = site, site.root.parent / self.name
        self.behind = {
            "blue": {"hosts": ["blue-1"]},
            "green": {"hosts": ["green-1"]},
            "fleet": {
                "user": site.login.user,
                "root": "{disk}/srv",
                "commands": {"after": [["sh", "-c", "echo {host} {version} >> {root}/log"]]},
            },
        }

    def machines(self, target: LoadBalancer, by: str, token: int) -> Mapping[str, Machines]:
        """Give the hosts over SSH behind each side."""
        address = self.site.address
        hosts = {
            f"{side}-1": {
                "address": address.address,
                "port": address.port,
                "variables": {"disk": str(self.folder / side)},
            }
            for side in self.groups
        }
        file = ReleaseFile.model_validate(
            {
                "application": "shop",
                "owner": "somebody",
                "hosts": hosts,
                "build": {"source": {"folder": "."}, "command": ("true",), "output": "out"},
                "environments": ({"name": "production", "targets": (target,)},),
            }
        )
        return {
            side: open_machines(file, fleet, self.site.login, by, token)
            for side, fleet in file.behind(target).items()
        }

    def root(self, side: str) -> Path:
        """Give the folder of a side's host."""
        root: Path = self.folder / side / "srv"
        return root

    def runs(self, side: str) -> str | None:
        """Tell which release is live on the host of a side."""
        current = self.root(side) / "current"
        return current.readlink().name if current.is_symlink() else None


class OverEcs(Place):
    """Its services are at ministack, whose rollouts come to an end; moto's never do."""

    kind = "ecs"

    def __init__(self, moto: Moto, patch: pytest.MonkeyPatch, ministack: Ministack) -> None:
        super().__init__(moto, patch)
        self.ecs = ministack.client("ecs")
        self.family = self.name
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

    def runs(self, side: str) -> str | None:
        """Tell which release the service of a side runs, by the tags of the revision that counts."""
        service = self.ecs.describe_services(cluster=self.name, services=[f"shop-{side}"])["services"][0]
        (primary,) = [each for each in service["deployments"] if each["status"] == "PRIMARY"]
        return self.revisions().get(primary["taskDefinition"])

    def revisions(self) -> dict[str, str]:
        """List the revisions that are of releases, by ARN."""
        listed = self.ecs.list_task_definitions(familyPrefix=self.family)["taskDefinitionArns"]
        told = {
            arn: self.ecs.describe_task_definition(taskDefinition=arn, include=["TAGS"])["tags"]
            for arn in listed
        }
        return {
            arn: tag["value"] for arn, tags in told.items() for tag in tags if tag["key"] == f"{TAG}release"
        }

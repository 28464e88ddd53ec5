"""What is asked of a load balancer, a request each; no foreign exception comes out of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from sendoff.errors import PolicyRefused, SendoffError
from sendoff.objects.s3.faults import AccessRefused, code
from sendoff.spec.load_balancer import LoadBalancer
from sendoff.targets.connection import ADVICE, Connection
from sendoff.targets.load_balancer.standing import Forward, Standing

GONE = {
    "RuleNotFound": "`rule` or `header_rule`",
    "TargetGroupNotFound": "`target_group` of blue or green",
}
NOBODYS = "targetgroup/sendoff-nobodys/0000000000000000"  # a target group that is nowhere
NOT_IN_A_TAG = re.compile(r"[^\w +=.:/@-]")
LONGEST = 256  # characters of a tag's value
ALLOWED: dict[type[SendoffError], str] = {
    **ADVICE,
    AccessRefused: f"{ADVICE[AccessRefused]}: elasticloadbalancing:DescribeRules, DescribeTags, "
    "DescribeTargetHealth, ModifyRule, AddTags and RemoveTags",
}


class Balancer:
    """The rules and target groups of one target."""

    def __init__(self, target: LoadBalancer, connection: Connection) -> None:
        self._target, self._connection = target, connection

    def standing(self) -> Standing:
        """Read what the rules say of traffic, and the tags of both sides of releases."""
        target = self._target
        rules = self._ask("reading the rules", "describe_rules", RuleArns=[*target.rules])["Rules"]
        groups = {each.target_group: side for side, each in target.sides.items()}
        found = self._ask("reading the tags", "describe_tags", ResourceArns=[*groups])["TagDescriptions"]
        tags = {
            groups[each["ResourceArn"]]: {tag["Key"]: tag["Value"] for tag in each["Tags"]} for each in found
        }
        return Standing.of(target.name, target, {rule["RuleArn"]: rule for rule in rules}, tags)

    def forward(self, rule: str, forward: Forward, weights: Mapping[str, int]) -> None:
        """Set all weights of a rule in one request."""
        action = forward.action(weights, self._target)
        self._ask("setting the weights", "modify_rule", RuleArn=rule, Actions=[action])

    def may_forward(self, rule: str) -> bool:
        """Find out by a change that must not happen whether we may change a rule; AccessRefused when not.

        False: its server has made it, though there is no such target group.
        """
        group = self._group("blue").partition("targetgroup/")[0] + NOBODYS
        action: Any = {"Type": "forward", "TargetGroupArn": group}
        with self._connection.asking("looking whether the rules may be changed", ALLOWED):
            try:
                self._connection.client.modify_rule(RuleArn=rule, Actions=[action])
            except ClientError as error:
                if code(error) != "TargetGroupNotFound":
                    raise
                return True
        return False

    def tag(self, side: str, tags: Mapping[str, str]) -> None:
        """Write tags of a side, all in one request."""
        pairs = [{"Key": key, "Value": NOT_IN_A_TAG.sub("-", value)[:LONGEST]} for key, value in tags.items()]
        self._ask("writing tags", "add_tags", ResourceArns=[self._group(side)], Tags=pairs)

    def untag(self, side: str, keys: Iterable[str]) -> None:
        """Take tags off a side."""
        self._ask("removing tags", "remove_tags", ResourceArns=[self._group(side)], TagKeys=[*keys])

    def health(self, side: str) -> list[Mapping[str, Any]]:
        """List the targets of a side with how they are."""
        answer = self._ask(
            "asking how its targets are", "describe_target_health", TargetGroupArn=self._group(side)
        )
        return list(answer["TargetHealthDescriptions"])

    def _group(self, side: str) -> str:
        return self._target.sides[side].target_group

    def _ask(self, doing: str, request: str, **words: Any) -> Any:
        with self._connection.asking(doing, ALLOWED):
            try:
                return getattr(self._connection.client, request)(**words)
            except ClientError as error:
                if code(error) not in GONE:
                    raise
                raise PolicyRefused(
                    f"{self._target.name}: {doing} failed, as it is not there ({code(error)}), expected it "
                    f"to be; correct {GONE[code(error)]} in the release file"
                ) from error

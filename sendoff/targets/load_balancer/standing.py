"""How things stand at a load balancer: what a rule says of traffic, and tags of both sides of releases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sendoff.errors import PolicyRefused
from sendoff.spec.load_balancer import SIDES, LoadBalancer

TAG = "sendoff:"
RELEASE, DIGEST, REVISION = f"{TAG}release", f"{TAG}digest", f"{TAG}revision"
FENCE, BY, ORIGIN, LIVE = f"{TAG}fence", f"{TAG}by", f"{TAG}origin", f"{TAG}live"
KEEPER = "blue"
"""The side whose tags also say what is true of both: the number, by whom, the weights before, who is live."""

OF_A_SIDE = (RELEASE, DIGEST, REVISION)
HEADER = "http-header"


@dataclass(frozen=True)
class Forward:
    """The action of a rule. `weights`: by side, of those that it names; `sticky`: what keeps visitors."""

    weights: Mapping[str, int]
    sticky: Mapping[str, Any]

    @classmethod
    def of(cls, name: str, rule: Mapping[str, Any], target: LoadBalancer) -> Forward:
        """Read it; PolicyRefused when it does anything else than forward to the two sides."""
        if rule.get("IsDefault"):
            raise PolicyRefused(
                f"{name}: {rule['RuleArn']} is the default of its listener, which only the listener changes, "
                "expected a rule of its own; make one, such as with the condition path /*"
            )
        actions = rule["Actions"]
        if [action["Type"] for action in actions] != ["forward"]:
            kinds = ", ".join(action["Type"] for action in actions)
            raise PolicyRefused(
                f"{name}: {rule['RuleArn']} has the actions {kinds}, expected one forward and no other; "
                "name a rule that only forwards"
            )
        config = actions[0].get("ForwardConfig") or {}
        named = config.get("TargetGroups") or [{"TargetGroupArn": actions[0].get("TargetGroupArn")}]
        sides = {each.target_group: side for side, each in target.sides.items()}
        for each in named:
            if each["TargetGroupArn"] not in sides:
                raise PolicyRefused(
                    f"{name}: {rule['RuleArn']} forwards to {each['TargetGroupArn']}, expected the target "
                    "group of blue or green; correct `rule`, `blue` or `green` in the release file"
                )
        weights = {sides[each["TargetGroupArn"]]: each.get("Weight", 1) for each in named}
        return cls(weights, config.get("TargetGroupStickinessConfig") or {})

    @property
    def sides(self) -> tuple[str, ...]:
        """Name the sides that have traffic."""
        return tuple(side for side in SIDES if self.weights.get(side))

    def share(self, side: str) -> int:
        """Tell how much of the traffic a side has, in per cent."""
        return round(100 * self.weights.get(side, 0) / (sum(self.weights.values()) or 1))

    def action(self, weights: Mapping[str, int], target: LoadBalancer) -> dict[str, Any]:
        """Write the action anew with other weights, all in one; what keeps visitors at a side stays."""
        groups = [
            {"TargetGroupArn": target.sides[side].target_group, "Weight": weight}
            for side, weight in weights.items()
        ]
        sticky = {"TargetGroupStickinessConfig": self.sticky} if self.sticky else {}
        return {"Type": "forward", "ForwardConfig": {"TargetGroups": groups, **sticky}}


@dataclass(frozen=True)
class Standing:
    """What was read in one look; `live`: the side that has all traffic but a canary's."""

    forward: Forward
    header: Forward | None
    tags: Mapping[str, Mapping[str, str]]
    live: str

    @classmethod
    def of(
        cls,
        name: str,
        target: LoadBalancer,
        rules: Mapping[str, Mapping[str, Any]],
        tags: Mapping[str, Mapping[str, str]],
    ) -> Standing:
        """Work it out; PolicyRefused when it is not as Sendoff leaves it, nor as it may find it."""
        forward = Forward.of(name, rules[target.rule], target)
        header = None
        if target.header_rule:
            header = Forward.of(name, rules[target.header_rule], target)
            if HEADER not in [each.get("Field") for each in rules[target.header_rule]["Conditions"]]:
                raise PolicyRefused(
                    f"{name}: {target.header_rule} has no condition on a header, expected one, so that only "
                    "checks reach the dark side by it; correct `header_rule` in the release file"
                )
        return cls(forward, header, tags, _live(name, forward, tags))

    @property
    def dark(self) -> str:
        """Name the side that is not live."""
        return other(self.live)

    @property
    def canary(self) -> str | None:
        """Name the release that has a part of the traffic beside the live one."""
        return self.release(self.dark) if self.forward.weights.get(self.dark) else None

    @property
    def fence(self) -> int:
        """Give the largest number under which it was changed."""
        return int(self.tags[KEEPER].get(FENCE, 0))

    @property
    def releases(self) -> tuple[str, ...]:
        """Name the releases on both sides, the live one last."""
        return tuple(name for side in (self.dark, self.live) if (name := self.release(side)))

    def release(self, side: str) -> str | None:
        """Name the release on a side."""
        return self.tags[side].get(RELEASE)

    def side_of(self, release: str) -> str | None:
        """Name the side that a release is on."""
        return next((side for side in (self.live, self.dark) if self.release(side) == release), None)


def other(side: str) -> str:
    """Name the other side."""
    return SIDES[1 - SIDES.index(side)]


def _live(name: str, forward: Forward, tags: Mapping[str, Mapping[str, str]]) -> str:
    match forward.sides:
        case (side,):
            return side
        case ():
            raise PolicyRefused(
                f"{name}: neither side has traffic, expected one to have it; give one of them all of it"
            )
    live = tags[KEEPER].get(LIVE)
    if live is None or RELEASE not in tags[other(live)]:
        raise PolicyRefused(
            f"{name}: both sides have traffic, though Sendoff did not share it out, expected one to have "
            "all; give one of them all of it"
        )
    return live


def written(weights: Mapping[str, int]) -> str:
    """Write weights as a tag holds them."""
    return " ".join(f"{side}={weight}" for side, weight in weights.items())


def read(text: str) -> dict[str, int]:
    """Read weights out of a tag."""
    return {side: int(weight) for side, _, weight in (each.partition("=") for each in text.split())}

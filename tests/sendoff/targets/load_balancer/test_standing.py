"""What follows from a rule and tags: who is live, who is a canary, and what is not as it may be."""

from __future__ import annotations

from typing import Any

import pytest

from sendoff.errors import PolicyRefused
from sendoff.spec.load_balancer import LoadBalancer
from sendoff.targets.load_balancer.standing import Standing, read, written

AT = "arn:aws:elasticloadbalancing:eu-central-1:123456789012"
RULE, HEADER = (f"{AT}:listener-rule/app/shop/a/b/{number}" for number in "12")
GROUPS = {side: f"{AT}:targetgroup/shop-{side}/1" for side in ("blue", "green")}
TARGET = LoadBalancer.model_validate(
    {
        "kind": "alb",
        "name": "front",
        "rule": RULE,
        "header_rule": HEADER,
        "blue": {"target_group": GROUPS["blue"], "service": "b"},
        "green": {"target_group": GROUPS["green"], "service": "g"},
        "cluster": "shop",
    }
)


def forward(**weights: int) -> list[dict[str, Any]]:
    groups = [{"TargetGroupArn": GROUPS[side], "Weight": weight} for side, weight in weights.items()]
    return [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]


def standing(actions: list[dict[str, Any]], tags: dict[str, dict[str, str]], **rule: Any) -> Standing:
    condition = {"Field": rule.pop("field", "http-header")}
    rules = {
        RULE: {"RuleArn": RULE, "Actions": actions, "IsDefault": False, **rule},
        HEADER: {"RuleArn": HEADER, "Actions": forward(blue=1), "Conditions": [condition]},
    }
    return Standing.of("front", TARGET, rules, {"blue": {}, "green": {}, **tags})


def tagged(release: str, **more: str) -> dict[str, str]:
    return {"sendoff:release": release, **{f"sendoff:{key}": value for key, value in more.items()}}


@pytest.mark.parametrize(
    ("actions", "tags", "live", "canary"),
    [
        (forward(blue=1), {}, "blue", None),
        ([{"Type": "forward", "TargetGroupArn": GROUPS["green"]}], {}, "green", None),
        (forward(blue=0, green=7), {"blue": tagged("1")}, "green", None),
        (forward(blue=1, green=99), {"blue": tagged("1", live="blue"), "green": tagged("2")}, "blue", "2"),
        (forward(blue=1, green=99), {"blue": tagged("1", live="green"), "green": tagged("2")}, "green", "1"),
    ],
    ids=["one group", "no weights", "all on one", "more than half", "the other way"],
)
def test_who_is_live(
    actions: list[dict[str, Any]], tags: dict[str, dict[str, str]], live: str, canary: str | None
) -> None:
    """Who has all of it is live; where it is shared out, a tag says who was before that."""
    found = standing(actions, tags)
    assert (found.live, found.canary) == (live, canary)


@pytest.mark.parametrize(
    ("actions", "rule", "said"),
    [
        (forward(blue=0, green=0), {}, "neither side has traffic"),
        (forward(blue=1, green=1), {}, "Sendoff did not share it out"),
        ([{"Type": "authenticate-oidc"}, *forward(blue=1)], {}, "has the actions authenticate-oidc, forward"),
        ([{"Type": "forward", "TargetGroupArn": "arn:other"}], {}, "forwards to arn:other"),
        (forward(blue=1), {"IsDefault": True}, "is the default of its listener"),
        (forward(blue=1), {"field": "path-pattern"}, "has no condition on a header"),
    ],
    ids=["nowhere", "shared", "other actions", "elsewhere", "default", "no header"],
)
def test_what_may_not_be(actions: list[dict[str, Any]], rule: dict[str, Any], said: str) -> None:
    """A rule that does anything else is refused, with what to do."""
    with pytest.raises(PolicyRefused, match=said):
        standing(actions, {}, **rule)


def test_weights_in_a_tag() -> None:
    """What is written is read again."""
    assert written({"blue": 7, "green": 0}) == "blue=7 green=0"
    assert read("blue=7 green=0") == {"blue": 7, "green": 0}

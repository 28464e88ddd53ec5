"""The words that release files are written in: names, durations, versions, paths."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

NAME = r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$"
VERSION = r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$"
VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"
ADDRESS = r"^[A-Za-z0-9][A-Za-z0-9.:_-]*$"
SEGMENT = r"(/\.?[A-Za-z0-9_-][A-Za-z0-9._-]*)"
PLACEHOLDER = r"\{[A-Za-z_][A-Za-z0-9_]*\}"
ROOT = rf"^({PLACEHOLDER})?({SEGMENT}|/{PLACEHOLDER})+$"
ABSOLUTE = rf"^{SEGMENT}+$"
SHARE = r"^(100|[1-9][0-9]?)%$"
CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
CLOCK_OR_MIDNIGHT = r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"
MOMENT = r"^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]) ([01][0-9]|2[0-3]):[0-5][0-9]$"
BLOCK = r"^[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9-]*$"
BUCKET_NAME = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
BUCKET = rf"^{BUCKET_NAME}$"
KEY_PREFIX = r"([^\s/]+(/[^\s/]+)*)?"
PREFIX = rf"^{KEY_PREFIX}$"
S3_SERVER = r"https?://[^\s/@?#]+/?"
ENDPOINT = rf"^{S3_SERVER}$"
ACCOUNT = r"^[0-9]{12}$"
FUNCTION = r"^[A-Za-z0-9_-]{1,64}$"
ALIAS = r"^[0-9]{0,60}[A-Za-z_-][A-Za-z0-9_-]{0,60}$"
PARAMETER = r"^(/[A-Za-z0-9_.-]+){1,10}$"
RESOURCE = r"^[a-z0-9]{4,7}$"
ARN_AT = r"arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:[0-9]{12}"
RULE = rf"^{ARN_AT}:listener-rule/app/[A-Za-z0-9-]+(/[0-9a-f]+){{3}}$"
TARGET_GROUP = rf"^{ARN_AT}:targetgroup/[A-Za-z0-9-]{{1,32}}/[0-9a-f]+$"
CLUSTER = r"^[A-Za-z0-9_-]{1,255}$"
HEADER = r"^[A-Za-z0-9-]{1,60}$"
ONE_LINE = r"^[\x20-\x7e]+$"
STATISTIC = r"^(Average|Maximum|Minimum|SampleCount|Sum|IQM|(p|tm|wm|tc|ts)(100|[0-9]{1,2}(\.[0-9]{1,10})?))$"
API = r"^https?://(\[[0-9A-Fa-f:.]+\]|[^\s/@?#:\[\]]+)(:[0-9]{1,5})?(/[^\s?#]*)?$"
WEBHOOK = r"^https?://[^\s/@?#:]+(:[0-9]{1,5})?([/?][^\s#]*)?$"

EXPECTED = {
    NAME: "lower-case letters, digits and hyphens, at most 40",
    VERSION: "letters, digits and . _ + -, at most 64, such as 2.4.1",
    VARIABLE: "letters, digits and _, not starting with a digit",
    ADDRESS: "a host name or an IP address",
    ROOT: "an absolute path such as /srv/storefront or {disk}/storefront, of letters, digits and . _ - /, "
    "without . or ..",
    SHARE: "a number of hosts such as 2 or a share such as '25%'",
    CLOCK: "a time from '00:00' to '23:59', in quotes",
    CLOCK_OR_MIDNIGHT: "a time from '00:00' to '24:00', in quotes",
    MOMENT: "a day and a time such as '2026-12-20 00:00'",
    BLOCK: "the type and the name of a block, such as slack-webhook/team",
    BUCKET: "the name of a bucket: 3 to 63 lower-case letters, digits and . -",
    PREFIX: "names joined by /, such as sites/shop, without one at the start or the end",
    ENDPOINT: "the address of a server such as https://s3.example, without a user or a path in it",
    ACCOUNT: "the twelve digits of an AWS account, in quotes",
    FUNCTION: "the name of a function: letters, digits, - and _, at most 64",
    ALIAS: "the name of an alias: letters, digits, - and _, not digits alone",
    PARAMETER: "a path such as /shop/production/live, of letters, digits and . _ -, with / before each",
    RESOURCE: "the identifier that AppConfig shows, such as abc1234",
    RULE: "the ARN of a rule of an Application Load Balancer, which has :listener-rule/app/ in it",
    TARGET_GROUP: "the ARN of a target group, which has :targetgroup/ in it",
    CLUSTER: "a name as ECS shows it: letters, digits, - and _, at most 255",
    HEADER: "the name of a header: letters, digits and -",
    ONE_LINE: "what may stand in a header: plain characters on one line",
    STATISTIC: "a statistic of CloudWatch such as Average, Maximum or p90",
    API: "an address such as https://prometheus.example, without a user, a password or a query in it",
    WEBHOOK: "an address such as https://changes.example/sendoff, without a user or password in it",
}
"""What a pattern asks for, in words that a person can read."""

Name = Annotated[str, StringConstraints(pattern=NAME), Field(description=EXPECTED[NAME])]
Version = Annotated[str, StringConstraints(pattern=VERSION), Field(description=EXPECTED[VERSION])]
Variable = Annotated[str, StringConstraints(pattern=VARIABLE), Field(description=EXPECTED[VARIABLE])]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
Header = Annotated[str, StringConstraints(pattern=HEADER), Field(description=EXPECTED[HEADER])]

UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
DURATION = re.compile(r"^([0-9]{1,6})(ms|s|m|h|d)$")


def wrong(expected: str) -> PydanticCustomError:
    """Make the error of a value that is not what was expected."""
    return PydanticCustomError("expected", "{expected}", {"expected": expected})


def seconds(value: Any) -> Any:
    """Read `90s`, `5m`, `2h`, `1d`, `500ms` as seconds; numbers pass as seconds already."""
    if isinstance(value, str) and (match := DURATION.fullmatch(value)):
        return int(match[1]) * UNITS[match[2]]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong("a duration such as 500ms, 30s, 5m or 2h")
    return value


Duration = Annotated[
    float,
    BeforeValidator(seconds),
    Field(gt=0, le=30 * 86400),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": DURATION.pattern},
                {"type": "number", "exclusiveMinimum": 0, "maximum": 30 * 86400},
            ],
            "description": "a duration such as 500ms, 30s, 5m or 2h; a bare number is seconds",
        }
    ),
]


INNER = r"(?!\.{1,2}(/|$))[^/\x00-\x1f\x7f]+"
INNER_PATH = re.compile(rf"^{INNER}(/{INNER})*$")


def _stays_inside(path: str) -> str:
    if not INNER_PATH.fullmatch(path):
        raise wrong("a path inside the folder, such as dist/web, without a leading / and without . or ..")
    return path


InnerPath = Annotated[
    str,
    AfterValidator(_stays_inside),
    WithJsonSchema({"type": "string", "pattern": INNER_PATH.pattern}),
]

"""Where emulators differ from AWS, held to what they do today: a version that does otherwise fails here."""

from __future__ import annotations

import ast
import base64
import hashlib
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.kit.deviations import DEVIATIONS
from tests.kit.emulators import REGION, Emulator, Ministack, Moto
from tests.kit.packing import packed

pytestmark = [pytest.mark.aws, pytest.mark.xdist_group("aws"), pytest.mark.usefixtures("quick")]

ROOT = Path(__file__).parents[3]
STALE = "00000000-0000-0000-0000-000000000000"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
SOON = {"Delay": 1, "MaxAttempts": 30}


def test_each_has_its_test() -> None:
    """Each deviation names a test of this file, and each test is that of one; only it says which emulator."""
    tests = [one for one in ast.parse(Path(__file__).read_text()).body if isinstance(one, ast.FunctionDef)]
    given = {
        one.name: {argument.arg for argument in one.args.args} & {"moto", "ministack", "emulator"}
        for one in tests
        if one.name.startswith("test_")
    }
    about = {name: emulators for name, emulators in given.items() if emulators}
    named = {each.test: {"emulator" if each.emulator == "both" else each.emulator} for each in DEVIATIONS}
    assert about == named
    assert len(named) == len(DEVIATIONS)


def test_the_documentation_says_the_same() -> None:
    """Its table has the same rows in the same order."""
    text = (ROOT / "docs" / "emulators.md").read_text()
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \| (.+?) \| `(\w+)` \|$", text, re.MULTILINE)
    assert rows == [(each.area, each.emulator, each.aws, each.does, each.test) for each in DEVIATIONS]


@pytest.fixture(autouse=True)
def _forgotten(request: pytest.FixtureRequest) -> None:
    """Begin with nothing."""
    for name in {"moto", "ministack"} & set(request.fixturenames):
        request.getfixturevalue(name).reset()


def refused(call: Callable[[], object]) -> tuple[int, str]:
    """Give the status and the code of an error."""
    with pytest.raises(ClientError) as caught:
        call()
    answer = caught.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


# Lambda


def code(number: int) -> bytes:
    return packed({"app.py": f"def handler(event, context): return {number}"})


def digest(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


class Function:
    """A function of some code; its versions are made as asked."""

    def __init__(self, emulator: Emulator) -> None:
        self.client = emulator.client("lambda")
        emulator.client("iam").create_role(RoleName="any", AssumeRolePolicyDocument=json.dumps(TRUST))
        self.client.create_function(
            FunctionName="f",
            Runtime="python3.12",
            Role=f"arn:aws:iam::{emulator.account}:role/any",
            Handler="app.handler",
            Code={"ZipFile": code(1)},
        )
        self.settle()

    def settle(self) -> None:
        self.client.get_waiter("function_active_v2").wait(FunctionName="f", WaiterConfig=SOON)
        self.client.get_waiter("function_updated_v2").wait(FunctionName="f", WaiterConfig=SOON)

    def update(self, number: int, **how: Any) -> Any:
        answer = self.client.update_function_code(FunctionName="f", ZipFile=code(number), **how)
        self.settle()
        return answer

    def publish(self, **how: Any) -> str:
        return str(self.client.publish_version(FunctionName="f", **how)["Version"])

    def alias(self, version: str = "1", **how: Any) -> Any:
        return self.client.create_alias(FunctionName="f", Name="live", FunctionVersion=version, **how)

    def move(self, **how: Any) -> Any:
        return self.client.update_alias(FunctionName="f", Name="live", **how)

    def weigh(self, **weights: float) -> Any:
        named = {version.removeprefix("v"): weight for version, weight in weights.items()}
        return self.move(RoutingConfig={"AdditionalVersionWeights": named})

    @property
    def digest(self) -> str:
        return str(self.client.get_function_configuration(FunctionName="f")["CodeSha256"])


def two_versions(emulator: Emulator) -> Function:
    """Make a function with an alias on its first version, and a second one."""
    function = Function(emulator)
    function.publish()
    function.alias()
    function.update(2)
    assert function.publish() == "2"
    return function


def test_moto_alias_revision(moto: Moto) -> None:
    function = two_versions(moto)
    moved = function.move(FunctionVersion="2", RevisionId=STALE)
    assert moved["FunctionVersion"] == "2"
    assert function.move(FunctionVersion="1")["RevisionId"] == moved["RevisionId"]


def test_moto_function_revision(moto: Moto) -> None:
    function = Function(moto)
    assert "RevisionId" not in function.update(2, RevisionId=STALE)
    assert function.digest == digest(code(2))


def test_moto_runs_no_code(moto: Moto) -> None:
    Function(moto)
    answer = moto.client("lambda").invoke(FunctionName="f")
    assert answer["FunctionError"] == "Handled"
    assert answer["Payload"].read().startswith(b"error running docker")


def test_moto_numbers_again(moto: Moto) -> None:
    function = Function(moto)
    assert function.publish() == "1"
    function.client.delete_function(FunctionName="f", Qualifier="1")
    function.update(2)
    assert function.publish() == "1"


def test_moto_deletes_what_is_live(moto: Moto) -> None:
    function = two_versions(moto)
    function.client.delete_function(FunctionName="f", Qualifier="1")
    assert function.client.get_alias(FunctionName="f", Name="live")["FunctionVersion"] == "1"


def test_moto_alias_twice(moto: Moto) -> None:
    assert refused(two_versions(moto).alias) == (409, "ConflictException")


def test_publish_wrong_digest(emulator: Emulator) -> None:
    assert Function(emulator).publish(CodeSha256=digest(b"other")) == "1"


def test_publish_stale_revision(emulator: Emulator) -> None:
    assert Function(emulator).publish(RevisionId=STALE) == "1"


def test_publish_with_update(emulator: Emulator) -> None:
    function = Function(emulator)
    assert [function.update(2, Publish=True)["Version"] for _ in range(2)] == ["1", "2"]


def test_wrong_weights(emulator: Emulator) -> None:
    function = two_versions(emulator)
    for weights in ({"v2": 1.5}, {"v2": 0.1, "v1": 0.1}, {"v77": 0.1}):
        kept = function.weigh(**weights)["RoutingConfig"]["AdditionalVersionWeights"]
        assert kept == {version[1:]: weight for version, weight in weights.items()}


def test_weights_move_nobody(emulator: Emulator) -> None:
    function = two_versions(emulator)
    function.weigh(v2=0.9)
    answers = (function.client.invoke(FunctionName="f", Qualifier="live") for _ in range(10))
    expected = {"ministack": {"1"}, "moto": {None}}[emulator.name]
    assert {answer.get("ExecutedVersion") for answer in answers} == expected


def test_ministack_dry_run(ministack: Ministack) -> None:
    function = Function(ministack)
    function.update(2, DryRun=True)
    assert function.digest == digest(code(2))


def test_ministack_publishes_in_progress(ministack: Ministack) -> None:
    function = Function(ministack)
    answer = function.client.update_function_code(FunctionName="f", ZipFile=code(2))
    assert answer["LastUpdateStatus"] == "InProgress"
    assert function.publish() == "1"


def test_ministack_alias_to_nothing(ministack: Ministack) -> None:
    assert Function(ministack).alias("77")["FunctionVersion"] == "77"


def test_ministack_any_role(ministack: Ministack) -> None:
    function = Function(ministack)
    nobody = f"arn:aws:iam::{ministack.account}:role/nobody"
    kept = function.client.update_function_configuration(FunctionName="f", Role=nobody)
    assert kept["Role"] == nobody


# Elastic Load Balancing


class Balancer:
    """A load balancer with two target groups, a listener, and a rule that sends all to the first of them."""

    def __init__(self, emulator: Emulator) -> None:
        machines, self.client = emulator.client("ec2"), emulator.client("elbv2")
        vpc = machines.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            machines.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=f"{REGION}{zone}")["Subnet"]
            for block, zone in (("10.0.1.0/24", "a"), ("10.0.2.0/24", "b"))
        ]
        made = self.client.create_load_balancer(Name="lb", Subnets=[each["SubnetId"] for each in subnets])
        self.groups = [
            self.client.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip")[
                "TargetGroups"
            ][0]["TargetGroupArn"]
            for name in ("blue", "green")
        ]
        self.listener = self.client.create_listener(
            LoadBalancerArn=made["LoadBalancers"][0]["LoadBalancerArn"],
            Protocol="HTTP",
            Port=80,
            DefaultActions=self.actions(1, 0),
        )["Listeners"][0]["ListenerArn"]
        self.rule = self.make_rule()

    def actions(self, *weights: int) -> list[dict[str, Any]]:
        groups = [
            {"TargetGroupArn": group, "Weight": weight}
            for group, weight in zip(self.groups, weights, strict=True)
        ]
        return [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]

    def make_rule(self) -> str:
        made = self.client.create_rule(
            ListenerArn=self.listener,
            Priority=10,
            Conditions=[{"Field": "path-pattern", "Values": ["/app"]}],
            Actions=self.actions(1, 0),
        )
        return str(made["Rules"][0]["RuleArn"])

    def weigh(self, rule: str, *weights: int) -> list[int]:
        """Set the weights of a rule, and read them back."""
        self.client.modify_rule(RuleArn=rule, Actions=self.actions(*weights))
        (found,) = self.client.describe_rules(RuleArns=[rule])["Rules"]
        groups = found["Actions"][0].get("ForwardConfig", {}).get("TargetGroups", [])
        return [group["Weight"] for group in groups]

    def health(self, *addresses: str) -> list[str]:
        found = self.client.describe_target_health(
            TargetGroupArn=self.groups[0], Targets=[{"Id": each, "Port": 80} for each in addresses]
        )
        return [each["TargetHealth"]["State"] for each in found["TargetHealthDescriptions"]]


def test_moto_weight_too_large(moto: Moto) -> None:
    balancer = Balancer(moto)
    assert balancer.weigh(balancer.rule, 1500, 0) == [1500, 0]


def test_moto_default_rule(moto: Moto) -> None:
    balancer = Balancer(moto)
    rules = balancer.client.describe_rules(ListenerArn=balancer.listener)["Rules"]
    (default,) = (rule["RuleArn"] for rule in rules if rule["IsDefault"])
    changed = balancer.client.modify_rule(RuleArn=default, Actions=balancer.actions(3, 4))["Rules"][0]
    assert [group["Weight"] for group in changed["Actions"][0]["ForwardConfig"]["TargetGroups"]] == [3, 4]


def test_moto_target_not_registered(moto: Moto) -> None:
    assert Balancer(moto).health("10.0.1.9") == ["unavailable"]


def test_targets_always_healthy(emulator: Emulator) -> None:
    balancer = Balancer(emulator)
    balancer.client.register_targets(
        TargetGroupArn=balancer.groups[0], Targets=[{"Id": "10.0.1.9", "Port": 80}]
    )
    assert balancer.health("10.0.1.9") == ["healthy"]


def test_ministack_drops_weights(ministack: Ministack) -> None:
    balancer = Balancer(ministack)
    assert balancer.weigh(balancer.rule, 1, 1) == []


def test_ministack_priority_twice(ministack: Ministack) -> None:
    balancer = Balancer(ministack)
    assert balancer.make_rule() != balancer.rule


def test_ministack_deletes_target_group(ministack: Ministack) -> None:
    balancer = Balancer(ministack)
    for group in balancer.groups:
        balancer.client.delete_target_group(TargetGroupArn=group)
    assert balancer.client.describe_target_groups()["TargetGroups"] == []


# Elastic Container Service


class Service:
    """A service of one task on the first of two revisions, which rolls back by itself."""

    def __init__(self, emulator: Emulator) -> None:
        self.client = emulator.client("ecs")
        self.client.create_cluster(clusterName="c")
        self.first, self.second = (self.register(image) for image in ("web:1", "web:2"))
        self.create(desiredCount=1)

    def register(self, image: str) -> str:
        containers = [{"name": "web", "image": image, "memory": 128}]
        made = self.client.register_task_definition(family="web", containerDefinitions=containers)
        return str(made["taskDefinition"]["taskDefinitionArn"])

    def create(self, **how: Any) -> Any:
        breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
        return self.client.create_service(
            cluster="c", serviceName="s", taskDefinition=self.first, deploymentConfiguration=breaker, **how
        )["service"]

    def update(self, definition: str) -> Any:
        self.client.update_service(cluster="c", service="s", taskDefinition=definition)
        return self.found

    @property
    def found(self) -> Any:
        return self.client.describe_services(cluster="c", services=["s"])["services"][0]


def rollouts(service: Any) -> list[tuple[str, str, str, int]]:
    return [
        (
            each["status"],
            each["taskDefinition"].rpartition("/")[2],
            each["rolloutState"],
            each["runningCount"],
        )
        for each in service["deployments"]
    ]


def test_moto_rollout_never_ends(moto: Moto) -> None:
    service = Service(moto)
    assert [rollouts(service.found) for _ in range(5)] == [[("PRIMARY", "web:1", "IN_PROGRESS", 0)]] * 5


def test_moto_update_leaves_deployments(moto: Moto) -> None:
    service = Service(moto)
    found = service.update(service.second)
    assert found["taskDefinition"] == service.second
    assert rollouts(found) == [("PRIMARY", "web:1", "IN_PROGRESS", 0)]


def test_moto_service_twice(moto: Moto) -> None:
    assert Service(moto).create(desiredCount=2)["desiredCount"] == 2


def test_moto_drops_circuit_breaker(moto: Moto) -> None:
    assert "deploymentConfiguration" not in Service(moto).found


def test_moto_sorts_upwards(moto: Moto) -> None:
    service = Service(moto)
    found = service.client.list_task_definitions(familyPrefix="web", sort="DESC")["taskDefinitionArns"]
    assert found == [service.first, service.second]


def test_inactive_task_definition(emulator: Emulator) -> None:
    service = Service(emulator)
    service.client.deregister_task_definition(taskDefinition=service.second)
    assert service.update(service.second)["taskDefinition"] == service.second


def test_ministack_rollout_at_once(ministack: Ministack) -> None:
    service = Service(ministack)
    assert rollouts(service.update(service.second)) == [("PRIMARY", "web:2", "COMPLETED", 1)]


def test_ministack_missing_task_definition(ministack: Ministack) -> None:
    found = Service(ministack).update("web:99")
    assert [each[:3] for each in rollouts(found)] == [
        ("PRIMARY", "web:99", "IN_PROGRESS"),
        ("ACTIVE", "web:1", "COMPLETED"),
    ]


def test_ministack_no_task_sets(ministack: Ministack) -> None:
    service = Service(ministack)
    asked = {"cluster": "c", "service": "s", "taskDefinition": service.second}
    assert refused(lambda: service.client.create_task_set(**asked)) == (400, "InvalidAction")


def test_ministack_no_service_deployments(ministack: Ministack) -> None:
    service = Service(ministack)
    service.update(service.second)
    assert service.client.list_service_deployments(cluster="c", service="s")["serviceDeployments"] == []


# Parameter Store


def put(emulator: Emulator, value: str, **how: Any) -> Any:
    return emulator.client("ssm").put_parameter(Name="/live", Value=value, **{"Type": "String", **how})


def test_moto_nobody_changed_it(moto: Moto) -> None:
    put(moto, "1")
    (found,) = moto.client("ssm").get_parameter_history(Name="/live")["Parameters"]
    assert found["LastModifiedUser"] == "N/A"


def test_parameter_too_long(emulator: Emulator) -> None:
    assert put(emulator, "x" * 4097)["Tier"] == "Standard"


def test_parameter_pattern(emulator: Emulator) -> None:
    assert put(emulator, "none", AllowedPattern="^[0-9]+$")["Version"] == 1


def test_parameter_type(emulator: Emulator) -> None:
    put(emulator, "1")
    put(emulator, "1,2", Type="StringList", Overwrite=True)
    assert emulator.client("ssm").get_parameter(Name="/live")["Parameter"]["Type"] == "StringList"


def test_ministack_empty_parameter(ministack: Ministack) -> None:
    put(ministack, "")
    assert ministack.client("ssm").get_parameter(Name="/live")["Parameter"]["Value"] == ""


def test_ministack_history(ministack: Ministack) -> None:
    for number in range(101):
        put(ministack, str(number), Overwrite=True)
    pages = ministack.client("ssm").get_paginator("get_parameter_history").paginate(Name="/live")
    assert [each["Version"] for page in pages for each in page["Parameters"]] == list(range(1, 102))


# AppConfig


class Flags:
    """A profile with one hosted version."""

    def __init__(self, emulator: Emulator) -> None:
        self.client = emulator.client("appconfig")
        self.application = self.client.create_application(Name="app")["Id"]
        self.profile = self.client.create_configuration_profile(
            ApplicationId=self.application, Name="flags", LocationUri="hosted"
        )["Id"]
        self.host()

    @property
    def place(self) -> dict[str, str]:
        return {"ApplicationId": self.application, "ConfigurationProfileId": self.profile}

    def host(self, **how: Any) -> Any:
        return self.client.create_hosted_configuration_version(
            **self.place, Content=b"{}", ContentType="application/json", **how
        )


def test_moto_no_environments(moto: Moto) -> None:
    flags = Flags(moto)
    asked = {"ApplicationId": flags.application, "Name": "production"}
    assert refused(lambda: flags.client.create_environment(**asked)) == (404, "404")
    assert refused(flags.client.list_deployment_strategies) == (404, "404")


def test_moto_lists_no_versions(moto: Moto) -> None:
    flags = Flags(moto)
    assert refused(lambda: flags.client.list_hosted_configuration_versions(**flags.place)) == (500, "500")


def test_stale_version_number(emulator: Emulator) -> None:
    flags = Flags(emulator)
    assert [flags.host(LatestVersionNumber=1)["VersionNumber"] for _ in range(2)] == [2, 3]


def test_version_label_twice(emulator: Emulator) -> None:
    flags = Flags(emulator)
    made = [flags.host(VersionLabel="1.0") for _ in range(2)]
    assert [(each["VersionNumber"], each["VersionLabel"]) for each in made] == [(2, "1.0"), (3, "1.0")]


def test_ministack_drops_description(ministack: Ministack) -> None:
    flags = Flags(ministack)
    flags.host(Description="why")
    assert "Description" not in flags.client.get_hosted_configuration_version(**flags.place, VersionNumber=2)


def test_ministack_deploys_nothing(ministack: Ministack) -> None:
    flags = Flags(ministack)
    place = flags.client.create_environment(ApplicationId=flags.application, Name="production")
    began = flags.client.start_deployment(
        **flags.place,
        EnvironmentId=place["Id"],
        DeploymentStrategyId="AppConfig.AllAtOnce",
        ConfigurationVersion="99",
    )
    assert began["ConfigurationVersion"] == "99"


# CloudWatch


class Metric:
    """The numbers 1 to 20, all of one minute."""

    def __init__(self, emulator: Emulator) -> None:
        self.client = emulator.client("cloudwatch")
        self.minute = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=5)
        self.client.put_metric_data(
            Namespace="Own",
            MetricData=[
                {"MetricName": "took", "Timestamp": self.minute, "Value": value, "Unit": "Milliseconds"}
                for value in map(float, range(1, 21))
            ],
        )

    def query(self, statistic: str, **how: Any) -> dict[str, Any]:
        metric = {"Namespace": "Own", "MetricName": "took"}
        return {"Id": "q", "MetricStat": {"Metric": metric, "Period": 60, "Stat": statistic, **how}}

    def ask(self, *queries: dict[str, Any]) -> dict[str, list[float]]:
        around = timedelta(minutes=2)
        found = self.client.get_metric_data(
            MetricDataQueries=queries, StartTime=self.minute - around, EndTime=self.minute + around
        )
        return {each["Id"]: each["Values"] for each in found["MetricDataResults"]}

    def alarm(self) -> None:
        """Have an alarm on what has just been far too much."""
        self.client.put_metric_alarm(
            AlarmName="slow",
            Namespace="Own",
            MetricName="took",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1.0,
            ComparisonOperator="GreaterThanThreshold",
            Statistic="Maximum",
        )
        self.client.put_metric_data(Namespace="Own", MetricData=[{"MetricName": "took", "Value": 99.0}])


def test_moto_no_percentiles(moto: Moto) -> None:
    metric = Metric(moto)
    assert metric.ask(metric.query("Average")) == {"q": [10.5]}
    assert refused(lambda: metric.ask(metric.query("p99"))) == (500, "500")


def test_moto_alarms(moto: Moto) -> None:
    metric = Metric(moto)
    metric.alarm()
    (alarm,) = metric.client.describe_alarms(AlarmNames=["slow"])["MetricAlarms"]
    assert (alarm["StateValue"], alarm["StateReason"]) == ("OK", "Unchecked: Initial alarm creation")


def test_moto_no_history(moto: Moto) -> None:
    metric = Metric(moto)
    metric.alarm()
    assert refused(lambda: metric.client.describe_alarm_history(AlarmName="slow")) == (500, "500")


def test_metric_math(emulator: Emulator) -> None:
    metric = Metric(emulator)
    queries = [
        {**metric.query(statistic), "Id": name} for name, statistic in (("a", "Sum"), ("b", "SampleCount"))
    ]
    found = metric.ask(*queries, {"Id": "mean", "Expression": "a / b"})
    assert found == {"a": [210.0], "b": [20.0], "mean": []}


def test_ministack_ignores_unit(ministack: Ministack) -> None:
    metric = Metric(ministack)
    assert metric.ask(metric.query("Average", Unit="Seconds")) == {"q": [10.5]}


def test_ministack_trimmed_mean(ministack: Ministack) -> None:
    metric = Metric(ministack)
    metric.client.put_metric_data(
        Namespace="Own", MetricData=[{"MetricName": "took", "Timestamp": metric.minute, "Value": 2100.0}]
    )
    assert metric.ask(metric.query("tm90")) == {"q": [110.0]}


# Security Token Service


def test_role_that_is_not_there(emulator: Emulator) -> None:
    role = f"arn:aws:iam::{emulator.account}:role/nobody"
    taken = emulator.client("sts").assume_role(RoleArn=role, RoleSessionName="tests")
    assert taken["AssumedRoleUser"]["Arn"].endswith("assumed-role/nobody/tests")


def test_wrong_secret(emulator: Emulator) -> None:
    key = emulator.client("iam")
    key.create_user(UserName="somebody")
    name = key.create_access_key(UserName="somebody")["AccessKey"]["AccessKeyId"]
    session = boto3.session.Session(name, "wrong", region_name=REGION)
    found = session.client("sts", endpoint_url=emulator.endpoint).get_caller_identity()
    assert found["Account"] == emulator.account

"""Where emulators of AWS are known to differ from AWS; a test holds each to what it does today."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Deviation:
    """In an area: what AWS is documented to do, what an emulator (or both) does, and the test of that."""

    area: str
    emulator: str
    aws: str
    does: str
    test: str


DEVIATIONS = (
    Deviation(
        "Lambda",
        "moto",
        "refuses a stale `RevisionId` of an alias (412), and changes it with each update",
        "accepts it, and never changes it",
        "test_moto_alias_revision",
    ),
    Deviation(
        "Lambda",
        "moto",
        "refuses a stale `RevisionId` of a function (412)",
        "accepts it, and gives functions none",
        "test_moto_function_revision",
    ),
    Deviation(
        "Lambda",
        "moto",
        "runs the code that is called",
        "answers that Docker is missing, as an error of the function",
        "test_moto_runs_no_code",
    ),
    Deviation(
        "Lambda",
        "moto",
        "never gives a version's number again",
        "gives it again once all versions are deleted",
        "test_moto_numbers_again",
    ),
    Deviation(
        "Lambda",
        "moto",
        "keeps a version that an alias names (409)",
        "deletes it",
        "test_moto_deletes_what_is_live",
    ),
    Deviation(
        "Lambda",
        "moto",
        "says `ResourceConflictException` of an alias that is there",
        "says `ConflictException`",
        "test_moto_alias_twice",
    ),
    Deviation(
        "Lambda",
        "both",
        "publishes nothing when `CodeSha256` is wrong",
        "publishes",
        "test_publish_wrong_digest",
    ),
    Deviation(
        "Lambda",
        "both",
        "publishes nothing when `RevisionId` is stale (412)",
        "publishes",
        "test_publish_stale_revision",
    ),
    Deviation(
        "Lambda",
        "both",
        "publishes unchanged code once, also with `Publish=True`",
        "makes a version each time",
        "test_publish_with_update",
    ),
    Deviation(
        "Lambda",
        "both",
        "takes weights from 0 to 1, of one more version that exists",
        "takes 1.5, two versions, and one that does not exist",
        "test_wrong_weights",
    ),
    Deviation(
        "Lambda",
        "both",
        "sends that share of calls to the other version",
        "sends none",
        "test_weights_move_nobody",
    ),
    Deviation(
        "Lambda", "ministack", "changes nothing with `DryRun`", "changes the code", "test_ministack_dry_run"
    ),
    Deviation(
        "Lambda",
        "ministack",
        "refuses to publish while an update is in progress (409)",
        "publishes",
        "test_ministack_publishes_in_progress",
    ),
    Deviation(
        "Lambda",
        "ministack",
        "refuses an alias to a version that does not exist",
        "makes it",
        "test_ministack_alias_to_nothing",
    ),
    Deviation(
        "Lambda",
        "ministack",
        "refuses a role that it cannot take on",
        "accepts any",
        "test_ministack_any_role",
    ),
    Deviation("ELBv2", "moto", "takes weights up to 999", "takes 1500", "test_moto_weight_too_large"),
    Deviation(
        "ELBv2",
        "moto",
        "lets only the listener change its default rule",
        "lets anybody",
        "test_moto_default_rule",
    ),
    Deviation(
        "ELBv2",
        "moto",
        "says `unused` of a target that is not registered",
        "says `unavailable`",
        "test_moto_target_not_registered",
    ),
    Deviation(
        "ELBv2",
        "both",
        "asks targets whether they are healthy",
        "says that all are",
        "test_targets_always_healthy",
    ),
    Deviation(
        "ELBv2",
        "ministack",
        "keeps the weights of a rule",
        "drops `ForwardConfig`",
        "test_ministack_drops_weights",
    ),
    Deviation(
        "ELBv2", "ministack", "refuses a priority that is in use", "takes it", "test_ministack_priority_twice"
    ),
    Deviation(
        "ELBv2",
        "ministack",
        "keeps a target group that is in use",
        "deletes it",
        "test_ministack_deletes_target_group",
    ),
    Deviation(
        "ECS",
        "moto",
        "ends a rollout",
        "leaves it `IN_PROGRESS`, with no task running",
        "test_moto_rollout_never_ends",
    ),
    Deviation(
        "ECS",
        "moto",
        "begins a deployment when the task definition changes",
        "changes the service, and leaves its deployments",
        "test_moto_update_leaves_deployments",
    ),
    Deviation(
        "ECS",
        "moto",
        "refuses to make a service again that is otherwise",
        "overwrites it",
        "test_moto_service_twice",
    ),
    Deviation(
        "ECS",
        "moto",
        "keeps how a service is deployed",
        "drops `deploymentConfiguration`",
        "test_moto_drops_circuit_breaker",
    ),
    Deviation("ECS", "moto", "sorts revisions as asked", "sorts them upwards", "test_moto_sorts_upwards"),
    Deviation(
        "ECS",
        "both",
        "refuses a task definition that was taken back",
        "runs it",
        "test_inactive_task_definition",
    ),
    Deviation(
        "ECS", "ministack", "takes its time to roll out", "is done at once", "test_ministack_rollout_at_once"
    ),
    Deviation(
        "ECS",
        "ministack",
        "refuses a task definition that does not exist",
        "begins a rollout that never ends",
        "test_ministack_missing_task_definition",
    ),
    Deviation("ECS", "ministack", "has task sets", "does not know the call", "test_ministack_no_task_sets"),
    Deviation(
        "ECS",
        "ministack",
        "lists the deployments of a service",
        "lists none",
        "test_ministack_no_service_deployments",
    ),
    Deviation(
        "Parameter Store", "moto", "says who changed a value", "says `N/A`", "test_moto_nobody_changed_it"
    ),
    Deviation(
        "Parameter Store",
        "both",
        "refuses more than 4096 characters in the standard tier",
        "takes them",
        "test_parameter_too_long",
    ),
    Deviation(
        "Parameter Store",
        "both",
        "refuses a value outside `AllowedPattern`",
        "takes it",
        "test_parameter_pattern",
    ),
    Deviation(
        "Parameter Store", "both", "refuses another type for a parameter", "takes it", "test_parameter_type"
    ),
    Deviation(
        "Parameter Store", "ministack", "refuses an empty value", "takes it", "test_ministack_empty_parameter"
    ),
    Deviation("Parameter Store", "ministack", "keeps 100 versions", "keeps all", "test_ministack_history"),
    Deviation(
        "AppConfig",
        "moto",
        "has environments, strategies and deployments",
        "answers 404 with a page",
        "test_moto_no_environments",
    ),
    Deviation(
        "AppConfig", "moto", "lists hosted versions", "answers 500 with a page", "test_moto_lists_no_versions"
    ),
    Deviation(
        "AppConfig",
        "both",
        "refuses a stale `LatestVersionNumber` (409)",
        "makes a version",
        "test_stale_version_number",
    ),
    Deviation(
        "AppConfig", "both", "refuses a `VersionLabel` that is in use", "takes it", "test_version_label_twice"
    ),
    Deviation(
        "AppConfig",
        "ministack",
        "keeps the description of a hosted version",
        "drops it",
        "test_ministack_drops_description",
    ),
    Deviation(
        "AppConfig",
        "ministack",
        "refuses to deploy a version that does not exist",
        "deploys it",
        "test_ministack_deploys_nothing",
    ),
    Deviation(
        "CloudWatch", "moto", "gives percentiles", "answers 500 with a page", "test_moto_no_percentiles"
    ),
    Deviation("CloudWatch", "moto", "evaluates alarms", "leaves them `OK`", "test_moto_alarms"),
    Deviation(
        "CloudWatch",
        "moto",
        "gives the history of an alarm",
        "answers 500 with a page",
        "test_moto_no_history",
    ),
    Deviation("CloudWatch", "both", "computes metric math", "gives no values", "test_metric_math"),
    Deviation(
        "CloudWatch",
        "ministack",
        "gives no values in another unit",
        "ignores the unit",
        "test_ministack_ignores_unit",
    ),
    Deviation(
        "CloudWatch",
        "ministack",
        "leaves the ends out of a trimmed mean",
        "gives the mean of all",
        "test_ministack_trimmed_mean",
    ),
    Deviation(
        "STS", "both", "refuses a role that does not exist", "takes it on", "test_role_that_is_not_there"
    ),
    Deviation("STS", "both", "refuses a wrong secret", "answers", "test_wrong_secret"),
)

"""What Sendoff can do with each kind of target, and by what that was shown."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Evidence(StrEnum):
    """What a capability was tried on; in falling order of what that says of your servers."""

    REAL = "real server"
    EMULATOR = "emulator"
    RECORDED = "recorded shape only"


class Capability(NamedTuple):
    """Something that can be done. `on`: what it was tried on; `proof`: the test that shows it."""

    kind: str
    what: str
    evidence: Evidence
    on: str
    proof: str


TESTS = "tests/sendoff"
AWS = "answers as AWS documents them"

SHOWN: tuple[tuple[str, Evidence, str, str, dict[str, str]], ...] = (
    (
        "ssh",
        Evidence.REAL,
        "OpenSSH",
        "targets/test_ssh_contract.py",
        {
            "deploy without traffic, every hash checked": "test_a_release_arrives_whole",
            "link what is there already": "test_what_is_there_is_linked",
            "go live and undo, never a moment without a release": "test_never_a_moment_without_current",
            "do it again without a second effect": "test_a_second_time_is_a_no_op",
            "go on after a kill": "test_killed_midway_then_again",
            "refuse who was believed dead": "test_a_smaller_number_changes_nothing",
            "run commands, and those that change a host once": "test_a_command_ends_well_only_once",
            "remove and prune": "test_pruning",
            "sign in through a jump host": "test_through_a_jump_host",
            "refuse hosts whose key is not known": "test_an_unknown_host",
        },
    ),
    (
        "s3-site",
        Evidence.REAL,
        "SeaweedFS",
        "targets/test_s3_site_contract.py",
        {
            "deploy without visitors, every checksum compared by the server": "test_dark_after_deploy",
            "not send again what is there already": "test_what_is_there_is_not_sent",
            "go live and undo by one conditional write": "test_live_after_switch_and_undo",
            "let one of two writers win": "test_two_writers",
            "do it again without a second effect": "test_a_second_time_is_a_no_op",
            "refuse who was believed dead": "test_a_smaller_number_is_refused",
            "remove and prune": "test_prune",
        },
    ),
    (
        "s3-site",
        Evidence.REAL,
        "SeaweedFS",
        "targets/test_s3_site_shared.py",
        {
            "keep each file once for all releases": "test_each_file_once",
            "change between folders and shared files": "test_the_layout_was_changed",
            "keep what a removal that was believed dead would take": "test_a_removal_that_was_asleep",
        },
    ),
    (
        "s3-site",
        Evidence.REAL,
        "SeaweedFS",
        "targets/test_s3_site_faults.py",
        {
            "go on after a kill at any request": "test_killed_at_each_request",
            "bear requests that are throttled, fail, or are lost or late": "test_each_request_fails",
        },
    ),
    (
        "s3-site",
        Evidence.RECORDED,
        AWS,
        "objects/s3/test_client.py",
        {"take on a role, with an external ID": "test_a_role"},
    ),
    (
        "s3-site",
        Evidence.RECORDED,
        AWS,
        "targets/test_aws.py",
        {"see that account, region and credentials are right": "test_a_key_lasts"},
    ),
    (
        "s3-site",
        Evidence.RECORDED,
        AWS,
        "targets/test_s3_site_contract.py",
        {
            "see whose bucket it is": "test_whose_bucket_it_is",
            "see, before anything is changed, whether we may change it": "test_who_may_not_write",
        },
    ),
    (
        "lambda",
        Evidence.EMULATOR,
        "ministack",
        "targets/test_function_contract.py",
        {
            "deploy a version without traffic": "test_dark_after_deploy",
            "make each release a version of its own, once": "test_each_release_is_a_version",
            "invoke a version before it is live": "test_invoked_before_it_is_live",
            "give a release a part of the traffic, in steps": "test_a_canary_in_steps",
            "go live and undo by one conditional write": "test_live_after_switch_and_undo",
            "let one of two writers win": "test_two_writers",
            "do it again without a second effect": "test_a_second_time_is_a_no_op",
            "refuse who was believed dead": "test_a_smaller_number_is_refused",
            "remove and prune": "test_prune",
            "leave what another alias uses": "test_another_alias_uses_it",
        },
    ),
    (
        "lambda",
        Evidence.EMULATOR,
        "ministack",
        "targets/test_function_faults.py",
        {
            "go on after a kill at any request": "test_killed_at_each_request",
            "bear requests that are throttled, fail, or are lost or late": "test_each_request_fails",
        },
    ),
    (
        "lambda",
        Evidence.RECORDED,
        AWS,
        "targets/test_function_contract.py",
        {"see, before anything is changed, whether we may change it": "test_who_may_not_write"},
    ),
    (
        "parameter",
        Evidence.EMULATOR,
        "moto, ministack",
        "targets/test_parameter_contract.py",
        {
            "deploy without touching the live value": "test_dark_after_deploy",
            "go live and undo by one write of value and note": "test_live_after_switch_and_undo",
            "bring back what was there before Sendoff": "test_what_was_there_before_comes_back",
            "put back what a writer believed dead wrote over": "test_a_writer_that_was_asleep",
            "do it again without a second effect": "test_a_second_time_is_a_no_op",
            "refuse who was believed dead": "test_a_smaller_number_is_refused",
            "remove and prune": "test_remove_and_prune",
        },
    ),
    (
        "parameter",
        Evidence.EMULATOR,
        "ministack",
        "targets/test_parameter_faults.py",
        {
            "go on after a kill at any request": "test_killed_at_each_request",
            "bear requests that are throttled, fail, or are lost or late": "test_each_request_fails",
        },
    ),
    (
        "parameter",
        Evidence.RECORDED,
        AWS,
        "targets/test_parameter_contract.py",
        {"see, before anything is changed, whether we may change it": "test_who_may_not_write"},
    ),
    (
        "appconfig",
        Evidence.EMULATOR,
        "ministack",
        "targets/test_configuration_contract.py",
        {
            "deploy without readers": "test_dark_after_deploy",
            "go live and undo by deployments": "test_live_after_switch_and_undo",
            "undo what is half-way there": "test_undone_half_way",
            "bring back what was there before Sendoff": "test_what_was_there_before_comes_back",
            "let one of two writers win": "test_a_writer_that_was_asleep",
            "do it again without a second effect": "test_a_second_time_is_a_no_op",
            "refuse who was believed dead": "test_a_smaller_number_is_refused",
            "fail when AppConfig rolls back": "test_rolled_back",
            "remove and prune": "test_remove_and_prune",
        },
    ),
    (
        "appconfig",
        Evidence.EMULATOR,
        "ministack",
        "targets/test_configuration_faults.py",
        {
            "go on after a kill at any request": "test_killed_at_each_request",
            "bear requests that are throttled, fail, or are lost or late": "test_each_request_fails",
        },
    ),
    (
        "appconfig",
        Evidence.RECORDED,
        AWS,
        "targets/test_configuration_contract.py",
        {
            "keep apart two who make versions at once": "test_versions_of_others_meanwhile",
            "see, before anything is changed, whether we may change it": "test_who_may_not_deploy",
        },
    ),
    (
        "alb",
        Evidence.EMULATOR,
        "moto",
        "targets/test_load_balancer_contract.py",
        {
            "deploy to the side without traffic, at weight 0": "test_dark_after_deploy",
            "have checks reach the dark side by a header": "test_the_header_leads_to_the_dark_side",
            "go live and undo by one request": "test_live_after_switch_and_undo",
            "undo the first release to the weights before": "test_back_to_what_was_there_before",
            "move traffic in steps": "test_shift_in_steps",
            "keep visitors where they are kept": "test_what_keeps_visitors_stays",
            "find out that somebody else moved traffic": "test_two_writers",
            "do it again without a second effect": "test_a_second_time_is_a_no_op",
            "refuse who was believed dead": "test_a_smaller_number_is_refused",
            "refuse a side without a healthy target": "test_no_healthy_target",
        },
    ),
    (
        "alb",
        Evidence.REAL,
        "OpenSSH",
        "targets/test_load_balancer_contract.py",
        {
            "release to the hosts behind it, with commands around": "test_commands_around",
            "refuse a side whose hosts run something else": "test_another_release_runs_there",
            "prune the hosts behind it": "test_prune",
        },
    ),
    (
        "alb",
        Evidence.EMULATOR,
        "ministack",
        "targets/test_load_balancer_contract.py",
        {
            "refuse images that are not named by digest": "test_a_wrong_task_definition",
            "tell a service that went back from one that is stable": "test_gone_back_by_the_circuit_breaker",
        },
    ),
    (
        "alb",
        Evidence.EMULATOR,
        "moto, ministack and OpenSSH",
        "targets/test_load_balancer_faults.py",
        {
            "go on after a kill at any request": "test_killed_at_each_request",
            "bear requests that are throttled, fail, or are lost or late": "test_each_request_fails",
        },
    ),
    (
        "alb",
        Evidence.RECORDED,
        AWS,
        "targets/load_balancer/test_rollout.py",
        {"read what a circuit breaker leaves": "test_rollout"},
    ),
    (
        "alb",
        Evidence.RECORDED,
        AWS,
        "targets/load_balancer/test_health.py",
        {"read why targets are not healthy": "test_unhealthy"},
    ),
    (
        "alb",
        Evidence.RECORDED,
        AWS,
        "targets/test_load_balancer_contract.py",
        {"see, before anything is changed, whether we may change it": "test_who_may_not_move_traffic"},
    ),
    (
        "canary",
        Evidence.REAL,
        "Prometheus",
        "canary/test_measure.py",
        {
            "compare failures": "test_failures",
            "compare values over time": "test_values",
            "say that there is not enough data": "test_no_such_variant",
        },
    ),
    (
        "canary",
        Evidence.EMULATOR,
        "moto, ministack",
        "canary/test_measure.py",
        {"compare by metrics of CloudWatch": "test_cloudwatch"},
    ),
    (
        "canary",
        Evidence.RECORDED,
        AWS,
        "canary/test_cloudwatch.py",
        {"read answers of CloudWatch in pages, and see those that are not whole": "test_pages"},
    ),
)

CAPABILITIES = tuple(
    Capability(kind, what, evidence, on, f"{TESTS}/{file}::{test}")
    for kind, evidence, on, file, shown in SHOWN
    for what, test in shown.items()
)
"""Nothing is here that no test shows. Nothing has run against AWS itself."""

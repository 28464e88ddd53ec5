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
        {"see whose bucket it is": "test_whose_bucket_it_is"},
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
)

CAPABILITIES = tuple(
    Capability(kind, what, evidence, on, f"{TESTS}/{file}::{test}")
    for kind, evidence, on, file, shown in SHOWN
    for what, test in shown.items()
)
"""Nothing is here that no test shows. Nothing has run against AWS itself."""

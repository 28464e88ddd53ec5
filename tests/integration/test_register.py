"""What registration leaves on the server, and what the nightly schedule does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from prefect.client.schemas.actions import BlockDocumentUpdate, DeploymentScheduleUpdate, DeploymentUpdate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.schedules import CronSchedule

from sendoff.settings import Settings

Stack = Any  # the classes stand in conftest.py, which tests do not import
Root = Any
NIGHTLY = "release/nightly-storefront-staging"

pytestmark = [pytest.mark.prefect, pytest.mark.xdist_group("prefect"), pytest.mark.timeout(2400)]


def deployments(stack: Stack) -> dict[str, Any]:
    return {each.name: each for each in stack.client.read_deployments()}


def test_registering_twice_changes_nothing(stack: Stack) -> None:
    """The same deployments keep their ids, and schedules are not doubled."""
    before, said = deployments(stack), stack.register()
    after = deployments(stack)
    assert {name: each.id for name, each in after.items()} == {name: each.id for name, each in before.items()}
    assert set(after) == {
        "release", "build", "deploy", "verify", "go-live", "rollback", "recover", "answer-by-default", "wake",
        "stop-the-line", "tell", "close-review",
        "nightly-storefront-staging",
    }  # fmt: skip
    assert [len(each.schedules) for each in after.values()].count(1) == 1
    names = [each.name for each in stack.client.read_automations()]
    assert len(names) == len(set(names)) == 3
    assert f"schedule {NIGHTLY} (0 2 * * *, Europe/Berlin)" in said


def test_registering_again_writes_nothing(stack: Stack) -> None:
    """What is as it should be is left alone: neither a deployment nor a block is written."""

    def written() -> dict[str, Any]:
        blocks = {each.name: each.updated for each in stack.client.read_block_documents()}
        return blocks | {name: each.updated for name, each in deployments(stack).items()}

    stack.register()
    before = written()
    stack.register()
    assert written() == before


def test_what_somebody_changed_is_put_right(stack: Stack) -> None:
    """Whatever is other than it should be is written again, also a schedule."""
    server_s_own = {"updated", "updated_by", "schedules", "version_id", "last_polled", "status"}

    def looks(name: str) -> dict[str, Any]:
        found = deployments(stack)[name]
        return found.model_dump(exclude=server_s_own) | {
            "schedules": [each.schedule for each in found.schedules]
        }

    def change(name: str, **changes: Any) -> None:
        stack.client.update_deployment(deployments(stack)[name].id, DeploymentUpdate(**changes))

    names = ("release", "nightly-storefront-staging", "tell")
    stack.register()
    before = [looks(name) for name in names]
    change("release", enforce_parameter_schema=False, entrypoint="elsewhere.story")
    every_minute = DeploymentScheduleUpdate(
        schedule=CronSchedule(cron="* * * * *"), active=False, slug="nightly"
    )
    change("nightly-storefront-staging", schedules=[every_minute])
    change("tell", job_variables={"command": "rm"}, tags=["mine"])
    assert all(looks(name) != as_before for name, as_before in zip(names, before, strict=True))
    stack.register()
    assert [looks(name) for name in names] == before
    assert deployments(stack)["nightly-storefront-staging"].schedules[0].active


def test_registering_keeps_a_key_entered_by_hand(stack: Stack) -> None:
    """A private key that somebody put into a block is still there after the next registration."""
    name, kind = "storefront-staging-web", "sendoff-ssh-connection"
    block = stack.client.read_block_document_by_name(name, kind, include_secrets=True)
    try:
        entered = BlockDocumentUpdate(data={"private_key": "entered by hand"})
        stack.client.update_block_document(block.id, entered)
        stack.register()
        kept = stack.client.read_block_document_by_name(name, kind, include_secrets=True)
        assert kept.data["private_key"] == "entered by hand"
        assert kept.data["user"] == "deploy"
    finally:
        stack.client.update_block_document(
            block.id, BlockDocumentUpdate(data=block.data, merge_existing_data=False)
        )


def test_form_offers_what_exists(stack: Stack) -> None:
    """The start form lists the applications and environments of the catalog."""
    schema = deployments(stack)["release"].parameter_openapi_schema
    what = schema["definitions"]["What"]["properties"]
    assert "storefront" in what["application"]["enum"]
    assert {"staging", "production"} <= set(what["environment"]["enum"])


@pytest.fixture
def in_bucket(stack: Stack, s3: Any) -> Iterator[Any]:
    """Register as with `SENDOFF_STORE=s3://…`, with a key entered by hand; back to the folder at the end."""
    address, before, kind = s3.make("shop"), stack.settings, "sendoff-artifact-bucket"
    variables = {"SENDOFF_STORE": str(address), "AWS_ENDPOINT_URL": s3.endpoint, "AWS_REGION": "us-east-1"}
    stack.settings = Settings.read({**stack.environ, **variables})
    stack.register()
    made = stack.client.read_block_document_by_name("artifacts", kind)
    key = {
        "access_key_id": s3.credentials.access_key_id,
        "secret_access_key": s3.credentials.secret_access_key.get_secret_value(),
    }
    stack.client.update_block_document(made.id, BlockDocumentUpdate(data=key))
    stack.register()
    yield address
    stack.settings = before
    stack.client.delete_block_document(made.id)
    stack.register()
    told = str([each.job_variables for each in deployments(stack).values()])
    assert "PREFECT_RESULTS_DEFAULT_STORAGE_BLOCK" not in told


@pytest.mark.s3
def test_a_bucket_for_artifacts_and_results(stack: Stack, in_bucket: Any, s3: Any) -> None:
    """With a bucket for a store, artifacts and results are in it, and no worker was told."""
    run = stack.start("build", {"application": "storefront", "environment": "staging", "version": "2.3.0"})
    stack.wait_for(run, "Done")
    found = s3.client.list_objects_v2(Bucket=in_bucket.name)["Contents"]
    names = {each["Key"].split("/")[1] for each in found}
    assert names == {"artifacts", "versions", "results"}
    kept = stack.client.read_block_document_by_name(
        "artifacts", "sendoff-artifact-bucket", include_secrets=True
    )
    assert kept.data["secret_access_key"] == s3.credentials.secret_access_key.get_secret_value()


def test_nights_to_come_are_scheduled(stack: Stack, eventually: Callable[..., Any]) -> None:
    """The server makes runs for the coming nights."""
    mine = DeploymentFilter(id=DeploymentFilterId(any_=[deployments(stack)["nightly-storefront-staging"].id]))

    def coming() -> bool:
        runs = stack.client.read_flow_runs(deployment_filter=mine)
        return any(run.auto_scheduled and run.state_type == StateType.SCHEDULED for run in runs)

    eventually(coming, "a run for the coming night", seconds=30)


def test_nightly_release(stack: Stack, on_host: Callable[..., Root]) -> None:
    """The newest commit goes live without anybody; while there is no newer one, there is nothing to do."""
    first = stack.start(NIGHTLY, None)
    stack.wait_for(first, "Live")
    name = stack.run(first).name
    live = on_host("web-1", "staging").live
    assert live == "main"
    (created,) = stack.events(first, "release.created")
    assert created.body["version"] == f"main-{created.body['commit'][:10]}"
    assert name == f"storefront {created.body['version']} to staging"

    second = stack.start(NIGHTLY, None)
    state = stack.wait_for(second, "Nothing to do")
    assert state.type == "COMPLETED"
    assert "nothing was to be done" in state.message
    assert "its newest commit, " in state.message
    assert state.message.endswith(" is live there already")
    assert stack.end(second) == "nothing-to-do"
    assert stack.events(second, "host.live", "release.built") == []
    stack.assert_settled("storefront")

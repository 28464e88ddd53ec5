"""Services of ECS behind a load balancer: a revision of the task definition is what runs on a side."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError, ParamValidationError

from sendoff.artifact.manifest import Artifact
from sendoff.errors import CheckFailed, PolicyRefused, SendoffError, StepErrored
from sendoff.objects.s3.faults import AccessRefused, code
from sendoff.spec.load_balancer import LoadBalancer
from sendoff.store import ArtifactStore
from sendoff.targets.connection import ADVICE, Connection
from sendoff.targets.load_balancer.backing import Behind, Patience, Tags
from sendoff.targets.load_balancer.rollout import rollout, unfit
from sendoff.targets.load_balancer.standing import REVISION
from sendoff.targets.load_balancer.task_definition import is_of, task_definition

NEWEST = 20  # revisions that are looked at for one of this release
MISSED = 3  # looks in a row at which it is not under way, as the first ones may show what was before
PAUSES = (0.5, 1.0, 2.0)  # seconds between looks for a revision of which no answer came
REFUSED = ("ClientException", "InvalidParameterException")
ALLOWED: dict[type[SendoffError], str] = {
    **ADVICE,
    AccessRefused: f"{ADVICE[AccessRefused]}: ecs:DescribeServices, UpdateService, ListTaskDefinitions, "
    "DescribeTaskDefinition, RegisterTaskDefinition and TagResource, and iam:PassRole on the task's roles",
}


class ServicesBehind:
    """The protocol Backing over ECS. `once` asks what must not be asked twice, and tries nothing again."""

    def __init__(
        self,
        target: LoadBalancer,
        connection: Connection,
        once: Connection,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._target, self._connection, self._once = target, connection, once
        self._sleep = sleep

    def look(self) -> Behind:
        """Read what stands in the way of changes at both services; changes nothing."""
        wrong = (unfit(self._service(name), side.target_group) for name, side in self._target.sides.items())
        return Behind(tuple(each for each in wrong if each))

    def place(self, side: str, artifact: Artifact, store: ArtifactStore, hold: Callable[[], object]) -> Tags:
        """Find the revision of the release, or register it."""
        target = self._target
        definition = task_definition(target.name, target.task_definition, artifact, store)
        service = self._service(side)
        if wrong := unfit(service, target.sides[side].target_group):
            raise PolicyRefused(f"{target.name}: {wrong}")
        return {REVISION: self._revision(definition, artifact, hold)}

    def start(self, side: str, release: str, tags: Tags, patience: Patience) -> None:
        """Roll the revision out until the service runs nothing else; one that failed before is tried anew."""
        revision = tags[REVISION]
        service = self._service(side)
        if not rollout(service, revision).is_underway:
            counts = any(
                each["status"] == "PRIMARY" and each["taskDefinition"] == revision
                for each in service["deployments"]
            )
            self._ask(
                "updating the service",
                "update_service",
                **self._named(side),
                taskDefinition=revision,
                forceNewDeployment=counts,
            )
        self._wait(side, revision, patience)

    def lacking(self, side: str, tags: Tags) -> str | None:
        """Say why the service of a side is not there to run the revision of its tags; None when it is."""
        found = rollout(self._service(side), tags.get(REVISION, "none"))
        return None if found.is_underway else found.lacks

    def take_away(self, side: str, release: str) -> None:
        """Leave the service as it is: it has no traffic, and its count is not ours to set."""

    def prune(self, keep: int, spare: frozenset[str]) -> tuple[str, ...]:
        """Leave revisions as they are: they cost nothing, and tell what ran."""
        return ()

    def close(self) -> None:
        """Hang up."""
        self._connection.close()
        self._once.close()

    def _wait(self, side: str, revision: str, patience: Patience) -> None:
        """Wait for the rollout; CheckFailed when ECS gave it up or went back to another revision."""
        missed = 0

        def lacking() -> str | None:
            nonlocal missed
            found = rollout(self._service(side), revision)
            missed = 0 if found.is_underway else missed + 1
            if missed >= MISSED:
                raise CheckFailed(
                    f"{self._target.name}: {side} does not run the release, its service went back or gave "
                    f"up ({found.lacks}), expected its tasks to start and stay; see its events and logs"
                )
            return found.lacks

        patience.until(f"{self._target.name}, service of {side}", lacking)

    def _revision(self, definition: Mapping[str, Any], artifact: Artifact, hold: Callable[[], object]) -> str:
        """Find the revision of a release, or register it, once: it is looked for before each try."""
        family = definition["family"]
        if found := self._find(family, artifact):
            return found
        hold()
        try:
            return self._register(definition)
        except StepErrored:
            for pause in PAUSES:  # it may have been registered all the same, or be so in a moment
                self._sleep(pause)
                if found := self._find(family, artifact):
                    return found
            raise

    def _find(self, family: str, artifact: Artifact) -> str | None:
        """Find the oldest revision of a release: should there be two, it is the one that may run."""
        listed = self._ask(
            "listing revisions",
            "list_task_definitions",
            familyPrefix=family,
            sort="DESC",
            maxResults=NEWEST,
        )["taskDefinitionArns"]
        found = None
        for each in listed:
            if each.rpartition("/")[2].rpartition(":")[0] != family:
                continue
            told = self._ask(
                "reading a revision", "describe_task_definition", taskDefinition=each, include=["TAGS"]
            )
            if is_of(told.get("tags", []), artifact):
                found = each
        return found

    def _register(self, definition: Mapping[str, Any]) -> str:
        with self._once.asking("registering the task definition", ALLOWED):
            try:
                answer = self._once.client.register_task_definition(**definition)
            except (ClientError, ParamValidationError) as error:
                if isinstance(error, ClientError) and code(error) not in REFUSED:
                    raise
                raise PolicyRefused(
                    f"{self._target.name}: ECS refuses {self._target.task_definition!r} ({error}), expected "
                    "a task definition that it takes; mend it and release a new version"
                ) from error
        return str(answer["taskDefinition"]["taskDefinitionArn"])

    def _service(self, side: str) -> Mapping[str, Any]:
        name = self._named(side)
        answer = self._ask(
            "reading the service", "describe_services", cluster=name["cluster"], services=[name["service"]]
        )
        if not answer["services"]:
            raise PolicyRefused(
                f"{self._target.name}: there is no service {name['service']!r} in cluster "
                f"{name['cluster']!r}, expected it to exist; make it, or correct `service` of {side}"
            )
        found: Mapping[str, Any] = answer["services"][0]
        return found

    def _named(self, side: str) -> dict[str, str]:
        return {"cluster": self._target.cluster or "", "service": self._target.sides[side].service or ""}

    def _ask(self, doing: str, request: str, **words: Any) -> Any:
        with self._connection.asking(doing, ALLOWED):
            try:
                return getattr(self._connection.client, request)(**words)
            except ClientError as error:
                if code(error) != "ClusterNotFoundException":
                    raise
                raise PolicyRefused(
                    f"{self._target.name}: there is no cluster {self._target.cluster!r}, expected it to "
                    "exist; correct `cluster` in the release file"
                ) from error

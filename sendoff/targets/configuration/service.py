"""What is asked of AppConfig, a request each; no foreign exception comes out of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from sendoff.errors import PolicyRefused, SendoffError
from sendoff.model import canonical
from sendoff.objects.s3.address import Access
from sendoff.objects.s3.faults import AccessRefused, code
from sendoff.spec.cloud import Configuration
from sendoff.targets.configuration.layout import (
    COMPLETE,
    UNDER_WAY,
    Deployment,
    Note,
    Standing,
    Version,
    newest_first,
    read_deployment,
    read_version,
)
from sendoff.targets.connection import ADVICE, Connection

NOBODYS = 2**31 - 1  # a number that no version and no deployment has
CONFLICT, MISSING = "ConflictException", "ResourceNotFoundException"
OVER = "BadRequestException"  # what it says when something over is to be stopped
REFUSALS = {
    MISSING: "correct the identifiers in the release file",
    "BadRequestException": "correct the configuration, or the release file",
    "PayloadTooLargeException": "make the configuration smaller, or have its limit raised at AWS",
    "ServiceQuotaExceededException": "remove versions that nobody needs, or have the limit raised at AWS",
}
"""What AppConfig says of what is wrong with what it is asked for, and what to do about it."""

RIGHTS: dict[type[SendoffError], str] = {
    **ADVICE,
    AccessRefused: "correct the key or the role in the target's block 'Sendoff AWS connection', or the AWS "
    "credentials here; they have to do appconfig:GetConfigurationProfile, appconfig:GetDeploymentStrategy, "
    "appconfig:ListHostedConfigurationVersions, appconfig:GetHostedConfigurationVersion, "
    "appconfig:CreateHostedConfigurationVersion, appconfig:DeleteHostedConfigurationVersion, "
    "appconfig:ListDeployments, appconfig:GetDeployment, appconfig:StartDeployment and "
    "appconfig:StopDeployment",
}


class Service:
    """AppConfig, as far as a configuration in an environment is concerned."""

    def __init__(self, target: Configuration, access: Access) -> None:
        self._target = target
        self.connection = Connection("appconfig", target, access)
        self._profile = {
            "ApplicationId": target.application_id,
            "ConfigurationProfileId": target.profile_id,
        }
        self._environment = {
            "ApplicationId": target.application_id,
            "EnvironmentId": target.environment_id,
        }

    def standing(self) -> Standing:
        """Read what is deployed, one deployment after the other, down to the one that is complete."""
        with self._asking("listing the deployments"):
            pages = self._client.get_paginator("list_deployments").paginate(**self._environment)
            listed = newest_first([each for page in pages for each in page["Items"]])
        under_way, mine = None, []
        for each in listed:
            is_ours = each.get("ConfigurationProfileId", self._target.profile_id) == self._target.profile_id
            if not is_ours and each["State"] not in UNDER_WAY:
                continue
            found = self.deployment(each["DeploymentNumber"])
            if found.state in UNDER_WAY:
                under_way = found
            if found.profile == self._target.profile_id:
                mine.append(found)
                if found.state == COMPLETE:
                    break
        latest = int(listed[0]["DeploymentNumber"]) if listed else 0
        return Standing(latest, under_way, tuple(mine), self._versions())

    def deployment(self, number: int) -> Deployment:
        """Read a deployment."""
        with self._asking(f"reading deployment {number}"):
            return read_deployment(self._client.get_deployment(**self._environment, DeploymentNumber=number))

    def _versions(self) -> tuple[Version, ...]:
        with self._asking("listing the versions"):
            pages = self._client.get_paginator("list_hosted_configuration_versions").paginate(**self._profile)
            found = [read_version(each) for page in pages for each in page["Items"]]
        return tuple(sorted(found))

    def content(self, number: int) -> tuple[bytes, str]:
        """Read the content of a version, and of what type it is."""
        with self._asking(f"reading version {number}"):
            answer = self._client.get_hosted_configuration_version(**self._profile, VersionNumber=number)
            return answer["Content"].read(), answer["ContentType"]

    def create(self, release: str, content: bytes, note: Note, latest: int) -> bool:
        """Make a version, if this is still the latest; False when it is not (any more).

        False too when our own try was carried out and its answer lost: whoever asks reads back.
        """
        lock = {"LatestVersionNumber": latest} if latest else {}
        with self._asking(f"writing the version for {release}"):
            try:
                self._client.create_hosted_configuration_version(
                    **self._profile,
                    Content=content,
                    ContentType=self._target.content_type,
                    Description=canonical(note).decode(),
                    VersionLabel=release,
                    **lock,
                )
            except ClientError as error:
                if code(error) != CONFLICT:
                    raise
                return False
        return True

    def delete(self, number: int) -> bool:
        """Remove a version; False when it is gone."""
        with self._asking(f"removing version {number}"):
            try:
                self._client.delete_hosted_configuration_version(**self._profile, VersionNumber=number)
            except ClientError as error:
                if code(error) != MISSING:
                    raise
                return False
        return True

    def start(self, version: int, strategy: str, note: Note, latest: int) -> int:
        """Begin a deployment, if this is the latest and none is under way; gives its number, else 0."""
        with self._asking(f"deploying version {version}"):
            try:
                answer = self._start(version, strategy, canonical(note).decode(), latest)
            except ClientError as error:
                if code(error) != CONFLICT:
                    raise
                return 0
            return int(answer["DeploymentNumber"])

    def _start(self, version: int, strategy: str, told: str, latest: int) -> Any:
        lock = {"LatestDeploymentNumber": latest} if latest else {}
        return self._client.start_deployment(
            **self._environment,
            DeploymentStrategyId=strategy,
            ConfigurationProfileId=self._target.profile_id,
            ConfigurationVersion=str(version),
            Description=told,
            **lock,
        )

    def stop(self, number: int) -> None:
        """Stop a deployment that is under way; one that is over stays as it is, and is read back."""
        with self._asking(f"stopping deployment {number}"):
            try:
                self._stop(number)
            except ClientError as error:
                if code(error) != OVER:
                    raise

    def _stop(self, number: int) -> None:
        self._client.stop_deployment(**self._environment, DeploymentNumber=number, AllowRevert=True)

    def _is_refused(self, ask: Callable[[], object]) -> bool:
        try:
            ask()
        except ClientError as error:
            if code(error) not in (CONFLICT, MISSING, OVER):
                raise
            return True
        return False

    def may_deploy(self) -> bool:
        """Find out by changes that must not happen whether we may deploy and undo; AccessRefused when not.

        False: its server has begun to deploy a version that is not there.
        """
        with self._asking("looking whether it may be deployed"):
            for strategy in {self._target.strategy_id, self._target.undo_strategy_id}:
                if not self._is_refused(partial(self._start, NOBODYS, strategy, "", NOBODYS)):
                    return False
            self._is_refused(partial(self._stop, NOBODYS))
        return True

    def unfit(self) -> str | None:
        """Say what is wrong with the profile; PolicyRefused when it, or a strategy, is not there."""
        with self._asking("reading the profile and the strategies"):
            where = self._client.get_configuration_profile(**self._profile)["LocationUri"]
            for strategy in {self._target.strategy_id, self._target.undo_strategy_id}:
                self._client.get_deployment_strategy(DeploymentStrategyId=strategy)
        if where == "hosted":
            return None
        return (
            f"the content of the profile lies in {where}, expected AppConfig to host it; name another profile"
        )

    @contextmanager
    def _asking(self, doing: str) -> Iterator[None]:
        with self.connection.asking(doing, RIGHTS):
            try:
                yield
            except ClientError as error:
                if code(error) not in REFUSALS:
                    raise
                raise PolicyRefused(
                    f"{self._target.name} ({self._target.root}): {doing} was refused ({error}), expected it "
                    f"to work; {REFUSALS[code(error)]}"
                ) from error

    @property
    def _client(self) -> Any:
        return self.connection.client

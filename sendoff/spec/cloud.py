"""Targets in a cloud: each counts as a fleet of one host, which is called as it is."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from sendoff.model import Frozen
from sendoff.spec.canary import Canary
from sendoff.spec.commands import HostCommands
from sendoff.spec.words import (
    ACCOUNT,
    ADDRESS,
    ALIAS,
    BUCKET,
    ENDPOINT,
    FUNCTION,
    ONE_LINE,
    PARAMETER,
    PREFIX,
    RESOURCE,
    Duration,
    InnerPath,
    Name,
    Text,
)


class CloudTarget(Frozen):
    """What all targets in a cloud have. `noun`: what people call one of them."""

    noun: ClassVar[str]

    kind: str
    name: Name = Field(description="what this target is called, such as web")
    account: Annotated[str, StringConstraints(pattern=ACCOUNT)] | None = Field(
        None,
        description="the AWS account that it has to be in, in quotes; looked at before anything is changed",
    )
    region: Text | None = Field(None, description="the region that it is in; the worker's own unless said")
    endpoint: Annotated[str, StringConstraints(pattern=ENDPOINT)] | None = Field(
        None, description="the address of a server that speaks AWS's protocol; AWS unless said"
    )
    address: Annotated[str, StringConstraints(pattern=ADDRESS)] | None = Field(
        None, description="the host name under which it is reached; checks name it as {address}"
    )

    @property
    def batch(self) -> int:
        """Serve the one host that there is at once."""
        return 1

    @property
    def max_failures(self) -> int:
        """Undo when the one host fails that there is."""
        return 0

    @property
    def commands(self) -> HostCommands:
        """Run nothing: there is no host to run it on."""
        return HostCommands()

    @property
    def site(self) -> None:
        """Name no site whose worker reaches it: the release's own worker does."""
        return

    @property
    def serves_dark(self) -> bool:
        """Tell whether a request reaches a release that has no traffic."""
        return False

    @property
    def root(self) -> str:
        """Name the place that holds its releases and says which is live."""
        raise NotImplementedError

    def is_in_one_place_with(self, other: CloudTarget) -> bool:
        """Tell whether both would move the same pointer."""
        return (self.endpoint, self.root) == (other.endpoint, other.root)


class CacheRule(Frozen):
    """What browsers and caches are told of some files."""

    files: Text = Field(
        description="which files: a pattern such as `*.html` or `assets/*`, where `*` crosses folders"
    )
    control: Annotated[str, StringConstraints(pattern=ONE_LINE, max_length=200)] = Field(
        description="the header Cache-Control, such as no-cache or max-age=3600"
    )


USUAL_CACHING = (
    CacheRule(files="*.html", control="no-cache"),
    CacheRule(files="*", control="public, max-age=300"),
)
"""Pages are asked for anew each time, the rest is kept for five minutes."""


class StaticSite(CloudTarget):
    """Files in a bucket of S3, of which a pointer says which release is live."""

    noun = "site"

    kind: Literal["s3-site"] = Field(description="a static site in a bucket of S3")
    bucket: Annotated[str, StringConstraints(pattern=BUCKET)] = Field(
        description="the bucket that the site lies in; it has to exist"
    )
    prefix: Annotated[str, StringConstraints(pattern=PREFIX)] = Field(
        "", description="the part of the bucket that is this site's, such as shop; all of it unless said"
    )
    cache: tuple[CacheRule, ...] = Field(
        USUAL_CACHING, description="what caches are told; of the rules that fit a file, the first counts"
    )
    layout: Literal["folders", "shared"] = Field(
        "folders", description="a folder for each release, or each file once for all releases that have it"
    )
    keep: int = Field(5, ge=2, le=100, description="how many releases are kept in the bucket")
    transfer_timeout: Duration = Field(600, description="how long copying a release into the bucket may take")

    @property
    def root(self) -> str:
        """Name the place that holds its releases and its pointer."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    def is_in_one_place_with(self, other: CloudTarget) -> bool:
        """Tell whether one lies where the other does, or within it."""
        one, two = f"{self.root}/", f"{other.root}/"
        return self.endpoint == other.endpoint and (one.startswith(two) or two.startswith(one))

    def cache_control(self, path: str) -> str | None:
        """Tell what caches are told of a file: the first rule that fits counts; None when none does."""
        return next((rule.control for rule in self.cache if fnmatchcase(path, rule.files)), None)


class LambdaFunction(CloudTarget):
    """A function of AWS Lambda, of which an alias says which version is live."""

    noun = "function"

    kind: Literal["lambda"] = Field(description="a function of AWS Lambda behind an alias")
    function: Annotated[str, StringConstraints(pattern=FUNCTION)] = Field(
        description="the name of the function; it has to exist, with code in a zip file"
    )
    alias: Annotated[str, StringConstraints(pattern=ALIAS)] = Field(
        description="the alias that callers name; it has to exist"
    )
    canary: Canary | None = Field(
        None, description="how a release takes over step by step; all at once unless said"
    )
    keep: int = Field(5, ge=2, le=100, description="how many releases are kept as versions of the function")
    update_timeout: Duration = Field(300, description="how long AWS may take until new code is ready")

    @property
    def root(self) -> str:
        """Name the alias."""
        return f"lambda://{self.region or ''}/{self.function}:{self.alias}"


class Parameter(CloudTarget):
    """A value in the Parameter Store of AWS Systems Manager, which says what is live."""

    noun = "parameter"

    kind: Literal["parameter"] = Field(
        description="a value in the SSM Parameter Store that says what is live"
    )
    parameter: Annotated[str, StringConstraints(pattern=PARAMETER)] = Field(
        description="the parameter that is read by who serves, such as /shop/production/live"
    )
    value: Text = Field(
        "{release}", description="what it says when a release is live; may name {version} and {release}"
    )
    keep: int = Field(5, ge=2, le=50, description="how many releases are kept beside it")

    @property
    def root(self) -> str:
        """Name the parameter."""
        return f"ssm://{self.region or ''}{self.parameter}"

    def is_in_one_place_with(self, other: CloudTarget) -> bool:
        """Tell whether one lies where the other does, or below it."""
        one, two = f"{self.root}/", f"{other.root}/"
        return self.endpoint == other.endpoint and (one.startswith(two) or two.startswith(one))


class Configuration(CloudTarget):
    """A hosted configuration of AWS AppConfig, such as feature flags, which is brought to who reads it."""

    noun = "configuration"

    kind: Literal["appconfig"] = Field(description="a hosted configuration of AWS AppConfig, such as flags")
    application_id: Annotated[str, StringConstraints(pattern=RESOURCE)] = Field(
        description="the identifier of the application in AppConfig; it has to exist"
    )
    environment_id: Annotated[str, StringConstraints(pattern=RESOURCE)] = Field(
        description="the identifier of its environment"
    )
    profile_id: Annotated[str, StringConstraints(pattern=RESOURCE)] = Field(
        description="the identifier of its configuration profile, whose content AppConfig keeps (`hosted`)"
    )
    strategy_id: Text = Field(
        "AppConfig.AllAtOnce", description="the deployment strategy: how fast it is brought to who reads it"
    )
    undo_strategy_id: Text = Field(
        "AppConfig.AllAtOnce", description="the strategy with which an earlier release is brought back"
    )
    content: InnerPath = Field(
        description="the file of the release that is the configuration, such as flags.json"
    )
    content_type: Annotated[str, StringConstraints(pattern=ONE_LINE, max_length=255)] = Field(
        "application/json", description="what kind of content it is"
    )
    keep: int = Field(
        5, ge=2, le=50, description="how many releases are kept as versions of the configuration"
    )
    deploy_timeout: Duration = Field(3600, description="how long bringing it to who reads it may take")

    @property
    def root(self) -> str:
        """Name the configuration in its environment."""
        return (
            f"appconfig://{self.region or ''}/{self.application_id}/{self.environment_id}/{self.profile_id}"
        )

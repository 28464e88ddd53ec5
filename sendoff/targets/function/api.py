"""What is asked of a function, a request each; no foreign exception comes out of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.config import Config
from botocore.exceptions import ClientError

from sendoff.errors import PolicyRefused, SendoffError, StepErrored
from sendoff.objects.s3.faults import AccessRefused, code
from sendoff.spec.cloud import LambdaFunction
from sendoff.targets import connection
from sendoff.targets.connection import Connection
from sendoff.targets.function.layout import LATEST, Record, Seal, Seen, Version, read
from sendoff.targets.function.package import Package, probe
from sendoff.targets.protocol import CommandResult

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

PAUSE = 1.0  # seconds between looks at what AWS is busy with
MOST_SAID = 2000  # characters of what a function said when it failed
NOBODYS = "00000000-0000-0000-0000-000000000000"  # a revision that nothing has
LATE, BUSY, GONE = "PreconditionFailedException", "ResourceConflictException", "ResourceNotFoundException"
ADVICE: dict[type[SendoffError], str] = {
    **connection.ADVICE,
    AccessRefused: "correct the key or the role in the target's block 'Sendoff AWS connection', or the AWS "
    "credentials here; they need lambda:GetFunctionConfiguration, lambda:GetAlias, lambda:UpdateAlias, "
    "lambda:UpdateFunctionCode, lambda:PublishVersion, lambda:ListVersionsByFunction, lambda:InvokeFunction "
    "and lambda:DeleteFunction on the function, its versions and the alias",
}


class Code(NamedTuple):
    """What Lambda says of the newest code, or of a version. `failed`: why it is of no use, when it is not."""

    sha256: str
    revision: str
    is_pending: bool
    failed: str | None
    is_image: bool


class FunctionApi:
    """A function and one alias of it. Changes tell whether they were taken; False when others were faster."""

    def __init__(
        self,
        target: LambdaFunction,
        reached: Connection,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name, self.function, self.alias = target.name, target.function, target.alias
        self.where = f"{target.name} ({target.root})"
        self.patience = target.update_timeout
        self.connection = reached
        self._clock, self._sleep = clock, sleep

    @property
    def _client(self) -> LambdaClient:
        client: LambdaClient = self.connection.client
        return client

    def read_alias(self) -> Seen:
        """Read the alias."""
        with self._asking(f"reading the alias {self.alias!r}"):
            found = self._client.get_alias(FunctionName=self.function, Name=self.alias)
        weights = found.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
        text = found.get("Description", "")
        return Seen(
            found["FunctionVersion"],
            {version: round(weight * 100) for version, weight in weights.items()},
            read(Record, text),
            text,
            found["RevisionId"],
        )

    def describe_alias(self, revision: str, text: str) -> bool:
        """Set the description of the alias while it has this revision, and nothing else."""
        return self._alias_changed(revision, {"Description": text})

    def write_alias(self, revision: str, text: str, version: str, weights: Mapping[str, int]) -> bool:
        """Set all of the alias while it has this revision; weights are in per cent."""
        shares = {each: weight / 100 for each, weight in weights.items()}
        return self._alias_changed(
            revision,
            {
                "Description": text,
                "FunctionVersion": version,
                "RoutingConfig": {"AdditionalVersionWeights": shares},
            },
        )

    def _alias_changed(self, revision: str, changes: dict[str, Any]) -> bool:
        return self._changed(
            f"changing the alias {self.alias!r}",
            lambda: self._client.update_alias(
                FunctionName=self.function, Name=self.alias, RevisionId=revision, **changes
            ),
        )

    def versions(self) -> list[Version]:
        """List all published versions."""
        with self._asking("listing versions"):
            pages = self._client.get_paginator("list_versions_by_function").paginate(
                FunctionName=self.function
            )
            return [
                Version(each["Version"], each["CodeSha256"], read(Seal, each.get("Description", "")))
                for page in pages
                for each in page["Versions"]
                if each["Version"] != LATEST
            ]

    def code(self, version: str = LATEST) -> Code:
        """Look at the newest code, or at that of a version."""
        with self._asking(f"looking at version {version}"):
            named: Any = {} if version == LATEST else {"Qualifier": version}
            found = self._client.get_function_configuration(FunctionName=self.function, **named)
        states = (found.get("State"), found.get("LastUpdateStatus"))
        reason = found.get("LastUpdateStatusReason") or found.get("StateReason") or "no reason is given"
        return Code(
            found["CodeSha256"],
            found.get("RevisionId", ""),
            "Pending" in states or "InProgress" in states,
            reason if "Failed" in states else None,
            found.get("PackageType") == "Image",
        )

    def settled(self, version: str = LATEST) -> Code:
        """Wait until AWS is done with code; StepErrored when that takes too long."""
        until = self._clock() + self.patience
        while (found := self.code(version)).is_pending:
            self._pause(f"version {version}", until)
        return found

    def update_code(self, code: Package, revision: str) -> bool:
        """Put the newest code there, while the function has this revision; publishes nothing."""
        return self._changed(
            "sending code",
            lambda: self._client.update_function_code(
                FunctionName=self.function, ZipFile=code.content, RevisionId=revision, Publish=False
            ),
        )

    def publish(self, sha256: str, revision: str, text: str) -> bool:
        """Make a version of the newest code, while it is this and the function has this revision."""
        return self._changed(
            "publishing a version",
            lambda: self._client.publish_version(
                FunctionName=self.function, CodeSha256=sha256, RevisionId=revision, Description=text
            ),
        )

    def delete(self, version: str) -> bool:
        """Delete a version; False when an alias uses it. One that is gone is deleted."""
        with self._asking(f"deleting version {version}"):
            try:
                self._client.delete_function(FunctionName=self.function, Qualifier=version)
            except ClientError as error:
                if code(error) not in (BUSY, GONE):
                    raise
                return code(error) == GONE
        return True

    def minds_revisions(self) -> bool:
        """Find out by changes that must not happen whether we may change, and whether revisions count here.

        AccessRefused when we may not.
        """
        named: Any = {"FunctionName": self.function, "RevisionId": NOBODYS}
        with self._asking("looking whether it may be changed"):
            if not self._is_refused(lambda: self._client.update_alias(Name=self.alias, **named)):
                return False
            self._is_refused(lambda: self._client.update_function_code(ZipFile=probe(), DryRun=True, **named))
        return True

    def invoke(self, version: str, payload: str, timeout: float) -> CommandResult:
        """Invoke a version once; whether it ran is not known when this is StepErrored."""
        once = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=timeout)
        began = self._clock()
        with (
            self._asking(f"invoking version {version}"),
            closing(self.connection.connect(once)) as client,
        ):
            answer = client.invoke(FunctionName=self.function, Qualifier=version, Payload=payload.encode())
            said = answer["Payload"].read().decode(errors="replace")
        seconds = self._clock() - began
        if answer.get("FunctionError"):
            return CommandResult(code=1, output=_failure(said)[:MOST_SAID], seconds=seconds)
        return CommandResult(code=0, output=said, seconds=seconds)

    def _changed(self, doing: str, ask: Callable[[], object]) -> bool:
        """Ask for a change; False when the revision is another, which our own lost try may have made.

        While AWS is busy with an earlier change, it is asked again.
        """
        until = self._clock() + self.patience
        while True:
            with self._asking(doing):
                try:
                    ask()
                except ClientError as error:
                    if code(error) == LATE:
                        return False
                    if code(error) != BUSY:
                        raise
                else:
                    return True
            self._pause(doing, until)

    def _is_refused(self, ask: Callable[[], object]) -> bool:
        try:
            ask()
        except ClientError as error:
            if code(error) not in (LATE, BUSY):
                raise
            return True
        return False

    def _pause(self, what: str, until: float) -> None:
        if self._clock() > until:
            raise StepErrored(
                f"{self.where}: {what} is not done within {self.patience:g} s, as AWS is busy with the "
                "function, expected it to be; raise `update_timeout`, or try again"
            )
        self._sleep(PAUSE)

    @contextmanager
    def _asking(self, doing: str) -> Iterator[None]:
        with self.connection.asking(doing, ADVICE):
            try:
                yield
            except ClientError as error:
                if code(error) != GONE:
                    raise
                raise PolicyRefused(
                    f"{self.where}: {doing} failed ({error}), expected it to be there; make it, or correct "
                    "`function`, `alias` or `region` in the release file"
                ) from error


def _failure(said: str) -> str:
    """Read what a function raised; what is no such answer is given as it is."""
    try:
        raised: Any = json.loads(said)
        return f"{raised.get('errorType', 'error')}: {raised['errorMessage']}"
    except (ValueError, AttributeError, KeyError):
        return said

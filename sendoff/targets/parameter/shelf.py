"""What is asked of the Parameter Store, a request or two each; no foreign exception comes out of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from botocore.exceptions import ClientError

from sendoff.errors import SendoffError, StepErrored
from sendoff.objects.s3.address import Access
from sendoff.objects.s3.faults import AccessRefused, code
from sendoff.spec.cloud import Parameter
from sendoff.targets.connection import ADVICE, Connection
from sendoff.targets.parameter.layout import Entry, Listed

TAKEN, MISSING = "ParameterAlreadyExists", "ParameterNotFound"
TRIES, PAUSE = 8, 0.5  # seconds; a write may show in one answer before it does in another
RIGHTS: dict[type[SendoffError], str] = {
    **ADVICE,
    AccessRefused: "correct the key or the role in the target's block 'Sendoff AWS connection', or the AWS "
    "credentials here; they have to do ssm:DescribeParameters, and on the parameter and all below it "
    "ssm:GetParameter, ssm:GetParameters, ssm:GetParametersByPath, ssm:GetParameterHistory, "
    "ssm:PutParameter and ssm:DeleteParameter",
}


class Shelf:
    """A parameter and what lies below it; names are those below it, and the parameter itself has none."""

    def __init__(
        self, target: Parameter, access: Access, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.name, self._root, self._sleep = target.name, target.parameter, sleep
        self.connection = Connection("ssm", target, access)

    def read(self, name: str = "") -> Entry | None:
        """Read a parameter with its description; None when there is none.

        Two requests tell that, which are repeated until both speak of one version.
        """
        path = self._path(name)
        for number in range(TRIES):
            if number:
                self._sleep(PAUSE * number)
            with self._asking(f"reading {path!r}"):
                found = self._client.get_parameters(Names=[path])["Parameters"]
                if not found:
                    return None
                only = [{"Key": "Name", "Option": "Equals", "Values": [path]}]
                told = self._client.describe_parameters(ParameterFilters=only)["Parameters"]
            if told and told[0]["Version"] == found[0]["Version"]:
                return _entry({**found[0], **told[0]})
        raise StepErrored(
            f"{self.name}: {path} was changed each time it was read, {TRIES} times, expected it to stay for "
            "a second; see who else writes it, then try again"
        )

    def below(self, name: str) -> dict[str, Listed]:
        """List what lies below a name, by the rest of it."""
        path = self._path(name)
        with self._asking(f"listing {path!r}"):
            pages = self._client.get_paginator("get_parameters_by_path").paginate(Path=path)
            return {
                each["Name"].removeprefix(f"{path}/"): Listed(each["Value"], each["LastModifiedDate"])
                for page in pages
                for each in page["Parameters"]
            }

    def since(self, version: int) -> list[Entry]:
        """Read what was written to the parameter after a version, oldest first."""
        with self._asking(f"reading the versions of {self._root!r}"):
            pages = self._client.get_paginator("get_parameter_history").paginate(Name=self._root)
            found = [_entry(each) for page in pages for each in page["Parameters"]]
        return sorted((each for each in found if each.version > version), key=lambda each: each.version)

    def put_new(self, name: str, value: str, note: str = "") -> bool:
        """Write a parameter where there is none; False when there is one, which may be our own.

        A try whose answer was lost is repeated by botocore, and finds what it wrote: read back what is there.
        """
        path = self._path(name)
        with self._asking(f"writing {path!r}"):
            try:
                self._client.put_parameter(Name=path, Value=value, Description=note, Type="String")
            except ClientError as error:
                if code(error) != TAKEN:
                    raise
                return False
        return True

    def put(self, name: str, value: str, note: str) -> int:
        """Write a parameter, whatever is there; gives its version."""
        path = self._path(name)
        with self._asking(f"writing {path!r}"):
            answer = self._client.put_parameter(
                Name=path, Value=value, Description=note, Type="String", Overwrite=True
            )
            return int(answer["Version"])

    def delete(self, name: str = "") -> bool:
        """Remove a parameter; False when there is none (any more)."""
        path = self._path(name)
        with self._asking(f"removing {path!r}"):
            try:
                self._client.delete_parameter(Name=path)
            except ClientError as error:
                if code(error) != MISSING:
                    raise
                return False
        return True

    def _asking(self, doing: str) -> AbstractContextManager[None]:
        return self.connection.asking(doing, RIGHTS)

    @property
    def _client(self) -> Any:
        return self.connection.client

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}" if name else self._root


def _entry(told: dict[str, Any]) -> Entry:
    kind = (told["Type"], told.get("DataType", "text"))
    return Entry(told["Value"], told.get("Description", ""), int(told["Version"]), kind)

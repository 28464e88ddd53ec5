"""A function of AWS Lambda in an emulator, and a look at it past all that guards it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from sendoff.artifact.manifest import Artifact
from sendoff.objects import FolderObjects
from sendoff.objects.s3.address import Access, Credentials
from sendoff.spec.cloud import LambdaFunction
from sendoff.store import ArtifactStore
from sendoff.targets.function import api
from sendoff.targets.function.function import Function, open_target
from sendoff.targets.one_host import OneHost
from tests.kit.emulators import REGION, Emulator
from tests.kit.packing import packed

KEY = Credentials(access_key_id="AKIDEMULATED", secret_access_key=SecretStr("secret"))
PAUSE = 0.02  # seconds between looks; the emulator is done sooner than AWS
HANDLER = "def handler(event, context): return {says!r}"


def tree(says: str) -> dict[str, bytes | str | None]:
    """Write the code of a function that says something, whatever it is asked."""
    return {"app.py": HANDLER.format(says=says).encode(), "lib/empty": b""}


class Functions:
    """A function with an alias `live` at its first version, which somebody else published."""

    numbers = itertools.count(1)

    def __init__(self, emulator: Emulator) -> None:
        self.emulator, self.name = emulator, f"shop-{next(self.numbers)}"
        self.client: Any = emulator.client("lambda")
        self.opened: list[OneHost[Function]] = []
        self._make(f"arn:aws:iam::{emulator.account}:role/functions")
        self.client.create_alias(
            FunctionName=self.name, Name="live", FunctionVersion="1", Description="made by hand"
        )

    def _make(self, role: str) -> None:
        roles = self.emulator.client("iam")
        if not any(each["Arn"] == role for each in roles.list_roles()["Roles"]):
            roles.create_role(RoleName="functions", AssumeRolePolicyDocument="{}")
        self.client.create_function(
            FunctionName=self.name,
            Runtime="python3.12",
            Role=role,
            Handler="app.handler",
            Code={"ZipFile": packed({"app.py": HANDLER.format(says="by hand")})},
            Publish=True,
        )
        self.client.get_waiter("function_active_v2").wait(
            FunctionName=self.name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 400}
        )

    def target(self, token: int = 1, by: str = "run-1", **changes: Any) -> Function:
        """Open it as a run would under a number."""
        self.opened.append(open_target(self.described(**changes), Access(key=KEY), by, token))
        return self.opened[-1].host("orders")

    def described(self, **changes: Any) -> LambdaFunction:
        """Describe it as a release file would."""
        return LambdaFunction.model_validate(
            {
                "kind": "lambda",
                "name": "orders",
                "function": self.name,
                "alias": "live",
                "region": REGION,
                "endpoint": self.emulator.endpoint,
                "update_timeout": 30,
                **changes,
            }
        )

    def alias(self, name: str = "live") -> dict[str, Any]:
        """Read an alias."""
        found: dict[str, Any] = self.client.get_alias(FunctionName=self.name, Name=name)
        return found

    def weights(self) -> dict[str, float]:
        """Read what other versions have of the traffic."""
        found: dict[str, float] = self.alias().get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
        return found

    def record(self) -> dict[str, Any]:
        """Read what Sendoff wrote into the description of the alias."""
        found: dict[str, Any] = json.loads(self.alias()["Description"])
        return found

    def versions(self, release: str | None = None, alias: str = "live") -> list[str]:
        """List the published versions; those of a release for an alias only, when one is named."""
        said = (f'"release":"{release}"', f'"alias":"{alias}"') if release else ()
        pages = self.client.get_paginator("list_versions_by_function").paginate(FunctionName=self.name)
        return [
            each["Version"]
            for page in pages
            for each in page["Versions"]
            if each["Version"] != "$LATEST" and all(part in each["Description"] for part in said)
        ]

    def publish(self, files: dict[str, str], description: str) -> str:
        """Publish a version as somebody else would."""
        self.client.update_function_code(FunctionName=self.name, ZipFile=packed(files))
        self.client.get_waiter("function_updated_v2").wait(
            FunctionName=self.name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 400}
        )
        found = self.client.publish_version(FunctionName=self.name, Description=description)
        return str(found["Version"])

    def answer(self) -> Any:
        """Ask what is live."""
        found = self.client.invoke(FunctionName=self.name, Qualifier="live", Payload=b"{}")
        return json.loads(found["Payload"].read())

    def state(self) -> tuple[Any, ...]:
        """Give all that a change would change."""
        alias = {key: value for key, value in self.alias().items() if key != "ResponseMetadata"}
        newest = self.client.get_function_configuration(FunctionName=self.name)
        return alias, self.versions(), newest["CodeSha256"]


@contextmanager
def functions_in(emulator: Emulator) -> Iterator[Functions]:
    """Make one, and hang up at the end."""
    made = Functions(emulator)
    yield made
    for each in made.opened:
        each.close()


def prepare(described: dict[str, Any]) -> Callable[[str], None]:
    """Prepare what is killed: a release that is deployed, has a part of the traffic, and goes live."""
    api.PAUSE = PAUSE
    artifact = Artifact.model_validate(described["artifact"])
    store = ArtifactStore(FolderObjects(Path(described["store"])))

    def deed(alias: str) -> None:
        target = LambdaFunction.model_validate({**described["target"], "alias": alias})
        with open_target(target, Access(key=KEY), "run-1", 1) as opened:
            host = opened.host("orders")
            host.deploy(artifact, store)
            host.shift(artifact.release_name, 10)
            host.switch(artifact.release_name)

    return deed

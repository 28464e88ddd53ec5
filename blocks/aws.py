"""How targets in AWS, or in what speaks its protocols, are reached."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from prefect.blocks.core import Block
from pydantic import Field, SecretStr

from blocks.keys import access_key
from sendoff.objects.s3.address import Access
from sendoff.spec.cloud import CloudTarget
from sendoff.spec.words import S3_SERVER
from sendoff.targets.load_balancer.machines import Machines
from sendoff.targets.opening import open_in_cloud, placed
from sendoff.targets.protocol import Hosts

if TYPE_CHECKING:
    from sendoff.targets.connection import Connection


class AwsConnection(Block):
    """Who asks AWS, or what speaks S3's protocol: a key or a profile, perhaps in a role."""

    _block_type_name = "Sendoff AWS connection"
    _block_type_slug = "sendoff-aws-connection"
    _description = "Who puts releases into AWS, and moves traffic there."

    access_key_id: str | None = Field(
        None, title="Access key ID", description="Empty: the profile below, else the worker's own credentials"
    )
    secret_access_key: SecretStr | None = Field(
        None, title="Secret access key", description="The secret that belongs to the access key"
    )
    profile: str | None = Field(
        None, title="Profile", description="The name of a profile in the AWS configuration of the worker"
    )
    role_arn: str | None = Field(
        None, title="Role", description="The ARN of a role that is taken on with these credentials, if any"
    )
    external_id: SecretStr | None = Field(
        None, title="External ID", description="What the role asks for from those who take it on, if anything"
    )
    endpoint: str | None = Field(
        None,
        title="Endpoint",
        description="The address of a server in place of AWS. Empty: what the release file says, else AWS",
        pattern=f"^({S3_SERVER})?$",
    )
    region: str | None = Field(
        None, title="Region", description="The region that it is in. Empty: what the release file says"
    )

    def connect(
        self, target: CloudTarget, by: str, token: int, behind: Mapping[str, Machines] | None = None
    ) -> Hosts:
        """Prepare the connection to a target, and to the hosts `behind` it; made when first used."""
        return open_in_cloud(
            target, self.access(), by, token, endpoint=self.endpoint, region=self.region, behind=behind
        )

    def metrics(self, target: CloudTarget) -> Connection:
        """Prepare to ask CloudWatch where a target is."""
        from sendoff.targets.connection import Connection  # noqa: PLC0415 -- boto3 takes a third of a second

        return Connection("cloudwatch", placed(target, self.endpoint, self.region), self.access())

    def access(self) -> Access:
        """Say who asks."""
        return Access(
            key=access_key(
                "Sendoff AWS connection",
                self.access_key_id,
                self.secret_access_key,
                "a profile or the worker's own",
            ),
            profile=self.profile or None,
            role_arn=self.role_arn or None,
            external_id=self.external_id or None,
        )

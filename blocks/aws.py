"""How a bucket with a static site is reached."""

from __future__ import annotations

from prefect.blocks.core import Block
from pydantic import Field, SecretStr

from blocks.keys import access_key
from sendoff.objects.s3.address import Access
from sendoff.spec.models import StaticSite
from sendoff.spec.words import S3_SERVER
from sendoff.targets.protocol import Hosts


class AwsConnection(Block):
    """Who asks AWS, or what speaks S3's protocol: a key or a profile, perhaps in a role."""

    _block_type_name = "Sendoff AWS connection"
    _block_type_slug = "sendoff-aws-connection"
    _description = "Who puts a static site into its bucket, and moves its pointer."

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
        description="The address of the S3 server. Empty: what the release file says, else AWS",
        pattern=f"^({S3_SERVER})?$",
    )
    region: str | None = Field(
        None, title="Region", description="The region of the bucket. Empty: what the release file says"
    )

    def connect(self, site: StaticSite, by: str, token: int) -> Hosts:
        """Prepare the connection to a site; it is made when it is first used."""
        from sendoff.targets.s3_site.site import open_site  # noqa: PLC0415 -- boto3 takes a third of a second

        return open_site(
            site, self.access(), by, token, endpoint=self.endpoint or None, region=self.region or None
        )

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

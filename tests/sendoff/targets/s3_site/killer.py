"""Children that deploy a release and make it live, and kill themselves at one of their requests.

`python killer.py DESCRIPTION` reads lines `[prefix, number of the request, "before" or "after"]`, and answers
each with how the child ended: 0, or the signal that killed it, as a negative number.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from sendoff.artifact.manifest import Artifact
from sendoff.objects import FolderObjects
from sendoff.objects.s3.address import Access, BucketAddress, Credentials
from sendoff.objects.s3.client import connect
from sendoff.spec.cloud import StaticSite
from sendoff.store import ArtifactStore
from sendoff.targets.s3_site import bucket
from sendoff.targets.s3_site.site import open_target


def child(described: dict[str, Any], client: Any, prefix: str, number: int, when: str) -> None:
    """Do all of it, unless killed on the way."""
    numbers = itertools.count()

    def die(**_: Any) -> None:
        if next(numbers) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    event = "before-send.s3" if when == "before" else "response-received.s3"
    client.meta.events.register(event, die)
    bucket.connect = lambda address, access: client
    artifact = Artifact.model_validate(described["artifact"])
    site = StaticSite(kind="s3-site", name="pages", bucket=described["bucket"], prefix=prefix)
    with open_target(site, Access(), "run-1", 1) as opened:
        host = opened.host("pages")
        host.deploy(artifact, ArtifactStore(FolderObjects(Path(described["store"]))))
        host.switch(artifact.release_name)


def main(described: dict[str, Any]) -> None:
    """Answer each line."""
    name, secret = described["key"]
    address = BucketAddress(name=described["bucket"], endpoint=described["endpoint"], region="us-east-1")
    client = connect(address, Credentials(access_key_id=name, secret_access_key=SecretStr(secret)))
    for line in sys.stdin:
        number = os.fork()
        if number == 0:
            try:
                child(described, client, *json.loads(line))
            except BaseException:
                os._exit(1)
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(number, 0)[1]), flush=True)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))

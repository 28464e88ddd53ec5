"""Opening objects: in a folder without what only S3 needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sendoff.objects.folder import FolderObjects
from sendoff.objects.opening import open_objects
from sendoff.objects.s3.address import BucketAddress
from sendoff.objects.s3.objects import S3Objects

FOLDER = """
import sys
from pathlib import Path
import blocks.lookup
from sendoff.objects.opening import open_objects
open_objects(Path("/nonexistent"), Path("/nonexistent")).has("a")
print({"boto3", "botocore"} & set(sys.modules))
"""


def test_kinds(tmp_path: Path) -> None:
    """A path is a folder, an address a bucket; neither is asked for anything yet."""
    assert isinstance(open_objects(tmp_path, tmp_path), FolderObjects)
    assert isinstance(open_objects(BucketAddress(name="nobody-made-it"), tmp_path), S3Objects)


def test_a_folder_is_light() -> None:
    """Who keeps artifacts in a folder does not wait for boto3, in no process."""
    done = subprocess.run([sys.executable, "-c", FOLDER], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"

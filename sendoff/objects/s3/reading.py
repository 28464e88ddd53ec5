"""Reading the times in answers of AWS: botocore's own way takes most of the time of a long listing."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from botocore.session import Session
from botocore.utils import parse_timestamp

ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")


def new_session() -> Session:
    """Make a session of botocore whose clients read times fast."""
    session = Session()
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=moment)
    return session


def moment(said: Any) -> datetime:
    """Read a time; what is not written as listings write it is left to botocore."""
    if isinstance(said, str) and ISO.fullmatch(said):
        return datetime.fromisoformat(said)
    return parse_timestamp(said)

"""What is right in a release file that is partly wrong, so that its rules are checked at once too."""

from __future__ import annotations

import copy
import json
from typing import Any

from pydantic import ValidationError

from sendoff.spec.document import Where
from sendoff.spec.findings import Finding, translate
from sendoff.spec.models import ReleaseFile
from sendoff.spec.rules import broken_rules

ROUNDS = 8
STAND_INS = {
    "application": "unknown",
    "owner": "unknown",
    "build": {"source": {"git": "."}, "command": ["true"], "output": "unknown"},
}
"""What stands in for keys at the top that are wrong or missing, and that rules elsewhere do not look at."""

ASIDE = {*STAND_INS, "description", "stakeholders", "notify", "environments"}


def rules_on_the_rest(data: Any, wrong: list[Finding]) -> list[Finding]:
    """Check the rules on what is right; says nothing of the mappings around what is wrong."""
    if not isinstance(data, dict):
        return []
    rest, around = {**STAND_INS, **copy.deepcopy(data)}, set[Where]()
    wheres = {_to_drop(each.where) for each in wrong if each.where}
    for _ in range(ROUNDS):
        if any(where in ((), ("environments",)) or _matters(where) for where in wheres):
            return []
        around |= {_set_aside(rest, where) for where in wheres}
        try:
            file = ReleaseFile.model_validate_json(json.dumps(rest), strict=True)
        except ValidationError as error:
            wheres = {_to_drop(each.where) for each in translate(error, ReleaseFile, {})}
            continue
        return [each for each in broken_rules(file) if not any(each.where[: len(at)] == at for at in around)]
    return []


def _matters(where: Where) -> bool:
    """Tell whether rules look at this key of the top; a key that nobody knows is merely set aside."""
    return where[0] in ReleaseFile.model_fields and where[0] not in ASIDE


def _to_drop(where: Where) -> Where:
    """Lists are dropped whole, so that the places of their other items stay true."""
    return where if not where or isinstance(where[-1], str) else where[:-1]


def _set_aside(rest: dict[str, Any], where: Where) -> Where:
    """Take out what is wrong; tells the part of the file that rules can then say nothing of."""
    top = str(where[0])
    if top != "environments":
        rest.pop(top, None)
        rest.update({top: STAND_INS[top]} if top in STAND_INS else {})
        return where[:1]
    _drop(rest, where)
    return where[:-1]


def _drop(data: Any, where: Where) -> None:
    for piece in where[:-1]:
        try:
            data = data[piece]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(data, dict):
        data.pop(where[-1], None)

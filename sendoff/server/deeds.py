"""What people do at Prefect's API, looked at and stamped on its way in."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sendoff.server import bodies
from sendoff.server.audit import Audit
from sendoff.server.bodies import Body
from sendoff.server.caller import Caller
from sendoff.server.inside import Inside
from sendoff.server.refusals import NotLetIn
from sendoff.server.roles import Right
from sendoff.server.stamping import Stamper
from sendoff.signers import CANCEL_LABEL, STAMP, START_LABEL

PEOPLE = uuid.UUID("5d2b31d0-8a3c-4b6e-9c3f-0f6b1c9a7e21")  # the names of people in it give them numbers


ANSWERERS: dict[str, tuple[Right, str]] = {
    "approval": ("approve", "somebody of an approver group"),
    "trouble": ("answer", "a releaser"),
}
"""Who may answer questions whose key begins so; others are weighed by whoever asks them."""


@dataclass(frozen=True)
class Deeds:
    """Each gives the body that is sent on; NotLetIn when nothing is."""

    inside: Inside
    stamper: Stamper
    audit: Audit

    async def start(self, caller: Caller, deployment: str, body: Body) -> Body:
        """Start a run of a deployment: a worker its own without a stamp, a person one with theirs."""
        if caller.user.is_worker:
            bodies.no_infrastructure(body)
            return body
        known = await self.inside.get(f"/deployments/{deployment}")
        if known is None:
            return body
        bodies.startable(known, "manage" in caller.user.rights)
        sent = bodies.start(body, known, caller.name)
        stamp = self.stamper.stamp(caller, "start", str(known["id"]), sent["parameters"])
        self._tell("start", caller, f"{known['name']} ({known['id']})")
        return {**sent, "labels": {START_LABEL: stamp}}

    async def deploy(self, _: Caller, deployment: str, body: Body) -> Body:
        """Register or change a deployment; its schedules are looked at by what it starts."""
        bodies.deployment(body)
        if body.get("schedules"):
            known = (await self.inside.get(f"/deployments/{deployment}") or {}) if deployment else {}
            bodies.schedulable({**known, **body}, body["schedules"])
        return body

    async def schedule(self, _: Caller, deployment: str, body: Any) -> Any:
        """Make or change schedules of a deployment."""
        if known := await self.inside.get(f"/deployments/{deployment}"):
            bodies.schedulable(known, body)
        return body

    async def automate(self, _: Caller, automation: str, body: Body) -> Body:
        """Make or change an automation; what it starts has to be what its maker, an admin, may start."""
        bodies.no_infrastructure(body)
        for deployment in bodies.started_by(body):
            if known := await self.inside.get(f"/deployments/{deployment}"):
                bodies.startable(known, is_admin=True)
        return body

    async def answer(self, caller: Caller, run: str, body: Body) -> Body:
        """Answer a question of a run: an approval asks for other rights than what to do where it broke."""
        if caller.user.is_worker:
            return body
        known = await self.inside.get(f"/flow_runs/{run}")
        if known is None:
            raise NotLetIn(f"{run}: is no run here, expected one that waits for an answer", 404)
        details = (known.get("state") or {}).get("state_details") or {}
        key, form = str(details.get("pause_key") or ""), details.get("run_input_keyset")
        if not form:
            return {}
        needed, whom = ANSWERERS.get(key.partition("-")[0], (None, ""))
        if needed and needed not in caller.user.rights:
            raise NotLetIn(f"{caller.name}: may not answer {key!r}, expected {whom}")
        said = bodies.answer(body)
        schema = await self.inside.get(f"/flow_runs/{known['id']}/input/{form['schema']}")
        if STAMP not in ((schema or {}).get("properties") or {}):
            raise NotLetIn(
                f"{key}: its form takes no stamp, as this run's worker does not know the key of this server, "
                "expected it to; set SENDOFF_SIGNED_BY there",
                409,
            )
        said |= {STAMP: self.stamper.stamp(caller, "answer", str(known["id"]), said, key)}
        self._tell("answer", caller, f"{key} of {known['id']}")
        return {"run_input": said}

    async def set_state(self, caller: Caller, run: str, body: Body) -> Body:
        """Cancel a run, of what people start unless an admin does; no other state is set by people."""
        if caller.user.is_worker:
            return body
        sent = bodies.cancel(body, caller.name)
        known = await self.inside.get(f"/flow_runs/{run}")
        if known is None:
            return sent
        if "manage" not in caller.user.rights:
            bodies.cancellable(known, await self.inside.get(f"/flows/{known.get('flow_id')}"))
        stamp = self.stamper.stamp(caller, "cancel", str(known["id"]), {})
        await self.inside.patch(f"/flow_runs/{known['id']}/labels", {CANCEL_LABEL: stamp})
        self._tell("cancel", caller, str(known["id"]))
        return sent

    def unlock(self, caller: Caller, body: Body) -> Body:
        """Give a stamp of an unlock, for the command line that carries it out."""
        said = {name: str(body.get(name) or "") for name in ("resource", "reason", "release")}
        if not all(said.values()):
            raise NotLetIn("unlock: resource, reason and release are needed; say all three", 422)
        self._tell("unlock", caller, f"{said['resource']}: {said['reason']}")
        return {STAMP: self.stamper.stamp(caller, "unlock", said["release"], said)}

    def _tell(self, what: Any, caller: Caller, said: str) -> None:
        self.audit.write(what, caller.name, caller.address, said)


Deed = Callable[[Caller, str, Any], Awaitable[Any]]


def number_of(name: str) -> str:
    """Give the number under which Prefect shows somebody."""
    return str(uuid.uuid5(PEOPLE, name))

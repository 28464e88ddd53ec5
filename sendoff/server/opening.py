"""Put the sign-in together, around Prefect's app."""

from __future__ import annotations

from starlette.types import ASGIApp

from sendoff.server.app import SignedIn
from sendoff.server.audit import Audit
from sendoff.server.door import Door
from sendoff.server.inside import Inside
from sendoff.server.keys import key_pair
from sendoff.server.settings import ServerSettings
from sendoff.server.stamping import Stamper
from sendoff.server.users import UsersFile


def behind_sign_in(app: ASGIApp, secret: str, settings: ServerSettings) -> SignedIn:
    """Put an app behind the sign-in; BadInput when one of the files is wrong.

    Args:
        app: Prefect's app
        secret: What that app itself asks for, `name:password`; nobody outside this process knows it
        settings: Where users, key and audit are, and who stands in front
    """
    stamper, users = Stamper(key_pair(settings.folder)), UsersFile(settings.users)
    users.all()
    audit = Audit(settings.audit)
    return SignedIn(Inside(app, secret), Door(users, settings.proxies(), audit), stamper, audit)

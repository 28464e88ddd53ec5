"""Tell who a request is from: by name and password, or by what a trusted proxy says."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from sendoff.errors import BadInput
from sendoff.server.audit import Audit
from sendoff.server.caller import Caller, header
from sendoff.server.proxies import Proxies
from sendoff.server.refusals import NotLetIn
from sendoff.server.throttle import Throttle
from sendoff.server.users import LONGEST, User, UsersFile, fits

KNOWN = 1000  # credentials that were right are not hashed again, until the user changes: so many
AT_ONCE = 2  # passwords that are hashed at a time; each takes 64 MiB
LOGGER = logging.getLogger(__name__)
WRONG = "sign-in: name or password is wrong, expected those of a user here; type NAME:PASSWORD"


class Door:
    """Looks at each request; wrong passwords are written down, and wait longer each time."""

    def __init__(
        self,
        users: UsersFile,
        proxies: Proxies,
        audit: Audit,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._users, self._proxies, self._audit = users, proxies, audit
        self._throttle = Throttle(clock)
        self._key = secrets.token_bytes()  # what is kept here says nothing of a password to anybody else
        self._right: OrderedDict[bytes, str] = OrderedDict()
        self._hashing = asyncio.Semaphore(AT_ONCE)

    async def who(self, scope: Any) -> Caller:
        """Tell who asks by HTTP; NotLetIn when nobody who is known does."""
        return self._by_proxy(scope) or await self.by_credentials(
            scope, _basic(header(scope, "authorization"))
        )

    async def who_says(self, scope: Any, token: str) -> Caller:
        """Tell who opens a websocket, by its first message."""
        return self._by_proxy(scope) or await self.by_credentials(scope, token)

    async def by_credentials(self, scope: Any, credentials: str) -> Caller:
        """Check NAME:PASSWORD; NotLetIn when it is wrong, or when it is too early to try again."""
        address = self._proxies.address(scope)
        name, colon, password = credentials.partition(":")
        if not colon:
            raise NotLetIn("sign-in: nobody is signed in, expected NAME:PASSWORD; sign in", 401)
        user = self._find(name)
        if user and self._was_right(credentials, user):
            return Caller(name, user, address)
        if await self._check(name, password, user, address) and user:
            self._keep(credentials, user)
            return Caller(name, user, address)
        raise NotLetIn(WRONG, 401)

    def is_still(self, caller: Caller) -> bool:
        """Tell whether a user is who they were when they came: not removed, not changed."""
        return self._find(caller.name) == caller.user

    def comes_by_proxy(self, scope: Any) -> bool:
        """Tell whether a trusted proxy says who this is; NotLetIn when somebody pretends to be it."""
        return self._proxies.says(scope) is not None

    def _find(self, name: str) -> User | None:
        try:
            return self._users.find(name)
        except (BadInput, OSError) as error:
            LOGGER.error("%s", error)
            raise NotLetIn("sign-in: nobody can sign in now; the log of this server says why", 503) from None

    def _by_proxy(self, scope: Any) -> Caller | None:
        name = self._proxies.says(scope)
        if name is None:
            return None
        user = self._find(name)
        address = self._proxies.address(scope)
        if user is None or user.is_worker:
            self._audit.write("not trusted", name, address, "the proxy names somebody who is no person here")
            raise NotLetIn(
                f"sign-in: {name!r} has no account here; ask an administrator for `sendoff users`", 401
            )
        return Caller(name, user, address, by_proxy=True)

    async def _check(self, name: str, password: str, user: User | None, address: str) -> bool:
        if wait := self._throttle.wait(name, address):
            raise NotLetIn(
                f"sign-in: too many wrong passwords, expected a pause; try again in {wait:.0f} s", 429, wait
            )
        self._throttle.tried(name, address)
        known = user.password if user else ""
        if len(password) <= LONGEST:
            async with self._hashing:
                if await asyncio.to_thread(fits, password, known):
                    self._throttle.was_right(name, address)
                    return True
        wait = self._throttle.wait(name, address)
        slowed = f"; next try in {wait:.0f} s" if wait else ""
        self._audit.write("wrong password", name, address, f"name or password is wrong{slowed}")
        return False

    def _was_right(self, credentials: str, user: User) -> bool:
        sealed = self._sealed(credentials)
        if self._right.get(sealed) != user.password:
            return False
        self._right.move_to_end(sealed)
        return True

    def _keep(self, credentials: str, user: User) -> None:
        self._right[self._sealed(credentials)] = user.password
        while len(self._right) > KNOWN:
            self._right.popitem(last=False)

    def _sealed(self, credentials: str) -> bytes:
        return hmac.digest(self._key, credentials.encode(), hashlib.sha256)


def _basic(value: str) -> str:
    scheme, _, words = value.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(words, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""

"""`sendoff users`: who may sign in, with which roles, and in which groups."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from sendoff.errors import BadInput, PolicyRefused, Problem
from sendoff.server.keys import PUBLIC, key_pair
from sendoff.server.roles import RIGHTS, Role
from sendoff.server.settings import ServerSettings
from sendoff.server.users import User, UsersFile, generated, hashed, named

ROLES = click.Choice(list(RIGHTS))


@click.group()
def users() -> None:
    """Manage who may sign in at `sendoff server`; passwords are asked for, or read from standard input."""


@users.command()
@click.argument("name")
@click.option("--role", "roles", multiple=True, type=ROLES, help="What they may do; may be repeated.")
@click.option("--group", "groups", multiple=True, help="A group whose approvals they answer; repeatable.")
@click.option("--generate", is_flag=True, help="Make a password and print it, for a service account.")
@click.option("--no-password", is_flag=True, help="Only a trusted proxy signs them in.")
def add(
    name: str, roles: tuple[Role, ...], groups: tuple[str, ...], generate: bool, no_password: bool
) -> None:
    """Add a user."""
    user = _user({"roles": roles, "groups": groups}, named(name))
    if not user.rights:
        raise click.UsageError("give at least one --role or --group")
    file = _file()
    if file.find(name):
        raise PolicyRefused(f"user {name!r}: is there already; change it with `sendoff users roles {name} …`")
    password = generated() if generate else "" if no_password else _asked()
    kept = "" if no_password else hashed(password)

    def change(all_users: dict[str, User]) -> None:
        all_users[name] = user.model_copy(update={"password": kept})

    file.change(change)
    click.echo(f"{name}: added ({_told(user)})", err=generate)
    if generate:
        click.echo(f"{name}:{password}")


@users.command()
@click.argument("name")
def remove(name: str) -> None:
    """Remove a user; they are out at once."""

    def change(all_users: dict[str, User]) -> None:
        _known(all_users, name)
        del all_users[name]

    _file().change(change)
    click.echo(f"{name}: removed")


@users.command("list")
def list_users() -> None:
    """List all users."""
    for name, user in sorted(_file().all().items()):
        click.echo(f"{name}: {_told(user)}{'' if user.password else ', signed in by a proxy only'}")


@users.command()
@click.argument("name")
def password(name: str) -> None:
    """Give a user another password; the old one is out at once."""
    file = _file()
    _known(file.all(), name)
    _change(name, password=hashed(_asked()))
    click.echo(f"{name}: has another password")


@users.command()
@click.argument("name")
@click.argument("roles", nargs=-1, type=ROLES)
def roles(name: str, roles: tuple[Role, ...]) -> None:
    """Give a user these ROLES, and no others."""
    click.echo(f"{name}: {_told(_change(name, roles=roles))}")


@users.command()
@click.argument("name")
@click.argument("groups", nargs=-1)
def groups(name: str, groups: tuple[str, ...]) -> None:
    """Put a user into these GROUPS, and no others."""
    click.echo(f"{name}: {_told(_change(name, groups=groups))}")


@users.command()
def key() -> None:
    """Print the public key that proves who did something; the pair is made when there is none."""
    folder = ServerSettings.read(os.environ).folder
    key_pair(folder)
    click.echo((folder / PUBLIC).read_text("ascii"), nl=False)


def _file() -> UsersFile:
    return UsersFile(ServerSettings.read(os.environ).users)


def _change(name: str, **changes: Any) -> User:
    def change(all_users: dict[str, User]) -> None:
        all_users[name] = _user({**dict(_known(all_users, name)), **changes}, name)

    file = _file()
    file.change(change)
    return file.all()[name]


def _user(fields: dict[str, Any], name: str) -> User:
    try:
        return User.model_validate(fields)
    except ValueError as error:
        first = error.errors(include_input=False)[0] if hasattr(error, "errors") else {"msg": str(error)}
        raise BadInput([Problem("users", 0, name, str(first["msg"]).lower())]) from None


def _known(all_users: Any, name: str) -> User:
    user = all_users.get(name)
    if not isinstance(user, User):
        raise PolicyRefused(f"user {name!r}: is not known, expected one of `sendoff users list`")
    return user


def _asked() -> str:
    """Ask for a password on a terminal, else read a line; it is never an argument, which others could see."""
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")


def _told(user: User) -> str:
    words = [f"roles {', '.join(user.roles)}"] if user.roles else []
    words += [f"groups {', '.join(user.groups)}"] if user.groups else []
    return "; ".join(words) or "may do nothing"

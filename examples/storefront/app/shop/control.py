"""The commands of `bin/storefront`."""

from __future__ import annotations

import argparse
import logging
import logging.handlers
import os
import sys
from pathlib import Path

from shop import service
from shop.tree import Tree

LOG_BYTES = 500_000


def main(root: Path) -> int:
    """Do what the command line says; 0 when it is so, 1 when not, 3 for the status of what is stopped."""
    said = _parser(root).parse_args()
    try:
        return int(said.does(Tree(root), said))
    except (service.ServiceError, OSError) as error:
        print(f"storefront: {error}", file=sys.stderr)
        return 1


def start(tree: Tree, said: argparse.Namespace) -> int:
    """Start this version, unless it runs already."""
    command = [str(tree.root / "bin" / "storefront"), "serve", "--port", str(said.port)]
    command += ["--state", str(said.state), "--address", said.address, "--data", str(said.data)]
    print("running:", service.Service(said.state).start(command, said.port, tree.version))
    return 0


def stop(tree: Tree, said: argparse.Namespace) -> int:
    """Stop what runs, whatever its version."""
    stopped = service.Service(said.state).stop()
    print("stopped:", stopped or "nothing was running")
    return 0


def restart(tree: Tree, said: argparse.Namespace) -> int:
    """Put this version in the place of what runs."""
    stop(tree, said)
    return start(tree, said)


def status(tree: Tree, said: argparse.Namespace) -> int:
    """Say what runs."""
    running = service.Service(said.state).running()
    print(f"running: {running}" if running else "stopped")
    return 0 if running else 3


def serve(tree: Tree, said: argparse.Namespace) -> int:
    """Serve in the foreground."""
    from shop import server  # noqa: PLC0415  the self-test must bear one that does not compile

    log = logging.handlers.RotatingFileHandler(said.state / "log", maxBytes=LOG_BYTES, backupCount=1)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", handlers=[log])
    listening = server.ShopServer((said.address, said.port), tree, said.data)
    if said.ready_fd is not None:
        os.write(said.ready_fd, b"!")
        os.close(said.ready_fd)
    logging.info("version %s listens on %s:%d", tree.version, said.address, said.port)
    server.serve(listening)
    logging.info("version %s has stopped", tree.version)
    return 0


def selftest(tree: Tree, said: argparse.Namespace) -> int:
    """Check the tree before it goes live: as it was built, and all of it compiles."""
    problems = [*tree.problems(), *tree.uncompilable()]
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems:
        print(f"version {tree.version}: the tree is whole")
    return 1 if problems else 0


def _parser(root: Path) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="storefront", description="Run the shop.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for does in (start, stop, restart, status, serve, selftest):
        command = commands.add_parser(does.__name__, help=does.__doc__, description=does.__doc__)
        command.set_defaults(does=does)
        if does is not selftest:
            command.add_argument("--state", type=_folder, required=True, help="where pid file and log lie")
        if does in (start, restart, serve):
            command.add_argument("--port", type=int, required=True)
            command.add_argument("--address", default="127.0.0.1")
            command.add_argument("--data", type=_folder, default=root / "data", help="where orders are kept")
        if does is serve:
            command.add_argument("--ready-fd", type=int, help="told when the port is listened on")
    return parser


def _folder(text: str) -> Path:
    return Path(text).absolute()

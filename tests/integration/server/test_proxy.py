"""The examples of HAProxy in front of the server: TLS, and certificates that sign people in."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from examples.ports import free_port
from examples.production.programs import find

SignedIn = Any  # the class stands in conftest.py, which tests do not import
EXAMPLES = Path(__file__).parents[3] / "examples" / "sign-in"
pytestmark = [pytest.mark.prefect, pytest.mark.xdist_group("signed-in"), pytest.mark.timeout(2400)]


class Authority:
    """Gives certificates to a server and to people."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"authority {folder.name}")])
        self.file = folder / "authority.pem"
        self.file.write_bytes(self._sign(self._name, self._key, True).public_bytes(Encoding.PEM))

    def give(self, name: str) -> Path:
        """Give a certificate with its key, in one file."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        words = self._sign(subject, key, False).public_bytes(Encoding.PEM)
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path = self.folder / f"{name}.pem"
        path.write_bytes(words + secret)
        return path

    def _sign(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, is_authority: bool
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(names, critical=False)
            .sign(self._key, hashes.SHA256())
        )


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def trusted(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority.file))


@pytest.fixture(scope="module")
def proxy(
    server: SignedIn, authority: Authority, eventually: Callable[..., Any]
) -> Iterator[Callable[..., str]]:
    """Start an example as it stands; gives the address of the API behind it."""
    started: list[str] = []

    def start(example: str, more: Mapping[str, str] = {}) -> str:
        port = free_port()
        environ = {
            "LISTEN": f"127.0.0.1:{port}",
            "CERTIFICATE": str(authority.give("server")),
            "SERVER": f"127.0.0.1:{server.stack.workspace.ui_port}",
            **more,
        }
        command = (str(find("haproxy", "haproxy")), "-db", "-f", str(EXAMPLES / example))
        server.stack.processes.start(example, command, environ)
        started.append(example)
        context = ssl.create_default_context(cafile=str(authority.file))

        def answers() -> bool:
            try:
                return httpx.get(f"https://127.0.0.1:{port}/api/health", verify=context).is_success
            except httpx.TransportError:
                return False

        eventually(answers, f"{example} answers", 30)
        return f"https://127.0.0.1:{port}/api"

    yield start
    server.stack.processes.end(*started)


@pytest.fixture(scope="module")
def tls(proxy: Callable[..., str]) -> str:
    return proxy("haproxy.cfg")


@pytest.fixture(scope="module")
def single(proxy: Callable[..., str], server: SignedIn, authority: Authority) -> str:
    secret = (server.folder / "proxy.secret").read_text().strip()
    return proxy("single-sign-on.cfg", {"PEOPLE": str(authority.file), "SECRET": secret})


def test_people_sign_in_over_tls(server: SignedIn, tls: str, trusted: ssl.SSLContext) -> None:
    """The server knows where they are from, whatever they say."""
    vera = server["vera"]
    lie = {"x-forwarded-for": "203.0.113.9"}
    answer = httpx.get(f"{tls}/version", auth=("vera", vera.password), headers=lie, verify=trusted)
    assert answer.status_code == 200
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    httpx.get(f"{tls}/version", auth=("nobody-here", "wrong password"), headers=lie, verify=trusted)
    line = next(line for line in server.audit if line["who"] == "nobody-here")
    assert line["address"] == "127.0.0.1"


def test_nobody_pretends_to_be_the_proxy(server: SignedIn, tls: str, trusted: ssl.SSLContext) -> None:
    """Its headers are taken away, and without it they are refused."""
    lie = {"x-sendoff-user": "adam", "x-sendoff-secret": (server.folder / "proxy.secret").read_text().strip()}
    assert httpx.get(f"{tls}/sendoff/me", headers=lie, verify=trusted).status_code == 401
    guess = lie | {"x-sendoff-secret": "guessed, guessed, guessed"}
    assert httpx.get(f"{server['vera'].api}/sendoff/me", headers=guess).status_code == 401


def test_a_websocket_over_tls(server: SignedIn, tls: str, trusted: ssl.SSLContext) -> None:
    """It goes through the proxy as well."""

    async def first() -> Any:
        address = f"{tls.replace('https', 'wss', 1)}/events/out"
        protocols = [websockets.Subprotocol("prefect")]
        async with websockets.connect(address, subprotocols=protocols, ssl=trusted) as opened:
            await opened.send(json.dumps({"type": "auth", "token": server["vera"].credentials}))
            return json.loads(await asyncio.wait_for(opened.recv(), 20))

    assert asyncio.run(first()) == {"type": "auth_success"}


def test_a_certificate_signs_in(
    server: SignedIn, single: str, authority: Authority, tmp_path: Path, trusted: ssl.SSLContext
) -> None:
    """Whoever has one is who it names, if there is such a user; whoever has none needs a password."""

    def me(context: ssl.SSLContext, **more: Any) -> httpx.Response:
        return httpx.get(f"{single}/sendoff/me", verify=context, **more)

    def holds(certificate: Path) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(authority.file))
        context.load_cert_chain(certificate)
        return context

    pam = me(holds(authority.give("pam")))
    assert pam.json() == {"name": "pam", "roles": [], "groups": ["product"]}
    page = httpx.get(f"{single.removesuffix('/api')}/ui-settings", verify=holds(authority.give("pam")))
    assert page.json()["auth"] is None
    assert me(holds(authority.give("stranger"))).status_code == 401
    assert me(holds(authority.give("worker-1"))).status_code == 401
    assert me(trusted).status_code == 401
    assert me(trusted, auth=("vera", server["vera"].password)).json()["name"] == "vera"
    with pytest.raises(httpx.TransportError):
        me(holds(Authority(tmp_path).give("pam")))

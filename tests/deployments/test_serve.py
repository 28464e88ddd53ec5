"""How the server is put together: what it takes from its environment, and what not."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import prefect.server.api.server as prefect_server
import pytest
import uvicorn
from prefect.settings.models.server.ui import ServerUISettings as UISettings

from deployments import serve as module
from deployments.serve import main
from sendoff.server.app import SignedIn


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Serve nothing, and remember what would have been."""
    seen = SimpleNamespace(app=None, options={}, made={})
    seen.environ = {"SENDOFF_SERVER_FOLDER": str(tmp_path / "server")}
    monkeypatch.setattr(module, "os", SimpleNamespace(environ=seen.environ))
    monkeypatch.setattr(prefect_server, "create_app", lambda **made: seen.made.update(made) or "app")
    monkeypatch.setattr(uvicorn, "run", lambda app, **options: seen.__dict__.update(app=app, options=options))
    return seen


def test_the_secret_is_its_own(served: Any) -> None:
    """Nothing outside knows what Prefect's app asks for, and no other client's settings are taken over."""
    served.environ |= {
        "PREFECT_SERVER_API_AUTH_STRING": "known:outside",
        "PREFECT_API_URL": "http://elsewhere/api",
        "PREFECT_SERVER_API_BASE_PATH": "/elsewhere",
        "PREFECT_API_AUTH_STRING": "rob:password",
    }
    assert main("127.0.0.1", "4200") == 0
    first = served.environ["PREFECT_SERVER_API_AUTH_STRING"]
    main("127.0.0.1", "4200")
    assert "known" not in first
    assert first != served.environ["PREFECT_SERVER_API_AUTH_STRING"]
    assert not {*module.NOT_OURS} & served.environ.keys()


def test_pages_ask_where_they_came_from(served: Any) -> None:
    """Whatever the server is called from outside, in either of Prefect's spellings."""
    served.environ |= {"PREFECT_SERVER_UI_API_URL": "http://a/api", "PREFECT_UI_API_URL": "http://b/api"}
    main("127.0.0.1", "4200")
    assert UISettings.model_validate(_named(served.environ)).api_url == "/api"


def _named(environ: dict[str, str]) -> dict[str, str]:
    """Spell variables as Prefect does once it has read them."""
    return {name.lower(): value for name, value in environ.items()}


def test_prefect_is_behind_the_sign_in(served: Any) -> None:
    """On that address, without believing headers of whoever comes."""
    main("127.0.0.1", "4200")
    assert isinstance(served.app, SignedIn)
    wanted = {"host": "127.0.0.1", "port": 4200, "proxy_headers": False, "ssl_certfile": None}
    assert wanted.items() <= served.options.items()
    assert served.made == {"final": True, "webserver_only": False}


def test_words(served: Any) -> None:
    """TLS, and no services."""
    main("0.0.0.0", "443", "--no-services", "--tls", "cert.pem", "key.pem")  # noqa: S104 -- nothing listens
    wanted = {"ssl_certfile": "cert.pem", "ssl_keyfile": "key.pem"}
    assert wanted.items() <= served.options.items()
    assert served.made["webserver_only"] is True


def test_what_is_wrong_is_told(served: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A users' file that others may read: nothing is served."""
    (tmp_path / "server").mkdir()
    (tmp_path / "server" / "users.yaml").touch(mode=0o644)
    assert main("127.0.0.1", "4200") == 2
    assert "may be read by others" in capsys.readouterr().err
    assert served.app is None

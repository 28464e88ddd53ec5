"""moto's server. By itself it lists its own modules at each request, for a third of its time; here, once."""

from __future__ import annotations

from moto import backends, server

if __name__ == "__main__":
    modules = frozenset(backends.list_of_moto_modules())
    backends.list_of_moto_modules = lambda: modules
    server.main()

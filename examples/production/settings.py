"""The settings of each part: who needs which, and nobody gets the password of what they do not need."""

from __future__ import annotations

from examples.production.place import APIS, BUCKET, PREFIX, Place
from examples.production.seaweedfs import REGION

PATIENT_WORKER = {
    "PREFECT_WORKER_QUERY_SECONDS": "2",
    # A server that lost Redis or its database answers with 500. A worker asks each question again for a
    # minute, and gives up, with all its runs, after a dozen. `sendoff register` says how long runs ask.
    "PREFECT_CLIENT_RETRY_EXTRA_CODES": "500,504",
}


def of_servers(place: Place, name: str) -> dict[str, str]:
    """Give those of the process for the services; an API server has more."""
    redis = f"redis://default:{place.passwords['redis']}@127.0.0.1:{place.ports['redis']}/0"
    return {
        **_home(place, name),
        "PREFECT_API_DATABASE_CONNECTION_URL": _database(place, "postgresql+asyncpg", "prefect"),
        # A command does the one before any server starts, the first server the other: several would collide.
        "PREFECT_API_DATABASE_MIGRATE_ON_START": "false",
        "PREFECT_API_BLOCKS_REGISTER_ON_START": str(name == APIS[0]).lower(),
        # What happens at one server has to reach the services, and whoever watches at the other server.
        "PREFECT_MESSAGING_BROKER": "prefect_redis.messaging",
        "PREFECT_MESSAGING_CACHE": "prefect_redis.messaging",
        "PREFECT_SERVER_EVENTS_CAUSAL_ORDERING": "prefect_redis.ordering",
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect_redis.lease_storage",
        "PREFECT_SERVER_WORKER_CHANNEL_CLEANUP_QUEUE_STORAGE": "prefect_redis.cleanup_queue",
        "PREFECT_REDIS_MESSAGING_URL": redis,
        "PREFECT_REDIS_WORKER_CLEANUP_QUEUE_URL": redis,  # it does not look at the one above
    }


def of_api(place: Place, name: str) -> dict[str, str]:
    """Give those of an API server: both have the users and the key, each an audit of its own."""
    return {
        **of_servers(place, name),
        "SENDOFF_SERVER_FOLDER": str(place.sign_in),
        "SENDOFF_SERVER_AUDIT": str(place.sign_in / f"audit-{name}.jsonl"),
        "SENDOFF_SERVER_PROXIES": "127.0.0.1",
    }


def of_clients(place: Place, name: str) -> dict[str, str]:
    """Give those of a worker or a terminal, each with an account and homes of its own."""
    return {
        **_home(place, name),
        "PREFECT_API_URL": place.api,  # HAProxy
        "PREFECT_API_AUTH_STRING": place.credentials[name],
        "SENDOFF_SIGNED_BY": str(place.public_key),
        **PATIENT_WORKER,
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
        "SENDOFF_HOME": str(place.home(name) / "sendoff"),
        "SENDOFF_CATALOG": str(place.catalog),
        "SENDOFF_LEDGER": _database(place, "postgresql", "ledger"),
        "SENDOFF_STORE": f"s3://{BUCKET}/{PREFIX}",
        "AWS_ENDPOINT_URL": place.s3.endpoint,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": place.s3.worker.access_key_id,
        "AWS_SECRET_ACCESS_KEY": place.s3.worker.secret_access_key.get_secret_value(),
    }


def _home(place: Place, name: str) -> dict[str, str]:
    """Give what all have: a home, and where people look."""
    return {"PREFECT_HOME": str(place.home(name) / "prefect"), "PREFECT_UI_URL": place.ui}


def _database(place: Place, driver: str, name: str) -> str:
    """Name a database; the password is in a file, and in no variable that a process hands on."""
    where = f"127.0.0.1:{place.ports['postgresql']}"
    return f"{driver}://{name}@{where}/{name}?passfile={place.passfile(name)}"

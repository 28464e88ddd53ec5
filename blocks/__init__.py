"""Prefect blocks: typed connections and credentials, one `connect()` each."""

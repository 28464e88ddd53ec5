"""What is registered with a Prefect server: blocks, the work pool, deployments and schedules."""

"""One durable verb each: read facts, decide, act, read back, record."""

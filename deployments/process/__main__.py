"""Run Prefect's engine, sooner where that can be."""

from __future__ import annotations

import sys

from deployments.process.stand_in import hand_over

if __name__ == "__main__":
    ended = hand_over()
    if ended is None:
        from deployments.process import engine

        engine.load()
        engine.run()
    sys.exit(ended)

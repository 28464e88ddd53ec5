"""Which events people and programs are told of, and in which words. Pure."""

from sendoff.telling.notice import Notice, notice_of
from sendoff.telling.occasions import due, occasions_of
from sendoff.telling.outbox import untold

__all__ = ["Notice", "due", "notice_of", "occasions_of", "untold"]

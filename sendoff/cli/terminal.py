"""What the commands print on, and how they tell times."""

from __future__ import annotations

from datetime import datetime

from rich.console import Console
from rich.text import Text

from sendoff.report.emergency import EMERGENCY

UNBOUND = 1000


def plain_console() -> Console:
    """Print text as it is; colours on a terminal only, and no line is broken for another program."""
    console = Console(markup=False, highlight=False, emoji=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = UNBOUND
    return console


def alarming(text: str) -> Text:
    """Show a text as it is, the mark of an emergency in red."""
    shown = Text(text, overflow="fold")
    shown.highlight_words([EMERGENCY], "bold red")
    return shown


def told(at: datetime, now: datetime) -> str:
    """Tell a moment in local time; today's without the date."""
    local = at.astimezone()
    form = "%H:%M" if local.date() == now.astimezone().date() else "%Y-%m-%d %H:%M"
    return local.strftime(form)

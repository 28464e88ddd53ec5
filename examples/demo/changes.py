"""What happened to the storefront, commit by commit: each change is made to the sources themselves."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sendoff.errors import BadInput, Problem

PRIYA, SAM, ALEX = "Priya Nair", "Sam Okafor", "Alex Lind"
SIDE = "one-price-list-a-currency"
SVG = '<svg viewBox="0 0 120 90" role="img" aria-label="{}">{}</svg>\n'
KETTLE = SVG.format(
    "A kettle",
    '<path d="M38 74V48a22 22 0 0 1 44 0v26z" fill="#3d5a80"/>'
    '<path d="M82 52l16-12v10L82 66z" fill="#3d5a80"/>'
    '<path d="M42 34a18 14 0 0 1 36 0" fill="none" stroke="#293241" stroke-width="4"/>'
    '<circle cx="60" cy="24" r="4" fill="#ee6c4d"/>',
)
GIFT_CARD = SVG.format(
    "A gift card",
    '<rect x="20" y="22" width="80" height="48" rx="6" fill="#b56576"/>'
    '<path d="M44 22v48M20 44h80" stroke="#fff" stroke-width="5"/>',
)
BANNER = """\
.banner { background: #f2e3c6; color: #22333b; border-radius: .6rem; padding: .6rem 1rem; }
"""
DARK = """\
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e4da; --paper: #16211f; --card: #1f2d2a; --sea: #7fb5a8; --line: #33443f; }
}
"""


@dataclass(frozen=True)
class Change:
    """One commit: who made it, when, why, and what it does to the sources."""

    author: str
    at: str
    subject: str
    apply: Callable[[Path], None]
    version: str | None = None
    branch: str = "main"


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    if text.count(old) != 1:
        raise BadInput([Problem(str(path), 0, "", f"has {old!r} {text.count(old)} times", "once")])
    path.write_text(text.replace(old, new), "utf-8")


def _sell(repository: Path, product: dict[str, str], cents: int, image: str) -> None:
    products, prices = repository / "products.json", repository / "prices.json"
    shelf = [*json.loads(products.read_text("utf-8")), product]
    lines = ",\n".join(f"  {json.dumps(each, ensure_ascii=False)}" for each in shelf)
    products.write_text(f"[\n{lines}\n]\n", "utf-8")
    listed = json.loads(prices.read_text("utf-8")) | {product["id"]: cents}
    prices.write_text(json.dumps(listed, indent=2) + "\n", "utf-8")
    (repository / "images" / product["image"]).write_text(image, "utf-8")


def _style(repository: Path, rules: str) -> None:
    with (repository / "static" / "app.css").open("a", encoding="utf-8") as css:
        css.write(rules)


def _open_the_shop(repository: Path) -> None:
    (repository / "bin" / "storefront").chmod(0o755)


def _say_where_to(repository: Path) -> None:
    _replace(
        repository / "templates" / "index.html",
        "<footer>Harbour Goods, version $version</footer>",
        "<footer>We send to all of Europe. Harbour Goods, version $version</footer>",
    )


def _sell_the_kettle(repository: Path) -> None:
    kettle = {
        "id": "kettle",
        "name": "Enamel kettle",
        "about": "Two litres, for any stove.",
        "image": "kettle.svg",
    }
    _sell(repository, kettle, 4200, KETTLE)


def _sell_gift_cards(repository: Path) -> None:
    card = {
        "id": "gift-card",
        "name": "Gift card",
        "about": "For when only they know.",
        "image": "gift-card.svg",
    }
    _sell(repository, card, 5000, GIFT_CARD)


def _announce_free_returns(repository: Path) -> None:
    _replace(
        repository / "templates" / "index.html",
        "<main>\n",
        '<main>\n<p class="banner">New: send anything back within 60 days, free of charge.</p>\n',
    )
    _style(repository, BANNER)


def _move_the_prices(repository: Path) -> None:
    """Move the price list to a folder of its own; that the build copies no such folder is the bug."""
    (repository / "prices").mkdir()
    (repository / "prices.json").rename(repository / "prices" / "eur.json")
    _replace(repository / "shop" / "prices.py", 'PRICES = "prices.json"', 'PRICES = "prices/eur.json"')


def _add_dark_colours(repository: Path) -> None:
    _style(repository, DARK)


CHANGES = (
    Change(PRIYA, "2026-03-02T09:12:00+01:00", "Open the shop", _open_the_shop),
    Change(ALEX, "2026-03-09T14:40:00+01:00", "Say where we send to", _say_where_to, "2.3.0"),
    Change(SAM, "2026-04-14T11:05:00+02:00", "Sell the enamel kettle", _sell_the_kettle),
    Change(PRIYA, "2026-04-21T16:30:00+02:00", "Sell gift cards", _sell_gift_cards, "2.4.0"),
    Change(SAM, "2026-05-06T10:20:00+02:00", "Announce free returns", _announce_free_returns, "2.4.1"),
    Change(
        ALEX, "2026-05-11T17:55:00+02:00", "Keep one price list a currency", _move_the_prices, "broken", SIDE
    ),
    Change(PRIYA, "2026-05-12T09:30:00+02:00", "Add colours for the dark", _add_dark_colours),
)

"""Harbour Goods: a small shop, standard library only."""

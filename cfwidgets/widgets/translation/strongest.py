"""The strongest disturbances that a view offers."""

from __future__ import annotations

STRONGEST = {"noise": 0.3, "pgd": 0.05}
"""The largest deviation of noise, and the largest step of an attack, that can be asked for."""

"""How long the browser tests wait for what they expect, in one place."""

from __future__ import annotations

PATIENCE = 90.0
"""Seconds: enough for a machine at ten times its load. What must be fast is measured by a benchmark."""

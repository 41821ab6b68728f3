"""The version, in one place; the build and `js/package.json` agree with it (tested)."""

__version__ = "0.1.0"

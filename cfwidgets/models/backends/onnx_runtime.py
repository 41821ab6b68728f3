"""ONNX Runtime, which is told on import to send and keep nothing about its use."""

from __future__ import annotations

import os
from types import ModuleType

from cfwidgets.environment import restored

__all__ = ["onnx_runtime"]

_OFF = "ORT_DISABLE_TELEMETRY"


def onnx_runtime() -> ModuleType:
    """Import ONNX Runtime, without its telemetry.

    From 1.24 on, its builds write a device id and a data base of events into the user's cache folder as soon
    as they are imported, and send events. Only its environment variable is in time to prevent that, unless a
    program has imported it before; its function ends the sending of events later, too.

    Raises
    ------
    ImportError
        It is not installed.
    """
    with restored(_OFF):
        os.environ.setdefault(_OFF, "1")  # who has set it has decided
        try:
            import onnxruntime
        except ImportError as error:
            raise ImportError('ONNX models need ONNX Runtime: pip install "cfwidgets[onnx]"') from error
        if os.environ[_OFF] != "0":
            onnxruntime.disable_telemetry_events()
    return onnxruntime

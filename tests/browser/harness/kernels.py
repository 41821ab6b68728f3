"""Kernels forked from a process that has imported what takes seconds: each starts at once.

``python kernels.py serve SOCKET`` is that process. ``python kernels.py start SOCKET CONNECTION_FILE`` is what
JupyterLab takes for a kernel: it asks for one, passes signals on to it, and lives as long as it does.

ipywidgets is not imported beforehand: its import makes the running kernel known to it.
"""

import json
import os
import signal
import socket
import sys
import threading

IMPORTED = (
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "torch",
    "pandas",
    "skimage.restoration",
    "skimage.segmentation",
    "cfwidgets.attribution",
    "cfwidgets.engines.facex.engine",
    "cfwidgets.engines.pareto.engine",
    "cfwidgets.engines.relevance.engine",
    "cfwidgets.engines.superpixels.elime",
    "cfwidgets.engines.transitions.engine",
    "cfwidgets.engines.translation.engine",
)


def serve(path: str) -> None:
    """Fork a kernel for each connection, until the process is ended."""
    import importlib

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # kernels that have ended are not waited for
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()
        for name in IMPORTED:  # whoever connects meanwhile waits
            importlib.import_module(name)
        while True:
            asked, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                _become_kernel(asked)
            asked.close()


def _become_kernel(asked: socket.socket) -> None:
    message, files, _, _ = socket.recv_fds(asked, 1 << 16, 3)
    given = json.loads(message)
    for place, file in enumerate(files):
        os.dup2(file, place)
        os.close(file)
    os.setsid()
    os.chdir(given["folder"])
    os.environ.clear()
    os.environ.update(given["environment"])
    os.environ.pop("JPY_PARENT_PID", None)  # its parent is another process: the connection tells of the end
    for one in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM):
        signal.signal(one, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["ipykernel_launcher", "-f", given["connection_file"]]
    sys.path[0] = ""
    asked.sendall(str(os.getpid()).encode())
    threading.Thread(target=_end_with, args=(asked,), daemon=True, name="end-with-jupyter").start()

    from ipykernel import kernelapp

    kernelapp.launch_new_instance()
    os._exit(0)


def _end_with(asked: socket.socket) -> None:
    asked.recv(1)  # nothing is ever sent: the other side is closed, or killed
    os._exit(1)


def start(path: str, connection_file: str) -> None:
    """Ask for a kernel, and be in its place for JupyterLab."""
    with socket.socket(socket.AF_UNIX) as asked:
        asked.connect(path)
        given = {
            "connection_file": connection_file,
            "folder": os.getcwd(),  # noqa: PTH109 - pathlib takes longer to import
            "environment": dict(os.environ),
        }
        socket.send_fds(asked, [json.dumps(given).encode()], [0, 1, 2])
        kernel = int(asked.recv(20))
        for one in (signal.SIGINT, signal.SIGTERM):
            signal.signal(one, lambda number, _: os.kill(kernel, number))
        asked.recv(1)  # it has ended


if __name__ == "__main__":
    {"serve": serve, "start": start}[sys.argv[1]](*sys.argv[2:])

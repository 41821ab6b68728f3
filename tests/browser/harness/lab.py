"""A server of our own: a free port on loopback, and no file of the user's read or written."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import IO, Any

from harness.patience import PATIENCE

KERNEL = "cfwidgets-tests"
_KERNELS = Path(__file__).parent / "kernels.py"
HOST = "127.0.0.1"

SERVER_CONFIGURATION = """
c = get_config()
c.ServerApp.ip = {host!r}
c.ServerApp.port = {port}
c.ServerApp.port_retries = 0
c.ServerApp.open_browser = False
c.ServerApp.allow_root = True
c.ServerApp.root_dir = {notebooks!r}
c.ServerApp.disable_check_xsrf = True
c.ServerApp.terminals_enabled = False
c.IdentityProvider.token = ""
c.PasswordIdentityProvider.hashed_password = ""
for app in (c.LabApp, c.JupyterNotebookApp):
    app.expose_app_in_browser = True  # as window.jupyterapp, which the tests steer and wait for
    app.workspaces_dir = {workspaces!r}
    app.user_settings_dir = {settings!r}
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.extension_manager = "readonly"
"""
USER_SETTINGS: dict[str, dict[str, Any]] = {
    # Whoever saves, saves the widgets too.
    "@jupyter-widgets/jupyterlab-manager/plugin": {"saveState": True},
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
    # A notebook in windows does not render what is off the screen.
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
}
# Not needed here; and the debugger logs errors of its own when a notebook is closed quickly.
DISABLED_EXTENSIONS = (
    "@jupyterlab/apputils-extension:announcements",
    "@jupyterlab/debugger-extension",
    "@jupyterlab/extensionmanager-extension",
    "@jupyterlab/terminal-extension",
    "@jupyter-notebook/terminal-extension",
)


class Lab:
    """A running server. Everything that it writes is under ``base``.

    Parameters
    ----------
    base
        A folder; what is in its ``notebooks`` can be opened.
    command
        What is started: JupyterLab, or what else shows notebooks. ``{port}`` and ``{folder}``, that of the
        notebooks, are filled in.
    answers
        An address that it answers once it is there.
    """

    def __init__(
        self,
        base: Path,
        command: tuple[str, ...] = (sys.executable, "-m", "jupyterlab"),
        answers: str = "/api/status",
    ) -> None:
        self.notebooks = base / "notebooks"
        self.runtime = base / "runtime"
        self._log = base / "jupyter.log"
        self._port = _free_port()
        self.url = f"http://{HOST}:{self._port}"
        self._sockets = tempfile.TemporaryDirectory(prefix="cfw-")  # a socket's path is short
        self._kernels_at = f"{self._sockets.name}/kernels"
        self._write_configuration(base)
        with self._log.open("w") as log:
            self._kernels = self._started(base, log, sys.executable, str(_KERNELS), "serve", self._kernels_at)
            given = {"port": self._port, "folder": self.notebooks}
            self._process = self._started(base, log, *(part.format(**given) for part in command))
        self._wait_until_it_answers(answers)

    def _started(self, base: Path, log: IO[str], *command: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            env=_environment(base),
            cwd=self.notebooks,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509
        )

    def _write_configuration(self, base: Path) -> None:
        for folder in (self.notebooks, self.runtime):
            folder.mkdir(exist_ok=True)
        server = SERVER_CONFIGURATION.format(
            host=HOST,
            port=self._port,
            notebooks=str(self.notebooks),
            workspaces=str(base / "workspaces"),
            settings=str(base / "settings"),
        )
        _write(base / "config/jupyter_server_config.py", server)
        disabled = {"disabledExtensions": dict.fromkeys(DISABLED_EXTENSIONS, True)}
        _write(base / "config/labconfig/page_config.json", json.dumps(disabled))
        for name, values in USER_SETTINGS.items():
            _write(base / f"settings/{name}.jupyterlab-settings", json.dumps(values))
        # The kernels run in the interpreter of the tests, whatever kernels the user has.
        launch = [sys.executable, "-I", "-S", str(_KERNELS), "start", self._kernels_at, "{connection_file}"]
        kernel = {"argv": launch, "display_name": "Python of the tests", "language": "python"}
        _write(base / f"data/kernels/{KERNEL}/kernel.json", json.dumps(kernel))

    def _wait_until_it_answers(self, path: str) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                self.request(path)
            except OSError as error:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self.close()
                    raise RuntimeError(f"the server did not start:\n{self._log.read_text()}") from error
                time.sleep(0.05)
            else:
                return

    def request(self, path: str, method: str = "GET") -> None:
        """Ask the server for something, and do not look at the answer."""
        asked = urllib.request.Request(self.url + path, method=method)
        with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:
            answer.read()

    def close(self) -> None:
        """Stop the server, which stops its kernels, and then the process that they come from."""
        for process in (self._process, self._kernels):
            if process.poll() is not None:
                continue
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._sockets.cleanup()


def _environment(base: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "XDG_"))}
    return kept | {
        "HOME": str(base),
        "IPYTHONDIR": str(base / "ipython"),
        "JUPYTER_CONFIG_DIR": str(base / "config"),
        "JUPYTER_DATA_DIR": str(base / "data"),
        "JUPYTER_RUNTIME_DIR": str(base / "runtime"),
        "JUPYTER_PLATFORM_DIRS": "1",
        "ANYWIDGET_HMR": "0",
        "PYTHONUNBUFFERED": "1",
    }


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _die_with_parent() -> None:
    """Ask Linux to end this process with its parent: a killed pytest runs no teardown."""
    set_parent_death_signal = 1
    ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGTERM)

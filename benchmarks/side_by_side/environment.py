"""The peers' own environment: a Python and a Node one in `.venv/peers`, made when it is first needed or has changed.

Every version is exact, what it pulls in included. A peer that cannot be installed here is left out of the table, which
says so.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parents[2]
PEERS = ROOT / "benchmarks" / "peers"
HOME = ROOT / ".venv" / "peers"
DJANGO = PEERS / "django_app"
EMMETT = HOME / "node"
"""Where Node finds both the peer's program, copied there, and its packages."""

REQUIREMENTS = PEERS / "requirements.txt"
PACKAGE = PEERS / "emmett" / "package.json"


class CannotInstall(Exception):
    """A peer cannot be had on this machine; the text says why."""


def python() -> Path:
    """The Python that has Django, installed if need be. Raises `CannotInstall`."""
    found = HOME / "python" / "bin" / "python"
    _once(HOME / "python", REQUIREMENTS.read_bytes() + sys.version.encode(), _make_python)
    return found


def emmett() -> list[str]:
    """The command that runs the peer on Emmett, installed if need be. Raises `CannotInstall`."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        raise CannotInstall("there is no node with npm")
    _once(EMMETT, PACKAGE.read_bytes(), _make_node)
    shutil.copy(PEERS / "emmett" / "peer.mjs", EMMETT / "peer.mjs")
    return [node, str(EMMETT / "peer.mjs")]


def pins() -> dict[str, str]:
    """The peers' packages and their exact versions."""
    lines = (line.partition("==") for line in REQUIREMENTS.read_text().splitlines())
    packages: dict[str, str] = json.loads(PACKAGE.read_text())["dependencies"]
    return {name: version for name, _, version in lines} | packages


def _once(folder: Path, what: bytes, make: Callable[[Path], None]) -> None:
    stamp, wanted = folder / ".made-of", sha256(what).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    sys.stderr.write(f"Installing {folder.relative_to(ROOT)} …\n")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    make(folder)
    stamp.write_text(wanted)


def _make_python(folder: Path) -> None:
    _run([sys.executable, "-m", "venv", str(folder)], folder)
    pip = [
        str(folder / "bin" / "python"),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
    ]
    _run([*pip, "-r", str(REQUIREMENTS)], folder)


def _make_node(folder: Path) -> None:
    shutil.copy(PACKAGE, folder / "package.json")
    _run(["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"], folder)


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotInstall(f"{command[0]} failed: {(done.stderr or done.stdout).strip()[-500:]}")

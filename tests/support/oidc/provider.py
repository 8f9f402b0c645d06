"""The provider program as a test has it: started, asked for tokens, given other keys, away for a while.

`oidc-provider` is installed by npm into `.venv/oidc-provider` when it is first needed; without Node.js, or without a
registry to have it from, there is none.
"""

import fcntl
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.support.oidc.forging import AUDIENCE, SigningPair

HERE = Path(__file__).parent
CACHE = Path(__file__).parents[3] / ".venv" / "oidc-provider"
PROGRAM = CACHE / "node_modules" / "oidc-provider" / "lib" / "index.js"


class NoProvider(Exception):
    """It cannot be had on this machine; the text says why."""


def installed() -> Path:
    """Where the program is, after installing it if it is not there. Raises `NoProvider`."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise NoProvider("Node.js with npm is needed for the identity provider")
    CACHE.mkdir(parents=True, exist_ok=True)
    wanted = (HERE / "package.json").read_text()
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = CACHE / "installed.json"
        if not done.exists() or done.read_text() != wanted:
            (CACHE / "package.json").write_text(wanted)
            npm = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"]
            try:
                got = subprocess.run(npm, cwd=CACHE, capture_output=True, text=True, timeout=120, check=False)
            except subprocess.TimeoutExpired:
                raise NoProvider("npm takes too long to install oidc-provider") from None
            if got.returncode != 0 or not PROGRAM.exists():
                raise NoProvider(f"npm cannot install oidc-provider: exit code {got.returncode}")
            done.write_text(wanted)
    return PROGRAM


class Provider:
    """A running provider. `pairs`: the keys that it signs with, which a test may forge with."""

    def __init__(self, process: subprocess.Popen[str], pairs: list[SigningPair]) -> None:
        assert process.stdin is not None and process.stdout is not None
        self.pairs = pairs
        process.stdin.write(json.dumps({"jwks": self._jwks()}) + "\n")
        process.stdin.flush()
        said = process.stdout.readline()
        assert said.startswith("issuer "), said
        self.issuer = said.split()[1]

    def token(self, client: str, resource: str = AUDIENCE, **claims: Any) -> str:
        """An access token of the client, which says these claims too."""
        if claims:
            self.control(claims={client: claims})
        asked = {
            "grant_type": "client_credentials",
            "client_id": client,
            "client_secret": "secret",
            "resource": resource,
        }
        answer = httpx.post(f"{self.issuer}/token", data=asked, trust_env=False)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def rotate(self, pairs: list[SigningPair]) -> None:
        """Other keys instead of those that there were."""
        self.pairs = pairs
        self.control(jwks=self._jwks())

    def control(self, **state: Any) -> dict[str, int]:
        """Changes what it says, or whether it says anything. Answers how often each address was asked so far."""
        asked: dict[str, int] = httpx.put(f"{self.issuer}/control", json=state, trust_env=False).json()
        return asked

    def _jwks(self) -> dict[str, Any]:
        return {"keys": [pair.private for pair in self.pairs]}


@contextmanager
def running_provider() -> Iterator[Provider]:
    """A provider for a while. Raises `NoProvider`."""
    command = ["node", str(HERE / "provider.mjs"), str(installed())]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            yield Provider(process, [SigningPair("RS256"), SigningPair("ES256")])
        finally:
            process.kill()

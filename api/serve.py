"""The server: API and projections in one process, until it is told to stop.

The port is taken before anything else, so that a port in use is said at once and no database is started for
nothing.
"""

import gc
import signal
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import NoReturn

import uvicorn

from api import logs
from api.app import create_app
from api.credentials import ADMIN_FILE
from api.protocol import BoundedProtocol
from api.runtime import running
from api.setting_errors import SettingsError
from api.settings import Settings
from api.stopping import Server

GRACE = 10
"""Seconds that requests in hand have to end when the server is told to stop."""

Say = Callable[[str], None]
_print: Say = partial(print, flush=True)


def serve(settings: Settings, say: Say = _print) -> None:
    """Serves until SIGINT or SIGTERM. `say` prints a line.

    A second signal cuts off what is in hand; it ends in `SystemExit` then. Raises `SettingsError` if the port cannot
    be had, and a `LedgerError` if the ledger cannot be used; a database that is away is waited for.
    """
    logs.start(settings.log, [settings.admin_key or ""])
    with _listening(settings) as listener:
        before = signal.signal(signal.SIGTERM, _leave)
        try:
            in_order = _run(settings, listener, say)
        except (KeyboardInterrupt, SystemExit):
            in_order = True
        finally:
            signal.signal(signal.SIGTERM, before)
    if not in_order:
        raise SystemExit(1)


def _leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    """Before and after the server runs (`api.stopping`): ends what is being done, and closes the rest in order."""
    raise SystemExit


def _listening(settings: Settings) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        try:
            # A port that a server has just left may be taken again, one that a server has may not.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(1024)
        except BaseException:
            listener.close()
            raise
    except OSError as error:
        why = error.strerror or str(error)
        raise SettingsError(
            f"Cannot listen on {settings.host}, port {settings.port}: {why}. "
            "Choose another with --port or QUARTERDECK_PORT."
        ) from None
    return listener


def _run(settings: Settings, listener: socket.socket, say: Say) -> bool:
    """Runs the server. Answers whether it could finish what it had in hand."""
    host, port = listener.getsockname()[:2]
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"

    def show_admin_key(secret: str, data: Path) -> None:
        say(f"The admin's key, shown this once and kept in {data / ADMIN_FILE}: {secret}")

    with running(settings, on_admin_key=show_admin_key) as runtime:
        config = uvicorn.Config(
            create_app(runtime),
            http=BoundedProtocol,
            log_config=None,
            access_log=False,  # ours has the request's id, and no query (`api.envelope`)
            server_header=False,
            # A header says what its sender likes; only a proxy of ours is believed, and uvicorn's own default is not.
            proxy_headers=settings.proxies is not None,
            forwarded_allow_ips=settings.proxies or "",
            timeout_graceful_shutdown=GRACE,
        )
        # What a server starts with stays: the garbage collector need not walk through it again and again.
        gc.collect()
        gc.freeze()
        say(f"Quarterdeck is at {url}, its documentation at {url}/docs. Ctrl-C stops it.")
        server = Server(config, runtime)
        server.run(sockets=[listener])
        return not server.force_exit

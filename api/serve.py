"""The server: API and projections in one process, or in several (`api.workers`), until it is told to stop.

The port is taken before anything else, so that a port in use is said at once and no database is started for
nothing. Where several processes serve, each has a socket of its own on it on Linux, among which the system shares out
the connections; elsewhere they take turns at one.
"""

import gc
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from types import FrameType
from typing import NoReturn

import uvicorn

from api import logs
from api.app import create_app
from api.credentials import ADMIN_FILE
from api.garbage import looked_for_seldom
from api.link import Link
from api.parts import Keeping, Serving
from api.protocol import BoundedProtocol
from api.runtime import running
from api.setting_errors import SettingsError
from api.settings import Settings
from api.stopping import Server
from api.tally import shared
from api.workers import Workers

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
    with ExitStack() as stack:
        listeners = _listening(settings)
        for listener in listeners:
            stack.enter_context(listener)
        in_order = (
            _alone(settings, listeners[0], say) if settings.processes == 1 else _together(settings, listeners, say)
        )
    if not in_order:
        raise SystemExit(1)


def _alone(settings: Settings, listener: socket.socket, say: Say) -> bool:
    before = signal.signal(signal.SIGTERM, _leave)
    try:
        return _run(settings, listener, say)
    except (KeyboardInterrupt, SystemExit):
        return True
    finally:
        signal.signal(signal.SIGTERM, before)


def _together(settings: Settings, listeners: Sequence[socket.socket], say: Say) -> bool:
    link = Link(settings.processes - 1)

    def work(number: int, ready: Callable[[], None]) -> bool:
        ours = listeners[number % len(listeners)] if number > 0 else None
        for listener in listeners:
            if listener is not ours:
                listener.close()
        if ours is None:
            return _keep(settings, link, say, ready)
        return _run(settings, ours, say if number == 1 else _silent, Serving(link, number - 1))

    def on_told() -> None:
        for listener in listeners:
            listener.close()

    gc.collect()
    gc.freeze()  # what the processes share stays shared as long as nobody touches it
    with closing(link), shared(settings.data) as tally:
        return Workers(settings.processes, work, on_told, tally.forget).run()


def _keep(settings: Settings, link: Link, say: Say, ready: Callable[[], None]) -> bool:
    """Keeps the books and the tree for those that serve, until it is told to stop."""
    with looked_for_seldom(), running(settings, on_admin_key=partial(_show_admin_key, say), part=Keeping(link)):
        ready()
        try:
            while True:
                signal.pause()
        except SystemExit:
            return True


def _silent(_line: str) -> None:
    """What the first worker has said is not said again."""


def _leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    """Before and after the server runs (`api.stopping`): ends what is being done, and closes the rest in order."""
    raise SystemExit


def _listening(settings: Settings) -> list[socket.socket]:
    """The sockets on the port: one, or one for each that serves. Raises `SettingsError`."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        several = settings.processes > 2 and sys.platform == "linux"
        listeners: list[socket.socket] = []
        try:
            with socket.socket(family, kind, protocol) as first:
                # A port that a server has just left may be taken again, one that a server has may not: whoever wants
                # to share it asks first as one who does not.
                first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                first.bind(address)
                first.listen(1024)
                if not several:
                    return [first.dup()]
                address = first.getsockname()
            for _ in range(settings.processes - 1):
                listener = socket.socket(family, kind, protocol)
                listeners.append(listener)
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                listener.bind(address)
            listeners[0].listen(1024)
        except BaseException:
            for listener in listeners:
                listener.close()
            raise
    except OSError as error:
        why = error.strerror or str(error)
        raise SettingsError(
            f"Cannot listen on {settings.host}, port {settings.port}: {why}. "
            "Choose another with --port or QUARTERDECK_PORT."
        ) from None
    return listeners


def _show_admin_key(say: Say, secret: str, data: Path) -> None:
    say(f"The admin's key, shown this once and kept in {data / ADMIN_FILE}: {secret}")


def _run(settings: Settings, listener: socket.socket, say: Say, part: Serving | None = None) -> bool:
    """Runs the server. Answers whether it could finish what it had in hand."""
    host, port = listener.getsockname()[:2]
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"

    with running(settings, on_admin_key=partial(_show_admin_key, say), part=part) as runtime:
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

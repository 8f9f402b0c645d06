"""The app: what is mounted where. Nothing is opened before it starts, and nothing at import."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from api import health, openapi, pages
from api.answers import to_json
from api.arriving import Arriving
from api.compressing import Compressing
from api.conditions import conditional
from api.credentials import ADMIN_FILE
from api.direct import Direct
from api.envelope import Envelope
from api.errors import add_handlers
from api.garbage import looked_for_seldom
from api.promptly import Promptly
from api.registry import Api
from api.routes import (
    audit,
    charts,
    commands,
    cycles,
    explain,
    key_results,
    keys,
    kpis,
    ledger,
    members,
    metrics,
    objectives,
    past,
    proofs,
    replay,
    teams,
    work,
)
from api.runtime import Runtime, running
from api.settings import Settings

_ROUTES = (
    *(cycles, teams, members, objectives, key_results, work, kpis),
    *(commands, past, replay, explain, charts, audit, ledger, proofs, keys),
)


def create_app(of: Settings | Runtime) -> FastAPI:
    """The app on a ledger that is open, or that it opens when it starts and closes when it ends."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with looked_for_seldom():
            if isinstance(of, Runtime):
                yield
                return
            opened = running(of, on_admin_key=_note_admin_key)
            app.state.runtime = await run_in_threadpool(opened.__enter__)
            try:
                yield
            finally:
                await run_in_threadpool(opened.__exit__, None, None, None)

    app = FastAPI(
        title="Quarterdeck",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # FastAPI's own would record addresses with their queries, and the texts of errors (`api.tracing`).
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
        lifespan=lifespan,
    )
    if isinstance(of, Runtime):
        app.state.runtime = of
    app.state.arriving = Arriving()
    app.state.promptly = Promptly()
    add_handlers(app)
    health.add(app)
    metrics.add(app)
    pages.add(app)
    for module in _ROUTES:
        module.add(Api(app, module.TAG[0]))
    tags = (health.TAG, *(module.TAG for module in _ROUTES))

    @cache
    def document() -> bytes:
        return to_json(openapi.document(app, tags))

    async def show_document(request: Request) -> Response:
        found = await run_in_threadpool(document)
        headers = {"Cache-Control": "no-cache"}
        return await conditional(request, Response(found, media_type="application/json", headers=headers))

    app.add_route("/openapi.json", show_document)
    app.add_middleware(Compressing)
    app.add_middleware(Direct, routes=app.routes)
    app.add_middleware(Envelope)
    return app


def _note_admin_key(_secret: str, data: Path) -> None:
    """A log is no place for a secret; `api.serve` shows it to who starts the server."""
    logging.getLogger(__name__).warning("An admin's key was made; it is in %s.", data / ADMIN_FILE)

"""`GET /metrics`: the figures of this server, in Prometheus' text format, for any good key.

It is for who runs the server: not under /v1, and no part of the API's document. A key that the environment gives is
good also while the database is away.
"""

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from prometheus_client.exposition import choose_encoder
from starlette.responses import Response

from api.guard import identify, runtime_of
from domain.errors import NotReady


def add(app: FastAPI) -> None:
    """Adds it."""
    app.add_route("/metrics", _metrics)


async def _metrics(request: Request) -> Response:
    runtime = runtime_of(request)
    await identify(runtime, request)
    if runtime.metrics is None:
        raise NotReady("The server is starting.")
    encode, media_type = choose_encoder(request.headers.get("Accept", ""))
    figures = await run_in_threadpool(encode, runtime.metrics.registry)
    return Response(figures, headers={"Content-Type": media_type})

"""Writes the demo to the API: the one in this process, or a server's.

It goes into an empty ledger only, since nothing can be taken out of one. The company itself says on which day
its demo ends, so a second run, whenever it is, writes the same once more, and changes nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import httpx

from api.answers import to_json
from api.credentials import ADMIN_FILE, new_secret
from api.settings import Settings
from cli.demo.asking import Request, id_of
from cli.demo.company import TEAMS
from cli.demo.script import MARK, quarters, script
from cli.opening import catch_up, opened, seal
from cli.terminal import Step, answers, print_json, progress
from domain.errors import Conflict, Forbidden, NotReady, Refusal, invalid

_PATIENCE = 60.0


def run(given: Settings, today: str | None, url: str | None, *, as_json: bool) -> None:
    """Writes what is missing of the demo, and says what there is to see. Raises a `Refusal`."""
    day = _day(today)
    with progress() as step:
        summary = asyncio.run(_write(given, day, url, step))
    if as_json:
        print_json(summary)
        return
    console = answers()
    console.print(f"Wobblewheel is there, up to {summary['today']}: {summary['events']:,} events were new.")
    for label in summary["cycles"]:
        console.print(f"  quarterdeck board {label}")
    console.print("  quarterdeck kpis")


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise invalid("/today", "must be a date, such as 2026-05-20") from None
    if day > datetime.now(UTC).date():
        raise invalid("/today", "lies in the future")
    return day


async def _write(given: Settings, day: date | None, url: str | None, step: Step) -> dict[str, Any]:
    async with _here(given, step) if url is None else _there(given, url) as client:
        begun = await _begun(client)
        if begun is not None and day not in (None, begun):
            raise Conflict(f"The demo in this ledger ends on {begun}; it cannot be told to another day.")
        today = begun or day or datetime.now(UTC).date()
        before = await _head(client)
        if begun is None and before:
            raise Conflict("The demo goes into an empty ledger only: what is written stays.", slug="not_empty")
        await _send(client, script(today), step)
        return {
            "today": today,
            "events": await _head(client) - before,
            "cycles": [label for label, _, _ in quarters(today)],
        }


@asynccontextmanager
async def _here(given: Settings, step: Step) -> AsyncIterator[httpx.AsyncClient]:
    """The API on the ledger of the settings, without a server."""
    from api.app import create_app

    # A key for the length of this run; that of the environment, if there is one, has the same id.
    secret = given.admin_key or new_secret()
    with opened(replace(given, admin_key=secret)) as runtime:
        app = create_app(runtime)
        async with (
            app.router.lifespan_context(app),
            _client("http://demo", secret, httpx.ASGITransport(app)) as client,
        ):
            yield client
        catch_up(runtime, step)
        seal(runtime, step)


@asynccontextmanager
async def _there(given: Settings, url: str) -> AsyncIterator[httpx.AsyncClient]:
    """The API of a running server."""
    file = given.data / ADMIN_FILE
    secret = given.admin_key or (file.read_text().strip() if file.exists() else None)
    if secret is None:
        raise Forbidden("Set QUARTERDECK_ADMIN_KEY to an admin's key of that server.")
    try:
        async with _client(url, secret, None) as client:
            yield client
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise NotReady(f"The server at {url} cannot be reached: {error}") from None


def _client(url: str, secret: str | None, transport: httpx.AsyncBaseTransport | None) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {secret}"}
    return httpx.AsyncClient(base_url=f"{url.rstrip('/')}/v1/", headers=headers, transport=transport, timeout=_PATIENCE)


async def _begun(client: httpx.AsyncClient) -> date | None:
    """The day on which the demo in the ledger ends; `None` without one."""
    response = await client.get(f"teams/{id_of(TEAMS[0].key)}")
    if response.status_code == httpx.codes.NOT_FOUND:
        return None
    return date.fromisoformat(str(_answered(response)["external_id"]).removeprefix(MARK))


async def _head(client: httpx.AsyncClient) -> int:
    return int(_answered(await client.get("ledger"))["position"])


async def _send(client: httpx.AsyncClient, requests: Sequence[Request], step: Step) -> None:
    carried: dict[str, str] = {}
    for count, request in enumerate(requests):
        step("Telling", count, len(requests))
        path = request.path
        for token, id in carried.items():
            path = path.replace(token, id)
        headers = {"Content-Type": "application/json", "Idempotency-Key": f"demo-{request.name}"}
        if request.by is not None:
            headers["On-Behalf-Of"] = str(request.by)
        if not request.carries:
            headers["Prefer"] = "respond-async"  # nobody reads the answers
        if request.method == "DELETE":
            said: dict[str, Any] = {"params": {name: _in_query(value) for name, value in request.body.items()}}
        else:
            said = {"content": to_json(request.body)}
        response = await client.request(request.method, path, headers=headers, **said)
        answer = _answered(response, request.name)
        for part in answer["key_results"] if request.carries else ():
            carried[request.carries[part["carried_from"]]] = part["id"]


def _in_query(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _answered(response: httpx.Response, name: str = "") -> dict[str, Any]:
    """What was answered. Raises a `Refusal` with the server's own words."""
    if response.is_success:
        answer: dict[str, Any] = response.json()
        return answer
    try:
        told = response.json()["detail"]
    except (ValueError, KeyError, TypeError):
        told = f"{response.status_code} {response.reason_phrase}"
    raise Refusal(f"{name}: {told}" if name else str(told))

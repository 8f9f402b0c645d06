"""Check-ins without a thread of their own: decided in the event loop, recorded with all others, awaited.

They are what a busy server is asked most. What one is judged by is mostly in memory, and its answer is told by its
event (`api.writing`), so nothing has to be read for it. One that does need to read, or that says more than is quickly
looked through, or is refused, goes on to a thread as every other command does (`ledger.prompt`).
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import Request
from starlette.responses import Response

from api.direct import CommandRoute
from api.writing import WriteHeaders, answered, order_of
from domain.kernel import Command
from ledger.prompt import Prompt

LENGTH = 4
"""Digits: what has a body of ten thousand bytes is not looked through here, where everybody else waits meanwhile."""

Asked = Callable[[Request, Mapping[str, Any]], Command]
"""Makes the command that a request gives, its path saying so much of it. Raises `Invalid`."""


class Promptly:
    """The way of one app's check-ins. For use in event loops alone."""

    def __init__(self) -> None:
        self._prompt: Prompt | None = None
        """That of one event loop and one ledger: tests run several."""

    async def written(self, request: Request, command: Command, headers: WriteHeaders) -> Response | None:
        """The answer to a command that was recorded; `None` if nothing was, and a thread is to carry it out."""
        ledger, loop = request.app.state.runtime.ledger, asyncio.get_running_loop()
        prompt = self._prompt
        if prompt is None or prompt.loop is not loop or prompt.ledger is not ledger:
            prompt = self._prompt = Prompt(ledger, loop)
        executed = await prompt.execute(order_of(request, command, headers))
        return None if executed is None else answered(request, executed, command, headers)


def prompt_route(asked: Asked) -> type[CommandRoute]:
    """The route of a command that is carried out like that; `asked` makes the command of a request."""

    class PromptRoute(CommandRoute):
        """Carries commands out in the event loop, or leaves them to a thread."""

        async def carry_out(self, given: Mapping[str, Any], request: Request) -> Response:
            """What the endpoint answers."""
            headers, in_path = given["headers"], {name: given[name] for name in given if name != "headers"}
            if _is_short(request) and headers.idempotency_key is headers.if_match is headers.on_behalf_of is None:
                promptly: Promptly = request.app.state.promptly
                response = await promptly.written(request, asked(request, in_path), headers)
                if response is not None:
                    return response
            return await super().carry_out(given, request)

    return PromptRoute


def _is_short(request: Request) -> bool:
    length = request.headers.get("Content-Length", "")
    return length.isdecimal() and len(length) <= LENGTH

"""How the modules under `api.routes` say what there is: a command or a read a line, everything else derived.

    api.command("POST", "/cycles", PlanCycle, shapes.Cycle)
    api.collection(Kind.CYCLE, shapes.Cycle, CycleRef)

Of a command, the path says which fields stand in it, the rest is the body (of DELETE: the query), its class says
the types and its docstring the words. So an endpoint cannot disagree with its command.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import Parameter, Signature, cleandoc
from typing import Annotated, Any
from uuid import UUID

from fastapi import FastAPI, Header, Path, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from api import documents
from api.asking import After, Asked, Limit, Question
from api.bodies import annotation, body_model
from api.direct import CommandRoute
from api.filters import FILTERS, resolved
from api.guard import GuardedRoute, runtime_of
from api.promptly import prompt_route
from api.shapes import HistoryItem
from api.writing import PATHS, WriteHeaders, write
from domain.cycle.decisions import LABELS
from domain.errors import invalid
from domain.kernel import Command, Kind, Ref
from domain.key_result.check_ins import CheckInOn
from domain.rules import Creation, spoken
from ledger.payloads import build, references
from projections import questions
from projections.reading import Reading

BASE = "/v1"
Endpoint = Callable[..., Response]
_PLACEHOLDER = re.compile(r"{(\w+)}")
_KINDS = {f"/{path}": kind for kind, path in PATHS.items()}
_POSITION = Annotated[int, Path(ge=1, le=2**62, description="A ledger position.")]


@dataclass(frozen=True, slots=True)
class Form:
    """A form that the body of a command may have besides JSON. `in_query`: fields that it has no place for."""

    media_type: str
    route: type[GuardedRoute]
    example: str
    in_query: Sequence[str] = ()


class Api:
    """Adds endpoints to the app, behind a credential, under one tag of the document."""

    def __init__(self, app: FastAPI, tag: str) -> None:
        self._app = app
        self._tag = tag

    def add(
        self, method: str, path: str, endpoint: Endpoint, route: type[GuardedRoute] = GuardedRoute, **document: Any
    ) -> None:
        """Adds one endpoint: its name is the operationId, its docstring the words of the document."""
        summary, _, description = cleandoc(endpoint.__doc__ or "").partition("\n")
        self._app.router.add_api_route(
            BASE + path,
            endpoint,
            methods=[method],
            operation_id=endpoint.__name__,
            tags=[self._tag],
            summary=summary.strip().rstrip("."),
            description=description.strip() or summary.strip(),
            response_model=None,
            response_class=Response,
            route_class_override=route,
            **document,
        )

    def read(self, path: str, shape: type[BaseModel], *, also: str | None = None) -> Callable[[Endpoint], Endpoint]:
        """Decorates a read: its name and docstring go into the document. `also`: a text that it may be instead."""

        def decorate(endpoint: Endpoint) -> Endpoint:
            responses = documents.of_read(shape, may_be_missing="{" in path)
            if also is not None:
                responses[200]["content"] = {also: {"schema": {"type": "string"}}}
            self.add("GET", path, endpoint, responses=responses)
            return endpoint

        return decorate

    def command(
        self, method: str, path: str, command: type[Command], shape: type[BaseModel], form: Form | None = None
    ) -> None:
        """Adds a command, which is answered with the shape. `form`: what its body may be besides JSON."""
        in_path = _PLACEHOLDER.findall(path)
        others = [name for name in command.model_fields if name not in in_path]
        in_query = others if method == "DELETE" else form.in_query if form else []

        def asked(request: Request, given: Mapping[str, Any]) -> Command:
            said = {name: value for name, value in given.items() if value is not None}
            if twice := said.keys() & request.state.payload.keys():
                where = "path" if min(twice) in in_path else "query"
                raise invalid(f"/{min(twice)}", f"stands in the {where} already, so not in the body")
            return build(command, request.state.payload | said)

        def endpoint(request: Request, headers: WriteHeaders, **given: Any) -> Response:
            return carry_out(request, asked(request, given), path, headers)

        parameters = [_parameter("request", Request), _parameter("headers", Annotated[WriteHeaders, Header()])]
        parameters += [_parameter(name, _in_path(command, name)) for name in in_path]
        parameters += [_parameter(n, Annotated[annotation(command.model_fields[n]), Query()], None) for n in in_query]
        _describe(endpoint, command.NAME, command.__doc__ or "", parameters)
        body = None if method == "DELETE" else body_model(command, in_path)
        text = (form.media_type, form.example) if form else None
        document = documents.of_command(shape, body, creates=issubclass(command, Creation), text=text)
        route = form.route if form else CommandRoute
        if command is CheckInOn:
            route = prompt_route(asked)
        self.add(method, path, endpoint, route, **document)

    def collection(self, kind: Kind, shape: type[BaseModel], id_type: Any) -> None:
        """Adds the three reads that every resource has: the list, one of it, and its history."""
        path, name, word = f"/{PATHS[kind]}", kind.value, spoken(kind)
        self.listing(path, kind, shape, f"list_{PATHS[kind].replace('-', '_')}")

        def find(asked: Question, **given: Any) -> Response:
            with asked.reading() as reading:
                return asked.resource(reading, _ref(reading, kind, given[name]))

        def history(asked: Question, limit: int, after: str | None, **given: Any) -> Response:
            with asked.reading() as reading:
                ref = _ref(reading, kind, given[name])
                return asked.page(reading, questions.history(reading, ref, limit, after))

        which = _parameter(name, Annotated[id_type, Path(description=f"The {word}.")])
        _describe(find, f"get_{name}", f"One {word}.", [_ASKED, which])
        words = f"The events of one {word}, newest first."
        _describe(history, f"get_{name}_history", words, [_ASKED, which, *_PAGING])
        self.read(f"{path}/{{{name}}}", documents.resource(shape))(find)
        self.read(f"{path}/{{{name}}}/history", documents.page(HistoryItem))(history)

    def listing(self, path: str, kind: Kind, shape: type[BaseModel], name: str) -> None:
        """Adds a list of resources of a kind; what the path says is a filter like the others."""
        in_path = _PLACEHOLDER.findall(path)
        filters = FILTERS[kind]

        def endpoint(asked: Question, limit: int, after: str | None, **given: Any) -> Response:
            with asked.reading() as reading:
                for parent in in_path:
                    questions.find(reading, Ref(Kind(parent), given[parent]))  # a list of nothing's parts is a 404
                return asked.listing(reading, kind, resolved(reading, given), limit, after)

        parameters = [_parameter(each, Annotated[filters[each], Path()]) for each in in_path]
        parameters += [
            _parameter(each, Annotated[type_ | None, Query()], None)
            for each, type_ in filters.items()
            if each not in in_path
        ]
        of = f" of one {in_path[0].replace('_', ' ')}" if in_path else ""
        words = f"The {spoken(kind)}s{of}, oldest first."
        _describe(endpoint, name, words, [_ASKED, *parameters, *_PAGING])
        self.read(path, documents.page(shape))(endpoint)


def carry_out(request: Request, command: Command, path: str, headers: WriteHeaders) -> Response:
    """Carries out a command that was given at a path."""
    about = _about(request, command, path) if headers.if_match is not None else None
    return write(request, command, about, headers)


def _parameter(name: str, type_: Any, default: Any = Parameter.empty) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=type_)


_ASKED = _parameter("asked", Asked)
_PAGING = (_parameter("limit", Limit, 50), _parameter("after", After, None))


def _describe(endpoint: Endpoint, name: str, words: str, parameters: list[Parameter]) -> None:
    """Gives an endpoint that is made for many what FastAPI and the document read of it."""
    endpoint.__name__, endpoint.__doc__ = name, words
    endpoint.__signature__ = Signature(parameters, return_annotation=Response)  # type: ignore[attr-defined]


def _in_path(command: type[Command], name: str) -> Any:
    """A path's texts are no integers yet, so a position is not held to the command's strict one here."""
    return _POSITION if name == "position" else Annotated[annotation(command.model_fields[name]), Path()]


def _ref(reading: Reading, kind: Kind, named: UUID | str) -> Ref:
    return Ref(kind, reading.cycle_named(named) if isinstance(named, str) else named)


def _about(request: Request, command: Command, path: str) -> Ref | None:
    """What If-Match is about: the first thing in the path; of a creation at the top, what it would create."""
    recorder = runtime_of(request).recorder
    names = _PLACEHOLDER.findall(path)
    if not names:
        return Ref(_KINDS[path], getattr(command, "id", None) or UUID(int=0))
    named = getattr(command, names[0])
    if names[0] == "position":
        texts = recorder.texts_at(named)
        return None if texts is None else Ref(Kind.EVENT, texts.event)
    (kind, *_) = references(type(command))[names[0]]
    return Ref(kind, named) if isinstance(named, UUID) else recorder.holder(LABELS, named)

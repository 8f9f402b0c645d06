"""Pages for people: the API's documentation and the meaning of each problem, without anything from another
host.

Swagger UI's files come in the package `fastapi-swagger`, of which nothing but these files is used.
"""

from importlib.resources import files

from fastapi import FastAPI, Request
from starlette.responses import RedirectResponse, Response

from api.problems import page, problem

_FILES = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}

# Swagger UI sets styles on its elements and draws icons from data URLs; otherwise nothing but our own files.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Quarterdeck API</title>
<link rel="icon" href="docs/favicon-32x32.png">
<link rel="stylesheet" href="docs/swagger-ui.css">
<div id="api"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</html>
"""

_START = """\
SwaggerUIBundle({
  url: new URL("../openapi.json", document.currentScript.src).href,
  dom_id: "#api",
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  persistAuthorization: false,
  tryItOutEnabled: true,
  validatorUrl: null,
});
"""


def add(app: FastAPI) -> None:
    """Adds them."""
    app.add_route("/", _home)
    app.add_route("/docs", _docs)
    app.add_route("/docs/{name}", _file)
    app.add_route("/problems/{slug}", _problem)


async def _home(_: Request) -> Response:
    return RedirectResponse("docs")


async def _docs(_: Request) -> Response:
    return _html(_PAGE)


def _file(request: Request) -> Response:
    name = request.path_params["name"]
    if name == "start.js":
        return Response(_START, media_type="text/javascript")
    if name not in _FILES:
        return problem("not_found", f"There is nothing at {request.url.path}.")
    content = files("fastapi_swagger.resources").joinpath(name).read_bytes()
    return Response(content, media_type=_FILES[name], headers={"Cache-Control": "max-age=86400"})


async def _problem(request: Request) -> Response:
    text = page(request.path_params["slug"])
    return problem("not_found", f"There is no problem at {request.url.path}.") if text is None else _html(text)


def _html(text: str) -> Response:
    headers = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"}
    return Response(text, media_type="text/html", headers=headers)

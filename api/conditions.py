"""If-Match and If-None-Match (RFC 9110, section 13.1): how writes are guarded, and how reads answer 304.

Every GET under /v1, and the OpenAPI document, passes `conditional` on its way out. A weak ETag is of what the answer
says, or of all that it is made from, so it proves that nothing changed. A strong one is the position of a resource's
last event (contract, section 3), which its score may outlive: it proves something only where the endpoint found it
`settled`. What has no ETag gets one here, so that none can be forgotten.
"""

import re
from hashlib import sha256

from fastapi.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from api.ndjson import Streamed
from domain.errors import Malformed

_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
_LIST = re.compile(rf"[ \t]*{_TAG}(?:[ \t]*,[ \t]*{_TAG})*[ \t]*")
PATTERN = r'^(\*|(W/)?"[0-9]{1,18}"(, (W/)?"[0-9]{1,18}"){0,9})$'
"""What If-Match should be, for the OpenAPI document: tags as ours are, and not too many."""

MOST_TAGS = 20


def _tags(name: str, value: str) -> list[str] | None:
    """The tags of a header; `None` for `*`. Raises `Malformed`."""
    if value.strip() == "*":
        return None
    if not _LIST.fullmatch(value):
        raise Malformed(f'{name} must be * or a list of tags, such as "1234".')
    tags: list[str] = re.findall(_TAG, value)
    if len(tags) > MOST_TAGS:
        raise Malformed(f"{name} has more than {MOST_TAGS} tags.")
    return tags


def if_match(value: str) -> list[int | None]:
    """The positions that a write accepts, `None` standing for any; -1 where nothing can match.

    A weak tag, or one that is not ours, matches nothing: If-Match compares strongly.
    """
    tags = _tags("If-Match", value)
    if tags is None:
        return [None]
    ours = [int(tag[1:-1]) for tag in tags if re.fullmatch(r'"[0-9]{1,18}"', tag)]
    return list(ours) or [-1]


def settled(request: Request) -> None:
    """Says of the answer to come that its strong ETag proves that nothing changed."""
    request.state.settled = True


async def conditional(request: Request, response: Response) -> Response:
    """The response to a GET, with an ETag; or 304, if the client has it already."""
    if response.status_code != 200:
        return response
    if "ETag" not in response.headers:
        response.headers["ETag"] = f'W/"{sha256(response.body).hexdigest()[:20]}"'
    etag = response.headers["ETag"]
    proves = etag.startswith("W/") or getattr(request.state, "settled", False)
    if not (proves and _is_known(request.headers.get("If-None-Match"), etag)):
        return response
    if isinstance(response, Streamed):
        await run_in_threadpool(response.release)
    kept = {name: value for name, value in response.headers.items() if name in _KEPT}
    return Response(status_code=304, headers=kept)


_KEPT = {"cache-control", "content-security-policy", "etag", "ledger-position", "vary"}
"""What a 304 repeats of the answer that it stands for."""


def _is_known(value: str | None, etag: str) -> bool:
    """Whether the client has the answer already. A malformed header asks for nothing: it gets the answer."""
    if value is None:
        return False
    try:
        tags = _tags("If-None-Match", value)
    except Malformed:
        return False
    return tags is None or etag.removeprefix("W/") in {tag.removeprefix("W/") for tag in tags}

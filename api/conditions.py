"""If-Match and If-None-Match (RFC 9110, section 13.1)."""

import re

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


def not_modified(value: str | None, etag: str) -> bool:
    """Whether the client has the answer already. A malformed header asks for nothing: it gets the answer."""
    if value is None:
        return False
    try:
        tags = _tags("If-None-Match", value)
    except Malformed:
        return False
    return tags is None or etag.removeprefix("W/") in {tag.removeprefix("W/") for tag in tags}

"""SQL lives in `.sql` files beside the module that runs it, each statement named and described:

    -- name: head
    -- The last position and when it was recorded.
    SELECT position, recorded_at FROM head;

Parameters are psycopg's, `%(name)s`; a literal percent sign is written twice.
"""

import re
from collections.abc import Mapping
from importlib.resources import files
from typing import LiteralString

_HEADING = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


def load(package: str, file: str) -> Mapping[str, LiteralString]:
    """The statements of a package's SQL file by name. `ValueError` if a name is there twice, or none is."""
    # Text from our own package is as trusted as text in our own code, which is all that LiteralString says.
    text: LiteralString = files(package).joinpath(file).read_text("utf-8")
    _, *parts = _HEADING.split(text)
    statements = dict(zip(parts[::2], parts[1::2], strict=True))
    if len(statements) != len(parts) // 2 or not statements:
        raise ValueError(f"{package}/{file} needs statements, each with a name of its own")
    return statements

"""Who asks: bearer keys, what they may be used for, and whom they stand for (contract, section 6).

A key is `qd_` and 256 random bits. The table `keys` has its SHA-256, which is enough for what nobody can
guess. Every request looks its key up, so a revocation holds from the next request on.
"""

import hmac
import os
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from secrets import token_urlsafe
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from psycopg.rows import class_row
from uuid_utils.compat import uuid7

from domain.access import Role
from domain.errors import NotFound
from ledger.database import Database
from ledger.errors import DataFolderUnusable
from ledger.sql import load

_SQL = load("api", "keys.sql")

PREFIX = "qd_"
ENVIRONMENT_KEY = uuid5(NAMESPACE_URL, "quarterdeck:QUARTERDECK_ADMIN_KEY")
"""The id of the key that the environment gives. It is in no table: another variable is another key."""

ADMIN_FILE = "admin.key"


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose a request is: the key, its role, and the member it belongs to, if it does to any."""

    key: UUID
    role: Role
    member: UUID | None = None

    @property
    def actor(self) -> UUID:
        """Who is named as the author of what is written."""
        return self.member or self.key

    @property
    def sees_personal_data(self) -> bool:
        """Whether the e-mail addresses of all members are shown."""
        return self.role in ("admin", "auditor")


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it may be shown: without what it is."""

    id: UUID
    role: Role
    member: UUID | None
    label: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class Keys:
    """The keys of one ledger. `admin_key`: the one that the environment gives."""

    def __init__(self, database: Database, admin_key: str | None = None) -> None:
        self._database = database
        self._admin_key = None if admin_key is None else _hash(admin_key)

    def identify(self, authorization: str | None) -> Identity | None:
        """Whose the request with that header is; `None` if no good key is in it."""
        secret = secret_in(authorization or "")
        if secret is None:
            return None
        hashed = _hash(secret)
        if self._admin_key is not None and hmac.compare_digest(hashed, self._admin_key):
            return Identity(ENVIRONMENT_KEY, "admin")
        with self._database.connection() as connection:
            row = connection.execute(_SQL["find"], {"hash": hashed}).fetchone()
            if row is None:
                return None
            id, role, member, is_worth_noting = row
            if is_worth_noting:
                connection.execute(_SQL["used"], {"id": id})
        return Identity(id, role, member)

    def add(
        self,
        role: Role,
        member: UUID | None = None,
        expires_at: datetime | None = None,
        label: str | None = None,
    ) -> tuple[Key, str]:
        """Makes a key. Answers it, and the secret, which is not seen again."""
        secret = new_secret()
        given = {"role": role, "member": member, "expires_at": expires_at, "label": label}
        (key,) = self._keys("add", id=uuid7(), hash=_hash(secret), **given)
        return key, secret

    def list(self, limit: int, after: UUID | None = None) -> Sequence[Key]:
        """Keys in the order in which they were made, revoked and expired ones too."""
        return self._keys("list", limit=limit, after=after)

    def get(self, id: UUID) -> Key:
        """One key. Raises `NotFound`."""
        found = self._keys("get", id=id)
        if not found:
            raise NotFound(f"There is no key {id}.")
        return found[0]

    def revoke(self, id: UUID) -> Key:
        """Takes a key's power. Raises `NotFound`."""
        with self._database.connection() as connection:
            connection.execute(_SQL["revoke"], {"id": id})
        return self.get(id)

    def ensure_admin(self, data: Path) -> str | None:
        """Makes the first admin's key, unless there ever was one or the environment gives one.

        It is kept in the data folder, readable by its owner alone. Answers it when it was made. Raises
        `DataFolderUnusable`.
        """
        if self._admin_key is not None:
            return None
        with self._database.connection() as connection:
            if connection.execute(_SQL["any_admin"]).fetchone() is not None:
                return None
            # The file first: a key that is in the table alone could never be found again.
            secret = _kept(data / ADMIN_FILE)
            connection.execute(_SQL["add_first_admin"], {"id": uuid7(), "hash": _hash(secret)})
        return secret

    def _keys(self, query: str, **parameters: Any) -> Sequence[Key]:
        with (
            self._database.connection() as connection,
            connection.cursor(row_factory=class_row(Key)) as cursor,
        ):
            return cursor.execute(_SQL[query], parameters).fetchall()


def new_secret() -> str:
    """A key that nobody can guess."""
    return PREFIX + token_urlsafe(32)


def _hash(secret: str) -> bytes:
    return sha256(secret.encode(errors="surrogateescape")).digest()


def secret_in(authorization: str) -> str | None:
    """The key in an Authorization header: the token of Bearer, the password of Basic with any user name."""
    scheme, _, rest = authorization.partition(" ")
    rest = rest.strip()
    if scheme.lower() == "bearer":
        return rest or None
    if scheme.lower() == "basic":
        with suppress(Base64Error, UnicodeDecodeError, ValueError):
            return b64decode(rest, validate=True).decode().partition(":")[2] or None
    return None


def _kept(file: Path) -> str:
    """The secret in the file; a new one, if there is no file yet."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            new = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(new, "w") as out:
                out.write(new_secret() + "\n")
        secret = file.read_text().strip()
    except OSError as error:
        raise DataFolderUnusable(
            f"The admin's key cannot be kept in {file}: {error}. "
            "Set QUARTERDECK_ADMIN_KEY, or another QUARTERDECK_DATA."
        ) from error
    if not secret:
        raise DataFolderUnusable(f"{file} is empty: remove it, and a new key is made.")
    return secret

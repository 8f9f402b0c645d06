"""Who asks: bearer keys, what they may be used for, and whom they stand for (contract, section 6).

A key is `qd_` and 256 random bits. The table `keys` has its SHA-256, which is enough for what nobody can
guess. Every request looks its key up, so a revocation holds from the next request on, in every process.

Making and revoking keys are commands (`domain.key`), whose events and rows are written in one transaction. Two keys
come before all of them and are in no event: the environment's, and the one that a first start makes.
"""

import hmac
import os
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from secrets import token_urlsafe
from uuid import NAMESPACE_URL, UUID, uuid5

from uuid_utils.compat import uuid7

from domain.roles import Role
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


class Keys:
    """The keys of one ledger. `admin_key`: the one that the environment gives."""

    def __init__(self, database: Database, admin_key: str | None = None) -> None:
        self._database = database
        self._admin_key = None if admin_key is None else hash_of(admin_key)

    def identify(self, authorization: str | None) -> Identity | None:
        """Whose the request with that header is; `None` if no good key is in it."""
        return self.identify_all([authorization])[0]

    def must_ask(self, authorization: str | None) -> bool:
        """Whether it takes the database to tell; not for the environment's key, or where there is none."""
        secret = secret_in(authorization or "")
        return secret is not None and not self._is_environments(hash_of(secret))

    def identify_all(self, authorizations: Sequence[str | None]) -> list[Identity | None]:
        """The same of several requests, whose keys are looked up together."""
        secrets = [secret_in(authorization or "") for authorization in authorizations]
        hashes = [None if secret is None else hash_of(secret) for secret in secrets]
        kept = self._find({hashed for hashed in hashes if hashed is not None and not self._is_environments(hashed)})
        return [None if hashed is None else self._whose(hashed, kept) for hashed in hashes]

    def _whose(self, hashed: bytes, kept: Sequence[tuple[bytes, Identity]]) -> Identity | None:
        if self._is_environments(hashed):
            return Identity(ENVIRONMENT_KEY, "admin")
        # The index has found the rows by comparing byte after byte, and how long that took may tell how much of a hash
        # was right. That helps nobody: a secret whose hash begins as one wants is as hard to find as any other. This
        # comparison takes as long whatever differs, and decides, however the rows were looked up.
        return next((identity for other, identity in kept if hmac.compare_digest(hashed, other)), None)

    def _is_environments(self, hashed: bytes) -> bool:
        return self._admin_key is not None and hmac.compare_digest(hashed, self._admin_key)

    def _find(self, hashes: Collection[bytes]) -> list[tuple[bytes, Identity]]:
        """The good keys among these, as they are now; that they were used is noted."""
        if not hashes:
            return []
        with self._database.connection() as connection:
            rows = connection.execute(_SQL["find"], {"hashes": list(hashes)}, binary=True).fetchall()
            for id, _, _, is_worth_noting, _ in rows:
                if is_worth_noting:
                    connection.execute(_SQL["used"], {"id": id})
        return [(hashed, Identity(id, role, member)) for id, role, member, _, hashed in rows]

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
            connection.execute(_SQL["add_first_admin"], {"id": uuid7(), "hash": hash_of(secret)})
        return secret


def new_secret() -> str:
    """A key that nobody can guess."""
    return PREFIX + token_urlsafe(32)


def hash_of(secret: str) -> bytes:
    """What is kept of a key."""
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


def token_in(authorization: str | None) -> str | None:
    """The token in an Authorization header: what comes as Bearer and looks like JSON in base64url, with dots."""
    scheme, _, rest = (authorization or "").partition(" ")
    token = rest.strip()
    return token if scheme.lower() == "bearer" and token.startswith(("ey", "ew")) and "." in token else None


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

"""The signing key and the last checkpoint that it signed, in the data folder, for the owner alone.

`signing.key` is an Ed25519 key in PEM. `SCHEMA-NAME.checkpoint` is what was signed last of a ledger: whatever happens
to its database, nothing that contradicts it is signed with the same key (`ledger.proofs.sealer`).
"""

import os
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from uuid import UUID

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from ledger.errors import DataFolderUnusable
from ledger.proofs.notes import BadNote, Checkpoint, Signer

KEY_FILE = "signing.key"


class KeyFolder:
    """What a data folder holds for the ledger of a schema. `log`: its id."""

    def __init__(self, data: Path, schema: str) -> None:
        self.file = data / KEY_FILE
        self._schema = schema

    def signer(self, log: UUID) -> Signer | None:
        """The signer; `None` if there is no key yet. Raises `DataFolderUnusable`."""
        try:
            private = load_pem_private_key(self.file.read_bytes(), None)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise DataFolderUnusable(f"The signing key in {self.file} cannot be read: {error}") from error
        if not isinstance(private, Ed25519PrivateKey):
            raise DataFolderUnusable(f"The signing key in {self.file} is no Ed25519 key.")
        return Signer.named(self._schema, log, private)

    def make(self, log: UUID) -> Signer:
        """The signer, of a new key if there is none. Of several that start at once, all have the same."""
        aside = self._written_aside(self.file, _new_key())
        try:
            with suppress(FileExistsError):
                os.link(aside, self.file)
        finally:
            aside.unlink(missing_ok=True)
        signer = self.signer(log)
        if signer is None:
            raise DataFolderUnusable(f"The signing key cannot be kept in {self.file}.")
        return signer

    def replace(self, log: UUID) -> Signer:
        """A new signer, which has signed nothing yet. The key before it is gone."""
        self._written_aside(self.file, _new_key()).replace(self.file)
        return self.make(log)

    def last(self, signer: Signer) -> Checkpoint | None:
        """What the signer signed last; `None` if nothing, or nothing that can be relied on."""
        try:
            checkpoint = Checkpoint.parse(self._last(signer.name).read_text("utf-8"))
            checkpoint.signed_by([signer.verifier])
        except (OSError, UnicodeDecodeError, BadNote):
            return None
        return checkpoint

    def keep(self, checkpoint: Checkpoint) -> None:
        """Notes what is about to be signed for good."""
        file = self._last(checkpoint.origin)
        self._written_aside(file, checkpoint.note.encode()).replace(file)

    def _last(self, name: str) -> Path:
        return self.file.with_name(f"{'-'.join(name.split('/')[1:])}.checkpoint")

    @staticmethod
    def _written_aside(file: Path, content: bytes) -> Path:
        aside = file.with_name(f".{file.name}.{token_hex(8)}")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
        except OSError as error:
            raise DataFolderUnusable(f"{file} cannot be written: {error}") from error
        return aside


def _new_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

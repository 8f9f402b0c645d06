"""Checkpoints as others write them: C2SP tlog-checkpoint in C2SP signed-note, Ed25519.

    quarterdeck/quarterdeck/1f0c22d4        origin: whose tree it is, which is also the name of the key
    1234                                    how many leaves it has
    wmZy…=                                  its root, base64
                                            (an empty line)
    — quarterdeck/quarterdeck/1f0c22d4 GJK…  who signed: key id and signature, base64

A *verifier key* is `NAME+KEY ID+BASE64(0x01 ‖ public key)`. Other signatures on a note, as of witnesses, are let be.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_ED25519 = b"\x01"
_NAME = re.compile(r"[^\s+]+")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_SIGNATURE = re.compile(r"— ([^\s+]+) (\S+)")
MOST_SIGNATURES = 100


class BadNote(ValueError):
    """What is no checkpoint, no verifier key, or not signed by whom it should be; the text is a sentence."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key and its name."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """The four bytes that tell keys of one name apart."""
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64encode(_ED25519 + self.public).decode()}"

    @classmethod
    def parse(cls, text: str) -> "Verifier":
        """The opposite of `str(verifier)`. Raises `BadNote`."""
        name, _, rest = text.strip().partition("+")
        id_, _, key = rest.partition("+")
        public = _decoded(key)
        if not _NAME.fullmatch(name) or public is None or len(public) != 33 or public[:1] != _ED25519:
            raise BadNote(f"{text.strip()[:200]!r} is no verifier key of Ed25519, as NAME+ID+KEY.")
        verifier = cls(name, public[1:])
        if verifier.id.hex() != id_:
            raise BadNote(f"The verifier key of {name} was changed: its id is {verifier.id.hex()}, not {id_[:20]}.")
        return verifier

    def accepts(self, signature: bytes, text: str) -> bool:
        """Whether the signature is this key's on the text."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key, and the name that it signs under."""

    name: str
    _private: Ed25519PrivateKey

    @classmethod
    def named(cls, schema: str, log: UUID, private: Ed25519PrivateKey) -> "Signer":
        """The signer of a ledger's log. Another ledger and another key are another name, whatever the schema."""
        digits = sha256(log.bytes + private.public_key().public_bytes_raw()).hexdigest()[:8]
        return cls(f"quarterdeck/{schema}/{digits}", private)

    @property
    def verifier(self) -> Verifier:
        """The public part."""
        return Verifier(self.name, self._private.public_key().public_bytes_raw())

    def sign(self, size: int, root: bytes) -> "Checkpoint":
        """The checkpoint of a tree."""
        text = f"{self.name}\n{size}\n{b64encode(root).decode()}\n"
        signature = b64encode(self.verifier.id + self._private.sign(text.encode())).decode()
        return Checkpoint(self.name, size, root, f"{text}\n— {self.name} {signature}\n")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a note says: the tree's size and root. `note` is the whole of it, with its signatures."""

    origin: str
    size: int
    root: bytes
    note: str

    @classmethod
    def parse(cls, note: str) -> "Checkpoint":
        """What the note says, whoever signed it. Raises `BadNote`."""
        text, _, signatures = note.partition("\n\n")
        origin, size, root, *_ = [*text.split("\n"), "", "", ""]
        hashed = _decoded(root)
        if not origin or not _SIZE.fullmatch(size) or hashed is None or len(hashed) != 32 or not signatures:
            raise BadNote(
                "This is no checkpoint: lines with origin, size, root, an empty one and a signature are needed."
            )
        return cls(origin, int(size), hashed, note)

    def signed_by(self, verifiers: Iterable[Verifier]) -> Verifier:
        """The one of the keys that signed it. Raises `BadNote` if none did, or one is said to have and did not.

        A key signs for its own tree only: the origin must be the key's name.
        """
        text, _, signatures = self.note.partition("\n\n")
        known = {(each.name, each.id): each for each in verifiers}
        lines = signatures.split("\n")
        if lines[-1:] != [""] or len(lines) > MOST_SIGNATURES:
            raise BadNote("The checkpoint's signatures are not as they should be: each is a line of its own.")
        for line in lines[:-1]:
            match = _SIGNATURE.fullmatch(line)
            signature = _decoded(match[2]) if match else None
            if match is None or signature is None or len(signature) < 5:
                raise BadNote("The checkpoint has a signature that cannot be read.")
            verifier = known.get((match[1], signature[:4]))
            if verifier is None:
                continue
            if not verifier.accepts(signature[4:], text + "\n"):
                raise BadNote(f"The signature of {verifier.name} on the checkpoint of size {self.size} is wrong.")
            if verifier.name != self.origin:
                raise BadNote(f"{verifier.name} signed a checkpoint of another tree, {self.origin}.")
            return verifier
        raise BadNote(f"None of the given keys has signed the checkpoint of size {self.size}.")


def verifiers(text: str) -> Sequence[Verifier]:
    """The verifier keys in a text, one a line. Raises `BadNote`."""
    return [Verifier.parse(line) for line in text.splitlines() if line.strip()]


def _decoded(text: str) -> bytes | None:
    try:
        raw = b64decode(text, validate=True)
    except (Base64Error, ValueError):
        return None
    return raw if b64encode(raw).decode() == text else None

"""The shapes of proofs (contract, section 5). Hashes are hexadecimal, leaves base64."""

from pydantic import Field

from api.shapes.base import Shape


class Leaf(Shape):
    """One leaf of the tree: base64 of the bytes that are hashed of the event at that position, and their hash."""

    position: int = Field(ge=1)
    leaf_hash: str
    leaf: str


class InclusionProof(Shape):
    """An RFC 6962 audit path: with the leaf's hash it leads to the root of the tree of that size."""

    leaf_index: int = Field(ge=0)
    tree_size: int = Field(ge=1)
    leaf_hash: str
    hashes: list[str]


class ConsistencyProof(Shape):
    """An RFC 6962 consistency proof: that the tree of size `to` begins with the tree of size `from`."""

    from_: int = Field(ge=1, alias="from")
    to: int = Field(ge=1)
    hashes: list[str]

"""Examples of proofs for the OpenAPI document: a ledger of two events, whose first is asked for."""

from base64 import b64encode

from ledger.proofs.leaf import leaf
from ledger.proofs.tree import leaf_hash

_FIRST = leaf(
    position=1,
    id="0190a2f0-8277-7374-90aa-6f81d2537499",
    type="cycle.opened",
    schema_version=1,
    stream="cycle/0190a2f0-1b7a-7cc0-8f63-d3a9a3c5e1b2",
    version=1,
    effective_at="2026-01-02T08:00:00.000000Z",
    reported_at=None,
    recorded_at="2026-01-02T08:00:00.000000Z",
    actor="0190a2f0-3d22-7e2f-8b55-1a3c8d0e2f44",
    on_behalf_of=None,
    data={},
)
_HASH = leaf_hash(_FIRST).hex()
_OTHER = leaf_hash(b"the second").hex()

SHAPES = {
    "Leaf": {"position": 1, "leaf_hash": _HASH, "leaf": b64encode(_FIRST).decode()},
    "InclusionProof": {"leaf_index": 0, "tree_size": 2, "leaf_hash": _HASH, "hashes": [_OTHER]},
    "ConsistencyProof": {"from": 1, "to": 2, "hashes": [_OTHER]},
}
CHECKPOINT = """\
quarterdeck/quarterdeck/9d4441aa
673
3/qkiCnMx40cXNUBhQmbCds4EH3GXsU+jChAh615HjI=

— quarterdeck/quarterdeck/9d4441aa \
ETVKOyQeAS1mC4xWrm3u01sa87n1NT8nk1+5EYlj9aAzj48fJ807W51Bmbg2vEcnU2YHO1VqX+hu5afreo+HzlYe9Ao=
"""
KEY = "quarterdeck/quarterdeck/29e9c84d+af166ef3+ASMjlh6JyuGO5IIijM36aJ3Dk9tkPPReU5Tdb/9Ldmmp\n"

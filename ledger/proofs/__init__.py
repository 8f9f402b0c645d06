"""What makes the ledger provable: a Merkle tree over its events, signed, that anyone can check.

    events ─▶ leaf (canonical JSON) ─▶ tree (RFC 6962) ─▶ checkpoint (a signed note) ─▶ proofs

Read in this order: `leaf`, `tree`, `notes` are pure; `store` keeps nodes and checkpoints; `sealer` follows the ledger
and writes them; `auditing` checks them, of a live ledger or of an export (`exports`). docs/proofs.md says it for
strangers.
"""

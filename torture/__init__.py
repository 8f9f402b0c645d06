"""A server under load, broken at random, and a count of what was lost, doubled or wrong: `make torture`.

    plan ─▶ faults ─▶ stage (PostgreSQL, proxies, servers) ◀─ clients ─▶ journal ─▶ checking ─▶ report

`stage` is what there is to break, `faults` the ways to break it, `clients` those who write meanwhile and note in the
`journal` what they were answered. `checking` compares the journal with the ledger, by itself; `inspecting` asks the
running server and its own programs. Nothing here is part of the server.
"""

"""Quarterdeck beside what people would use instead, on the same PostgreSQL server, in one run, in alternating rounds.

    make bench                                    a rough table in some minutes, on 20,000 events
    make bench ARGS=--full                        a million events and longer rounds: half an hour
    make bench ARGS="--only appends --only start" some of it

    environment.py   the peers, installed in .venv/peers      measure.py   rounds, percentiles, goals
    bench.py         what the figures share                   table.py     the table
    postgres.py      the server of a run, pgbench             picture.py   the picture
    story.py         the input that all are given             ours.py      that input as a ledger
    processes.py     servers and peers as processes           client.py    the HTTP client, a process of its own

    checks.py        that the peers do what we do             check_ins.py, boards.py, measurements.py   over HTTP
    appends.py       events a second, 1, 16, 100 callers      memory.py    of a server, of a rebuild
    bulk.py          many at once                             start.py     until it is ready
    rebuilds.py      events a second into the read models

The peers are in `benchmarks.peers`: (a) is the `eventsourcing` library by its own ways, (b) Django, (c) Emmett, (d)
the limit, pgbench and COPY. All write with fsync and synchronous_commit on. Django is served by two processes, as a
team has it on two cores; ours is one.
"""

"""Figures, beside those of the library that we build on, on the same embedded server with fsync on.

    python -m benchmarks            all of them, some minutes
    python -m benchmarks --quick    the same in a minute, rougher
    python -m benchmarks --fresh    also `make run` from a fresh clone to the first answer

    server.py     a server and databases for this run     library.py    the library's application and projection
    appends.py    commands a second, 1 and 16 callers     rebuilds.py   events a second into the books
    imports.py    real histories                          boards.py     500 objectives, now and then
    fresh.py      a new user's first minute

`benchmarks.side_by_side` measures the same things beside a Django application, Emmett and the limit: `make bench`.

No test depends on a clock; these are for people. Read them as ratios: what runs beside them on the machine counts.
"""

"""Where events are kept, and the way from a command to what is kept, on PostgreSQL.

    database.py, migrations.py     connections and roles; numbered SQL files     sql.py  loads named SQL
    embedded.py, cluster.py        a PostgreSQL of our own under the data folder
    envelope.py, mapper.py         what is stored of an event: names, versions, free texts as commitments
    append.py, recorder.py         what is asked of an append and what comes of it; the way in (migration 0003)
    reader.py                      the questions
    subscription.py, notify.py     following the tail
    orders.py, application.py, sight.py, expecting.py, group.py   load, decide, append, many at once
    history_file.py, translation.py, payloads.py, exact_json.py, importing.py   the history file
    export.py, exported.py, restoring.py   the whole ledger out and in

It imports `domain` and nothing else of ours.
"""

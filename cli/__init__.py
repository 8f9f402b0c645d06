"""The same commands for a terminal (contract, section 8).

    main.py       what can be typed, and how it ends: exit codes, one clear line for an error
    opening.py    flags to settings, settings to an open ledger whose books are caught up
    terminal.py   what is printed, for people and with --json; progress
    history.py    import and export          board.py    a board in 80 columns
    upkeep.py     migrate and rebuild        people.py   keys, and erasing a member
    demo/         a made-up company, written through the API

Nothing that takes time is imported before it is needed, so that `--help` is quick.
"""

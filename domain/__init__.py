"""What can happen to goals, and the rules: pure functions over frozen facts, no clock and no I/O.

Read `kernel` first, then one folder (`cycle` is the smallest whole one): `events` says what happened,
`state` folds it, `decisions` says what may happen next.
"""

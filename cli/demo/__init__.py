"""A made-up company, Wobblewheel, which rents out cargo bikes by subscription: two past quarters and the
running one.

    company.py               its teams and people first.py second.py third.py   a quarter each: objectives,
    key results, what was said of them week by week plot.py                  the words that those pages are
    written in script.py                pages and a day to end on → requests, in the order in which they would
    have been made run.py                   sends them to the API

Everything but the dates is written down, and every request has its own idempotency key, so that writing it
twice changes nothing.
"""

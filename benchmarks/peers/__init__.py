"""What people would use instead, as they would write it: small programs that `benchmarks.side_by_side` runs.

    requirements.txt, django_app/    Django REST framework with django-simple-history, served by gunicorn
    emmett/                          Emmett on PostgreSQL, for Node

None of it is imported by Quarterdeck, and nothing is installed outside `.venv/peers`.
"""

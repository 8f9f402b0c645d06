"""Takes orders from the benchmarks, a line of JSON each on standard input, and answers each by one."""

import json
import sys
from datetime import datetime
from time import perf_counter
from typing import Any

from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import BaseCommand
from rest_framework.authtoken.models import Token

from benchmarks.side_by_side.story import Story
from goals import filling, services


class Command(BaseCommand):
    """`manage.py peer`."""

    help = __doc__

    def handle(self, *_: Any, **__: Any) -> None:
        for line in sys.stdin:
            order = json.loads(line)
            answer = getattr(self, f"do_{order.pop('do')}")(**order)
            self.stdout.write(json.dumps(answer))
            self.stdout.flush()

    def do_prepare(self, quarters: int, objectives: int) -> str:
        """Makes the tables and tells the story; answers the token of a user."""
        call_command("migrate", run_syncdb=True, verbosity=0)
        user = User.objects.create_user("owner")
        filling.fill(Story(quarters, objectives), user)
        return Token.objects.create(user=user).key

    def do_history_rows(self) -> int:
        """How many rows all histories have."""
        return sum(
            model.history.count()
            for model in (services.Cycle, services.Objective, services.KeyResult, services.CheckIn)
        )

    def do_board(self, label: str, as_of: str | None) -> float:
        """Milliseconds of the board's queries alone, all rows fetched, nothing shown."""
        at = datetime.fromisoformat(as_of) if as_of else None
        started = perf_counter()
        services.board(label, at)
        return 1_000 * (perf_counter() - started)

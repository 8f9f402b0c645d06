"""Cycles, objectives, key results and check-ins, each with its history; scores are stored where they are shown."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

SIX = Decimal("0.000001")


class History(HistoricalRecords):
    """The history of a model, indexed for what `as_of` asks: whether a thing has a later row."""

    def get_meta_options(self, model: type[models.Model]) -> dict[str, Any]:
        options: dict[str, Any] = super().get_meta_options(model)
        options["indexes"] = [*options.get("indexes", ()), models.Index(fields=["id", "history_date"])]
        return options


class Cycle(models.Model):
    """A quarter, as a rule."""

    class State(models.TextChoices):
        PLANNED = "planned"
        OPEN = "open"
        CLOSED = "closed"

    id = models.UUIDField(primary_key=True, default=uuid4)
    label = models.CharField(max_length=200, unique=True)
    state = models.CharField(max_length=10, choices=State, default=State.PLANNED)
    starts_on = models.DateField()
    ends_on = models.DateField()
    history = History()


class Objective(models.Model):
    """What is to be achieved. Its score is the weighted mean of its key results'."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="objectives")
    title = models.CharField(max_length=500)
    description = models.TextField(blank=True)
    weight = models.DecimalField(max_digits=12, decimal_places=4, default=Decimal(1))
    score = models.DecimalField(max_digits=7, decimal_places=6, default=Decimal(0))
    history = History()


class KeyResult(models.Model):
    """How an objective is measured: from a baseline to a target."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    objective = models.ForeignKey(Objective, models.PROTECT, related_name="key_results")
    title = models.CharField(max_length=500)
    baseline = models.DecimalField(max_digits=24, decimal_places=6)
    target = models.DecimalField(max_digits=24, decimal_places=6)
    unit = models.CharField(max_length=50, blank=True)
    weight = models.DecimalField(max_digits=12, decimal_places=4, default=Decimal(1))
    value = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    progress = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    score = models.DecimalField(max_digits=7, decimal_places=6, default=Decimal(0))
    confidence = models.PositiveSmallIntegerField(null=True)
    status = models.CharField(max_length=10, blank=True)
    checked_in_at = models.DateTimeField(null=True)
    history = History()

    def measure(self, value: Decimal) -> None:
        """Takes in a value: how far it has moved, and that between 0 and 1."""
        self.value = value
        progress = (value - self.baseline) / (self.target - self.baseline)
        self.progress = progress.quantize(SIX, ROUND_HALF_UP)
        self.score = min(max(self.progress, Decimal(0)), Decimal(1))


class CheckIn(models.Model):
    """A dated statement of where a key result stands."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    key_result = models.ForeignKey(KeyResult, models.PROTECT, related_name="check_ins")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT)
    value = models.DecimalField(max_digits=24, decimal_places=6)
    confidence = models.PositiveSmallIntegerField(null=True)
    status = models.CharField(max_length=10, blank=True)
    note = models.TextField(blank=True)
    at = models.DateTimeField()
    history = History()


class Kpi(models.Model):
    """A metric followed across cycles."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    name = models.CharField(max_length=200)
    history = History()


class Measurement(models.Model):
    """What a KPI was on a day."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    kpi = models.ForeignKey(Kpi, models.PROTECT, related_name="measurements")
    on = models.DateField()
    value = models.DecimalField(max_digits=24, decimal_places=6)
    note = models.TextField(blank=True)
    history = History()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["kpi", "on"], name="one_a_day"),)

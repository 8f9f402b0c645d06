"""What goes over the wire."""

from rest_framework import serializers

from goals.models import CheckIn, Cycle, KeyResult, Kpi, Measurement, Objective


class CheckInSerializer(serializers.ModelSerializer):
    """A check-in, as it is sent and as it is answered."""

    confidence = serializers.IntegerField(min_value=0, max_value=10, required=False, allow_null=True)

    class Meta:
        model = CheckIn
        fields = ("id", "key_result", "author", "value", "confidence", "status", "note", "at")
        read_only_fields = ("id", "key_result", "author", "at")


class KeyResultSerializer(serializers.ModelSerializer):
    """A key result on a board."""

    class Meta:
        model = KeyResult
        fields = (
            "id", "objective", "title", "baseline", "target", "unit", "weight", "value", "progress", "score",
            "confidence", "status", "checked_in_at",
        )  # fmt: skip


class ObjectiveSerializer(serializers.ModelSerializer):
    """An objective on a board, with its key results."""

    key_results = KeyResultSerializer(many=True, source="parts")

    class Meta:
        model = Objective
        fields = ("id", "title", "description", "weight", "score", "key_results")


class CycleSerializer(serializers.ModelSerializer):
    """A cycle on a board."""

    class Meta:
        model = Cycle
        fields = ("id", "label", "state", "starts_on", "ends_on")


class KpiSerializer(serializers.ModelSerializer):
    """A KPI."""

    class Meta:
        model = Kpi
        fields = ("id", "name")


class MeasurementSerializer(serializers.ModelSerializer):
    """A point of a KPI."""

    class Meta:
        model = Measurement
        fields = ("on", "value", "note")

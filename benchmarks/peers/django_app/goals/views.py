"""The endpoints."""

from typing import Any
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.dateparse import parse_datetime
from rest_framework.exceptions import ValidationError
from rest_framework.generics import CreateAPIView, get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from goals import services
from goals.models import KeyResult, Kpi
from goals.serializers import (
    CheckInSerializer,
    CycleSerializer,
    KpiSerializer,
    MeasurementSerializer,
    ObjectiveSerializer,
)


def ready(_: HttpRequest) -> HttpResponse:
    """That the server is up."""
    return HttpResponse("ok")


class CheckInView(APIView):
    """POST: a check-in."""

    def post(self, request: Request, key_result: UUID) -> Response:
        said = CheckInSerializer(data=request.data)
        said.is_valid(raise_exception=True)
        try:
            made = services.check_in(key_result, request.user, said.validated_data)
        except KeyResult.DoesNotExist:
            raise Http404 from None
        return Response(CheckInSerializer(made).data, status=201)


class BoardView(APIView):
    """GET: a cycle with its objectives and their key results; `?as_of=` an instant shows it as it was."""

    def get(self, request: Request, label: str) -> Response:
        given = request.query_params.get("as_of")
        at = parse_datetime(given) if given else None
        if given and at is None:
            raise ValidationError({"as_of": "This is no instant."})
        try:
            cycle, objectives = services.board(label, at)
        except ObjectDoesNotExist:
            raise Http404 from None
        above = sum(objective.weight * objective.score for objective in objectives)
        shown: dict[str, Any] = dict(CycleSerializer(cycle).data)
        shown["score"] = services.mean(above, sum(objective.weight for objective in objectives))
        shown["objectives"] = ObjectiveSerializer(objectives, many=True).data
        return Response(shown)


class KpiView(CreateAPIView):
    """POST: a new KPI."""

    queryset = Kpi.objects.all()
    serializer_class = KpiSerializer


class MeasurementsView(APIView):
    """POST: points of a KPI."""

    def post(self, request: Request, kpi: UUID) -> Response:
        found = get_object_or_404(Kpi, pk=kpi)
        points = MeasurementSerializer(data=request.data["points"], many=True)
        points.is_valid(raise_exception=True)
        return Response({"recorded": services.record(found, points.validated_data)}, status=201)

"""KPIs, their targets and benchmarks, and their measurements."""

from typing import Annotated, Any

from fastapi import Header, Path, Query, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from api import documents, shapes
from api.asking import After, Asked, Limit
from api.csv_points import EXAMPLE, PointsRoute
from api.csv_series import series_csv
from api.negotiation import CSV, Accept, prefers
from api.registry import Api, Form, carry_out
from api.writing import WriteHeaders
from domain.errors import Fault, Refusal, invalid
from domain.kernel import Kind
from domain.kpi.decisions import ChangeKpi, DefineKpi, RestoreKpi, RetireKpi
from domain.kpi.pairs import PairKpi, UnpairKpi
from domain.kpi.targets import SetKpiBenchmark, SetKpiTarget
from domain.measurements.decisions import RecordMeasurements, RestateMeasurement
from domain.values import Day, Id, Instant, Note, Number
from ledger.payloads import build
from projections import questions

TAG = ("KPIs", "What is followed continuously, across cycles, and what it was on which day.")

ONE = "/kpis/{kpi}"
POINT = f"{ONE}/measurements/{{on}}"
_KpiId = Annotated[Id, Path(description="The KPI.")]
_AS_FILE = Form(CSV, PointsRoute, EXAMPLE, in_query=("source",))


class RecordMeasurement(BaseModel):
    """Say what a KPI was on one day; another value than the one that stands restates it."""

    model_config = ConfigDict(extra="forbid")

    value: Number
    note: Note | None = None
    effective_at: Instant | None = None


def add(api: Api) -> None:
    """Adds them."""
    api.collection(Kind.KPI, shapes.Kpi, Id)
    api.command("POST", "/kpis", DefineKpi, shapes.Kpi)
    api.command("PATCH", ONE, ChangeKpi, shapes.Kpi)
    api.command("POST", f"{ONE}/targets", SetKpiTarget, shapes.Kpi)
    api.command("POST", f"{ONE}/benchmarks", SetKpiBenchmark, shapes.Kpi)
    api.command("PUT", f"{ONE}/counter-metrics/{{other}}", PairKpi, shapes.Kpi)
    api.command("DELETE", f"{ONE}/counter-metrics/{{other}}", UnpairKpi, shapes.Kpi)
    api.command("POST", f"{ONE}/retire", RetireKpi, shapes.Kpi)
    api.command("POST", f"{ONE}/restore", RestoreKpi, shapes.Kpi)
    api.command("POST", f"{ONE}/measurements", RecordMeasurements, shapes.Kpi, _AS_FILE)
    _add_point(api)
    api.command("POST", f"{POINT}/restate", RestateMeasurement, shapes.Kpi)
    _add_reads(api)


def _add_point(api: Api) -> None:
    def record_measurement(
        request: Request,
        headers: Annotated[WriteHeaders, Header()],
        kpi: _KpiId,
        on: Annotated[Day, Path(description="The last day of the period that the point measures.")],
    ) -> Response:
        """Say what a KPI was on one day.

        The same value again changes nothing; another restates the day's. To give a reason for it, restate.
        """
        said: dict[str, Any] = request.state.payload
        if strange := said.keys() - RecordMeasurement.model_fields:
            raise invalid(f"/{min(strange)}", "is no field that belongs here")
        point = {"on": on} | {name: value for name, value in said.items() if name != "effective_at"}
        whole = {"kpi": kpi, "points": [point], "effective_at": said.get("effective_at")}
        try:
            return carry_out(request, build(RecordMeasurements, whole), POINT, headers)
        except Refusal as refusal:
            _as_one_point(refusal)
            raise

    document = documents.of_command(shapes.Kpi, RecordMeasurement, creates=False)
    api.add("PUT", POINT, record_measurement, **document)


def _as_one_point(refusal: Refusal) -> None:
    """Here the point is the whole body."""
    faults = tuple(Fault(fault.pointer.removeprefix("/points/0"), fault.reason) for fault in refusal.faults)
    if faults != refusal.faults:
        refusal.detail = f"{faults[0].pointer.lstrip('/')}: {faults[0].reason}"
    refusal.faults = faults


def _add_reads(api: Api) -> None:
    @api.read(f"{ONE}/measurements", documents.page(shapes.Measurement))
    def list_kpi_measurements(
        asked: Asked,
        kpi: _KpiId,
        from_on: Annotated[Day | None, Query(description="Points of this day and later ones.")] = None,
        to_on: Annotated[Day | None, Query(description="Points of this day and earlier ones.")] = None,
        limit: Limit = 50,
        after: After = None,
    ) -> Response:
        """The measurements of one KPI, by day, each as it was said last."""
        with asked.reading() as reading:
            return asked.page(reading, questions.measurements(reading, kpi, limit, after, from_on, to_on))

    @api.read(f"{ONE}/series", shapes.KpiSeries, also=CSV)
    def get_kpi_series(
        asked: Asked,
        kpi: _KpiId,
        accept: Accept = None,
    ) -> Response:
        """All points of a KPI with the target and benchmark that held then.

        `known` is everything that was said of a point, and when it was recorded, oldest first. With several
        benchmarks it is the one whose name was set first. As CSV, a row a point.
        """
        with asked.reading() as reading:
            series = questions.kpi_series(reading, kpi)
            if prefers(accept, CSV):
                return asked.text(reading, series_csv(series), CSV, {"Vary": "Accept"})
            return asked.answer(reading, series, headers={"Vary": "Accept"})

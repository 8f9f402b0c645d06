"""What answers where."""

from django.urls import path
from goals import views

urlpatterns = [
    path("readyz", views.ready),
    path("api/cycles/<str:label>/board", views.BoardView.as_view()),
    path("api/key-results/<uuid:key_result>/check-ins", views.CheckInView.as_view()),
    path("api/kpis", views.KpiView.as_view()),
    path("api/kpis/<uuid:kpi>/measurements", views.MeasurementsView.as_view()),
]

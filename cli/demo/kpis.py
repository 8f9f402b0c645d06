"""What Wobblewheel follows from quarter to quarter."""

from cli.demo.plot import Followed, deed

KPIS = (
    Followed(
        "customers", "Active customers", "households", "increase", "weekly", "wobblewheel", "amara",
        "312 318 325 331 345 352 356 361 369 378 384 391 397 "
        "399 402 410 417 425 431 440 448 457 469 478 489 500 "
        "504 512 519 529 540 548 561 570 583 590 602 611 618",
        before="258 261 266 270 273 279 284 288 291 296 301 305 310",
        more={"perspective": "customer", "indicator": "lag", "tags": ["growth"],
              "definition": "Households that paid for the running month, in both cities."},
    ),
    Followed(
        "churn", "Churn", "% a month", "decrease", "monthly", "wobblewheel", "amara",
        "5.1 4.6 3.8 4.2 4 4.1 3.9 3.4 2.9", before="6 5.8 5.4", always_late=2,
        more={"perspective": "customer", "indicator": "lag",
              "definition": "Households that left in the month, of those that were there when it began."},
    ),
    Followed(
        "nps", "Net promoter score", "points", "increase", "quarterly", "neighbours", "amara",
        "41 47 52", before="29 31", always_late=3,
        more={"perspective": "customer", "indicator": "lead"},
    ),
    Followed(
        "margin", "Gross margin", "%", "increase", "monthly", "wobblewheel", "ines",
        "12.5 14 16.5 17 21 24.5 26 29 31", before="8 9 11", always_late=11,
        more={"perspective": "financial", "indicator": "lag", "tags": ["finance"],
              "definition": "What is left of the revenue after electricity, parts and repairs."},
    ),
    Followed(
        "reply", "Time to first reply", "hours", "decrease", "weekly", "neighbours", "carla",
        "18 16.5 15 11 10.5 8 7.5 6 6.8 5.5 5 4.6 4.5 "
        "5.2 5 4.9 4.8 4.6 4.3 4.2 4.1 4.4 4.2 3.9 3.7 3.7 "
        "3.8 3.6 3.4 3.2 3 2.9 2.7 2.5 2.3 2.2 2 1.9 1.8",
        before="21 20 20.5 19.5 19", late={4: 5, 16: 9, 31: 8},
        more={"perspective": "internal", "indicator": "lead"},
    ),
    Followed(
        "uptime", "Fleet uptime", "%", "maintain", "weekly", "workshop", "fleet",
        "81.5 82 83.5 83 85 86.5 86 88 89 90 90.5 91 91.4 "
        "91.5 91.8 92 91.2 91 92.3 92.9 93.1 93.6 94 94.1 94.4 94.6 "
        "94.6 94.9 95.1 95.3 94.7 95 95.2 95.6 95.4 95.7 95.9 96 96.1",
        before="79 80 80.5 81 80 79.5 80.5 81 81 80.5 81 81.2 81",
        more={"perspective": "internal", "indicator": "lead", "tags": ["fleet"],
              "definition": "Hours in which a bike could be taken, of all hours between six and midnight."},
    ),
    Followed(
        "uptime2", "Fleet uptime, second city", "%", "maintain", "weekly", "workshop", "fleet",
        "88 87.5 89 90.2 90 91.1 91.5 91.9 "
        "92 92.4 91.8 92.9 92.1 93 93.3 93.8 93.5 94 94.4 94.2 94.5",
        told=2, skipped=18, part_of="uptime",
        more={"perspective": "internal", "indicator": "lead", "tags": ["fleet"]},
    ),
    Followed(
        "downloads", "App downloads", "a week", "increase", "weekly", "product", "priya",
        "41 38 52 47 60 55 49 44 61 58 50 47 45", told=2,
        more={"perspective": "learning", "indicator": "lead"},
    ),
)  # fmt: skip

DEEDS = (
    deed(0, 0.1, "ines", "kpis/{customers}/targets", since="{q1}", to="{q1_end}", target="420", at_risk="380"),
    deed(0, 0.1, "ines", "kpis/{customers}/benchmarks", name="Break-even", value="450"),
    deed(0, 0.1, "ines", "kpis/{customers}/counter-metrics/{churn}", "PUT"),
    deed(0, 0.2, "ines", "kpis/{churn}/targets", since="{q1}", target="4", at_risk="5"),
    deed(0, 0.2, "ines", "kpis/{churn}/benchmarks", name="Gyms in town", value="5.5", since="{q1}"),
    deed(0, 0.2, "amara", "kpis/{nps}/targets", since="{q1}", target="45", at_risk="40"),
    deed(0, 0.3, "ines", "kpis/{margin}/targets", since="{q1}", to="{q2_end}", target="20", at_risk="15"),
    deed(0, 0.3, "carla", "kpis/{reply}/targets", since="{q1}", target="4", at_risk="6"),
    deed(0, 0.3, "carla", "kpis/{reply}/counter-metrics/{nps}", "PUT"),
    deed(0, 0.4, "tomasz", "kpis/{uptime}/targets", since="{q1}", low="90", high="99"),
    deed(0, 0.5, "priya", "kpis/{downloads}/targets", since="{q1}", target="50"),
    deed(1, 0.1, "ines", "kpis/{customers}/targets", since="{q2}", to="{q2_end}", target="520", at_risk="480"),
    deed(
        1, 2.4, "priya", "kpis/{downloads}/retire",
        reason="Downloads do not ride bikes: nobody ever did anything because of this number.",
    ),
    deed(
        1, 2.6, "amara", "kpis/{churn}/measurements/{q1_month3}/restate", value="3.6",
        reason="The last month, from the accountant's list.",
    ),
    deed(1, 5.2, "tomasz", "kpis/{uptime2}/targets", since="{q2}", low="90", high="99"),
    deed(1, 5.2, "tomasz", "kpis/{uptime2}/benchmarks", name="The first city", benchmark_kpi="{uptime}"),
    deed(
        1, 6.3, "amara", "kpis/{customers}/measurements/{q2@5}/restate", value="423",
        reason="Two households had signed up twice.",
    ),
    deed(2, 0.1, "ines", "kpis/{customers}/targets", since="{q3}", target="640", at_risk="600"),
    deed(2, 0.2, "ines", "kpis/{margin}/targets", since="{q3}", target="30", at_risk="25"),
    deed(2, 0.2, "ines", "kpis/{churn}/targets", since="{q3}", target="3", at_risk="4"),
    deed(2, 0.3, "carla", "kpis/{reply}/targets", since="{q3}", target="2", at_risk="3"),
    deed(
        2, 4.4, "ines", "kpis/{customers}/targets", since="{q3@4}", to="{q3_end}", target="620", at_risk="590",
        reason="The ten new bikes come a month late, and no bike means no household.",
    ),
)  # fmt: skip
"""Where days of targets overlap, the one that was set later holds."""

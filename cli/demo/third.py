"""The running quarter: the bikes pay for themselves, and the last locks."""

from cli.demo.plot import (
    OUT_OF_TEN,
    YES_NO,
    Goal,
    Part,
    Quarter,
    at_least,
    at_most,
    done,
    metric,
    note,
    steps,
    turn,
    weekly,
    zones,
)

PRICES = steps("Interviews with 30 households", "Two price lists on paper", "Trial in one street", "Decided")
APPRENTICE = steps("Curriculum agreed", "Two apprentices found", "First wheel built", "First bike signed off alone")

GOALS = (
    Goal(
        "pays", "wobblewheel", "ines", "Bikes that pay for themselves",
        (
            Part(
                "margin", "Monthly margin a bike from 2 to 11 euro", metric(2, 11, "€"),
                weekly("3 4.5 5.5 6 7.5 8.5", 2, 2),
                {
                    6: note("Electricity went up and took half a euro with it."),
                    10: note("Back on the line."),
                },
                weight=2,
            ),
            Part("prices", "Prices that people call fair", PRICES, done(PRICES, w2=1, w5=2, w9=3)),
            Part(
                "loan", "Pay the loan's first instalment", YES_NO, {4: False, 8: True},
                {8: note("Paid, with cake.")},
            ),
        ),
        commitment="committed", weight=2, tags=("finance",),
    ),
    Goal(
        "both", "wobblewheel", "ines", "Two cities, one company",
        (
            Part(
                "households", "Grow from 500 to 640 paying households", metric(500, 640, "households"),
                weekly("504 512 519 531 540 548 561 570 583 590 602 611"),
                {
                    3: note("A school moved its whole staff to us."),
                    7: note("Half way, in the rain.", confidence="7"),
                },
                owner="amara",
            ),
            Part(
                "churn", "At most 3 % of households leave in a month", at_most(3, "% a month"),
                weekly("3.9 3.4 2.9", 4, 4),
            ),
            Part(
                "visits", "Everybody has worked a week in the other city", metric(0, 9, "people"),
                weekly("1 2 4 5 7", 2, 2),
            ),
        ),
        tags=("growth",),
    ),
    Goal(
        "ready", "workshop", "tomasz", "A workshop that teaches",
        (
            Part("apprentices", "Two apprentices who can", APPRENTICE, done(APPRENTICE, w1=1, w3=2, w6=3)),
            Part(
                # A KPI drives it: the values are measured, and only words are checked in.
                "uptime", "Keep fleet uptime at 95 % or more", at_least(95, "%"), {},
                {5: note("Storm. Two bikes went for a swim.", status="at_risk")}, owner="fleet",
            ),
            Part(
                "cables", "Brake cables that fail, from 11 to 3 a month", metric(11, 3, "cables"),
                weekly("10 8 5", 3, 3), owner="jonas",
            ),
        ),
        aligned_to="both", tags=("fleet",),
    ),
    Goal(
        "second_life", "workshop", "jonas", "Old bikes get a second life",
        (
            Part(
                "rebuilt", "Rebuild 24 bikes from parts", metric(0, 24, "bikes"),
                weekly("0 1 3 4 6 9 11 12 15 17 19 22"), {6: note("Nine. Number eight squeaks in tune.")},
            ),
            Part(
                "batteries", "Give old batteries something to do",
                zones("Collected, and safe", "They light the workshop", "They charge the bikes"),
                {4: "commit", 9: "target"},
            ),
        ),
        aligned_to="pays",
    ),
    # Carried on: its title, and its key results' titles and measures, are those of the quarter before.
    Goal(
        "locks", "locks", "lukas", "Every lock opens the first time",
        (
            Part(
                "first_try", "", {}, weekly("97.4 97.6 97.9 98 98.3 98.4 98.6 98.6 98.8 98.9 98.9 99"),
                {2: note("The bigger button is here."), 5: note("Gloves, solved.", confidence="8")},
                owner="fleet",
            ),
            Part(
                "rollout", "", {}, {5: ["Field test passed", "Half of the fleet"], 9: None},
                {9: note("Snow stopped us.")},
            ),
            Part("tools", "", {}, weekly("12 10.5 9.5", 3, 3)),
        ),
        carries="locks",
    ),
    Goal(
        "quiet", "locks", "lukas", "Locks that nobody talks about",
        (
            Part(
                "tickets", "Questions about locks from 120 to 30 a month", metric(120, 30, "questions"),
                weekly("104 81 62", 4, 4), owner="carla",
            ),
            Part(
                "battery", "No lock battery dies on the street", at_most(0, "batteries"),
                weekly("4 1 0", 4, 4),
            ),
        ),
        aligned_to="locks",
    ),
    Goal(
        "plan", "product", "priya", "A family never stands before an empty rack",
        (
            Part(
                "found", "Bookings that find a bike nearby from 83 % to 95 %", metric(83, 95, "%"),
                weekly("83 84 86 87.5 88 89.5 90 91.5 92 92.5 93 94"),
                {
                    4: note("We suggest the next street now, and people walk."),
                    8: note("Weekends are the hard part."),
                },
            ),
            Part(
                "forecast", "Forecast tomorrow's demand: mean error from 31 % to 15 %", metric(31, 15, "%"),
                weekly("30 27 22 20 18", 2, 2), owner="meilin", late={6: 10},
            ),
            Part(
                "ease", "Seven families find it easy: 8 out of 10", OUT_OF_TEN, {5: "6.5", 10: "7.5"},
                owner="meilin",
            ),
        ),
        aligned_to="households",
    ),
    Goal(
        "open", "product", "meilin", "An app for everybody",
        (
            Part("contrast", "Every screen passes the contrast check", YES_NO, {3: False, 6: True}),
            Part(
                "aloud", "Booking works read aloud", OUT_OF_TEN, {4: "3", 8: "6"},
                {4: note("“Button. Button. Button.”")},
            ),
            Part("languages", "Five languages", metric(2, 5, "languages"), weekly("2 3 4", 3, 3)),
        ),
    ),
    Goal(
        "streets", "neighbours", "amara", "Streets that run themselves",
        (
            Part(
                "captains", "Eighty street captains", metric(36, 80, "captains"),
                weekly("38 41 45 47 52 55 59 61 66 69 71 75"),
                {4: note("Captains have begun to recruit captains.")},
            ),
            Part(
                "nps", "Raise the net promoter score from 47 to 55", metric(47, 55, "points"),
                weekly("48 50 52", 4, 4),
            ),
            Part(
                "feasts", "Twelve street feasts", metric(0, 12, "feasts"), weekly("1 2", 2, 2),
                owner="carla",
            ),
        ),
        aligned_to="both",
    ),
    Goal(
        "answers", "neighbours", "carla", "Answers with a name on them",
        (
            Part(
                "hours", "First answer within 2 hours", at_most(2, "hours"),
                weekly("3.4 2.9 2.3 1.9", 3, 3),
            ),
            Part(
                "satisfied", "At least 95 % are happy with the answer", at_least(95, "%"),
                weekly("93 94 96", 4, 4),
            ),
        ),
    ),
)  # fmt: skip

TURNS = (
    turn(1.2, "tomasz", "key-results/{uptime}/kpi", "PUT", kpi="{kpi_uptime}"),
    turn(
        1.6, "priya", "key-results/{found}/initiatives", id="{next_street}",
        title="Suggest the next street",
        hypothesis="Two minutes on foot are fine if the bike is certain. Worth four points.", sprint="19",
    ),
    turn(
        6.1, "priya", "initiatives/{next_street}", "PATCH", state="done",
        learning="Four and a half points. People like being told what to do at eight in the morning.",
    ),
    turn(
        2.7, "jonas", "key-results/{cables}/initiatives", id="{liars}",
        title="Lie detector for brake cables",
        hypothesis="A cable gets longer before it breaks; a mark and a ruler should do.",
    ),
    turn(
        4.3, "ines", "key-results/{margin}", "PATCH", measure={"target": "9"},
        reason="Electricity costs a fifth more since last month; eleven would mean raising prices twice.",
    ),
    turn(
        5.4, "carla", "key-results/{feasts}/drop",
        reason="Captains do this on their own by now; counting feasts makes them worse.",
    ),
    turn(
        5.8, "amara", "check-ins/{households@4}/correct", value="529",
        reason="Two households had signed up twice.",
    ),
    turn(
        6.4, "lukas", "check-ins/{battery@4}/retract",
        reason="Counted the batteries on the bench, which die for a living.",
    ),
    turn(3.2, "meilin", "objectives/{open}", "PATCH", weight="2", reason="The council asks for it soon."),
)  # fmt: skip

THIRD = Quarter("third", GOALS, TURNS)

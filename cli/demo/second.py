"""The second quarter: a second city, and new locks."""

from cli.demo.plot import (
    OUT_OF_TEN,
    YES_NO,
    Goal,
    Part,
    Quarter,
    at_least,
    at_most,
    between,
    done,
    metric,
    note,
    steps,
    turn,
    weekly,
    zones,
)

LAUNCH = steps("Parking spots painted", "First thirty bikes delivered", "Opening party", "First hundred households")
ROLLOUT = steps("Field test passed", "Half of the fleet", "All of the fleet")
DASHBOARD = steps("One number a bike", "A list of bikes to look at", "Mechanics use it every morning")

GOALS = (
    Goal(
        "city", "wobblewheel", "ines", "Make the second city feel like the first",
        (
            Part("launch", "Launch in the second city", LAUNCH, done(LAUNCH, w2=1, w5=2, w6=3, w13=4)),
            Part(
                "newcomers", "100 households in the second city", metric(0, 100, "households"),
                weekly("0 4 19 27 34 41 52 60 71 83 94 103", 2),
                {
                    4: note("The opening party was rained on, and full.", confidence="7"),
                    13: note("103, three more than we dared.", status="on_track", confidence="10"),
                },
                owner="amara", weight=2,
            ),
            Part(
                "mood", "Riders there are as happy: promoter score between 35 and 60",
                between(35, 60, "points"), weekly("28 37", 8, 5),
                {8: note("They miss a bike at the station.")}, owner="amara",
            ),
        ),
        weight=2, tags=("growth",),
    ),
    Goal(
        "money", "wobblewheel", "ines", "Earn what a bike costs",
        (
            Part(
                "margin", "Monthly margin a bike from −8 to +6 euro", metric(-8, 6, "€"),
                weekly("-6.5 -3 1.5", 4, 4), {12: note("Above zero for the first time.")},
            ),
            Part("paid", "At least 97 % pay on time", at_least(97, "%"), weekly("95.5 96.4 97.2", 4, 4)),
        ),
        commitment="committed", tags=("finance",),
    ),
    Goal(
        "ready", "workshop", "tomasz", "Repair bikes before they break",
        (
            Part(
                "uptime", "Raise fleet uptime from 91.5 % to 95 %", metric(91.5, 95, "%"),
                weekly("91.5 91.8 92 91.2 91 92.3 92.9 93.1 93.6 94 94.1 94.4 94.6"),
                {
                    4: note("Thirty new bikes, thirty new kinds of rattle.", status="at_risk"),
                    9: note("Mechanics start the day with the list now.", progress="The list is in use."),
                },
                owner="fleet",
            ),
            Part(
                "list", "A list of bikes that will break next", DASHBOARD,
                done(DASHBOARD, w4=1, w7=2, w9=3),
            ),
            Part(
                "surprises", "From 38 to 15 breakdowns on the road a month", metric(38, 15, "breakdowns"),
                weekly("36 29 21", 4, 4), owner="jonas",
            ),
        ),
        aligned_to="city", tags=("fleet",),
    ),
    Goal(
        "parts", "workshop", "jonas", "Never wait for a spare part",
        (
            Part(
                "waiting", "Bikes that wait for parts from 14 to 3", metric(14, 3, "bikes"),
                weekly("13 12 9 9 8 6", 2, 2), late={10: 8},
            ),
            Part("suppliers", "A second supplier for batteries", YES_NO, {5: False, 11: False}),
        ),
        aligned_to="ready",
    ),
    Goal(
        "locks", "locks", "lukas", "Every lock opens the first time",
        (
            Part(
                "first_try", "First-try unlocks from 94 % to 99 %", metric(94, 99, "%"),
                weekly("94 94.1 94.3 94 95 95.8 96.4 96.5 96.9 97 97.2 97.3"),
                {
                    3: note("The dog is fixed."),
                    9: note("The last 3 % are gloves.", plans="A bigger button."),
                },
                owner="fleet",
            ),
            Part("rollout", "Firmware 2 on all bikes", ROLLOUT, done(ROLLOUT, w2=1, w6=2, w12=2)),
            Part(
                "tools", "Mechanics swap a lock in ten minutes", at_most(10, "minutes"),
                weekly("24 16 13", 4, 4),
            ),
        ),
        aligned_to="city",
    ),
    Goal(
        "families", "product", "priya", "Families plan a week in one sitting",
        (
            Part(
                "planned", "Bookings made a day ahead from 12 % to 35 %", metric(12, 35, "%"),
                weekly("12 13 15 19 22 24 27 28 30 31 32 34"),
                {5: note("Repeating bookings are out.", progress="Every Tuesday at four, for ever.")},
            ),
            Part(
                "calendar", "Bookings appear in the family's calendar",
                zones("Export once", "Stays in step", "Two calendars, both ways"),
                {5: "fail", 8: "commit", 11: "target"},
                {11: note("In step. Daylight saving time was fun.")}, owner="meilin",
            ),
            Part(
                "ease", "Seven families find it easy: 8 out of 10", OUT_OF_TEN, {7: "6", 12: "7.5"},
                owner="meilin",
            ),
        ),
    ),
    Goal(
        "speed", "product", "meilin", "The app opens before the light turns green",
        (
            Part(
                "start", "From 4.8 to 1.5 seconds to the map", metric(4.8, 1.5, "s"),
                weekly("4.6 4.1 3.6 2.9 2.2 1.9", 2, 2),
            ),
            Part(
                "crashes", "At most 3 crashes in 1,000 starts", at_most(3, "per 1,000"),
                weekly("7 5 2.4", 4, 4),
            ),
            Part("offline", "Unlock without a network", YES_NO, {4: False}),
        ),
    ),
    Goal(
        "tell", "neighbours", "amara", "Streets that share",
        (
            Part(
                "captains", "Forty street captains", metric(0, 40, "captains"),
                weekly("3 6 8 11 15 19 22 26 29 31 33 36"), {6: note("A captain is whoever has the pump.")},
            ),
            Part(
                "nps", "Raise the net promoter score from 41 to 50", metric(41, 50, "points"),
                weekly("42 44 47", 4, 4),
            ),
            Part(
                "thefts", "At most 2 bikes stolen in the quarter", at_most(2, "bikes"),
                weekly("0 1 1", 4, 4),
            ),
        ),
        aligned_to="newcomers",
    ),
    Goal(
        "answers", "neighbours", "carla", "Half of the questions never need asking",
        (
            Part(
                "asked", "Questions a hundred rides from 9 to 4.5", metric(9, 4.5, "questions"),
                weekly("8.8 8.1 7.4 6.6 6.3 5.9", 2, 2),
            ),
            # While the KPI drives it, nobody checks in a value.
            Part("hours", "First answer within 4 hours", at_most(4, "hours"), {12: "3.7"}),
        ),
    ),
)  # fmt: skip

TURNS = (
    turn(
        2.4, "tomasz", "key-results/{surprises}/initiatives", id="{chains}",
        title="Swap chains at 2,000 km",
        hypothesis="Half of the breakdowns are chains, and chains are honest about their age.",
    ),
    turn(
        11.2, "tomasz", "initiatives/{chains}", "PATCH", state="done",
        learning="Breakdowns fell by a third. The rest is brake cables, which are liars.",
    ),
    turn(
        4.1, "amara", "key-results/{captains}/initiatives", id="{pumps}", title="A pump on every corner",
        hypothesis="Whoever has the pump talks to everybody.", url="https://wobblewheel.example/pumps",
    ),
    turn(
        7.5, "meilin", "key-results/{offline}/drop",
        reason="Locks would need a second radio. We would rather have a lock that opens.",
    ),
    turn(
        5.5, "ines", "key-results/{newcomers}", "PATCH", measure={"target": "110"},
        reason="The council gave us ten more parking spots, so we aim for ten more households.",
    ),
    turn(
        6.2, "ines", "key-results/{newcomers}", "PATCH", measure={"target": "100"},
        reason="The ten spots turned out to be a flower bed.",
    ),
    turn(1.4, "carla", "key-results/{hours}/kpi", "PUT", kpi="{kpi_reply}", reason="We look at it every week anyway."),
    turn(
        10.3, "carla", "key-results/{hours}/kpi", "DELETE",
        reason="The KPI counts the second city's night line now, and the goal was set without it.",
    ),
    turn(
        9.7, "jonas", "check-ins/{waiting@8}/retract", reason="Those were the bikes of the other workshop.",
    ),
)  # fmt: skip

ENDINGS = (
    turn(
        0.1, "ines", "objectives/{city}/grade", score="0.9",
        reflection="The city is open. It would have been one without the flower bed.",
    ),
    turn(
        0.2, "lukas", "key-results/{rollout}/grade", score="0.5",
        reason="Half of the fleet is half the job.",
    ),
)  # fmt: skip

SECOND = Quarter(
    "second",
    GOALS,
    TURNS,
    ENDINGS,
    reflection="Two cities, one margin above zero, and a drawer full of locks that wait for their firmware.",
)

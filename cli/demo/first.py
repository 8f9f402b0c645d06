"""The first quarter: will anybody want this, and will the bikes hold?"""

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

SECOND_WORKSHOP = steps("Lease signed", "Benches and tools in", "First mechanic hired", "First bike repaired")
FIRMWARE = steps("Prototype on the bench", "Twenty locks on the street", "Rolled out to the fleet")
LESSON = steps("Course written", "Two teachers found", "First Saturday course")

GOALS = (
    Goal(
        "wanted", "wobblewheel", "ines", "Show that neighbourhoods want shared cargo bikes",
        (
            Part(
                "households", "Grow from 310 to 420 paying households", metric(310, 420, "households"),
                weekly("312 318 325 331 345 352 356 361 369 378 384 391 397"),
                {
                    5: note("The school newsletter brought nine sign-ups in two days.", confidence="7"),
                    8: note(
                        "Slower. Everybody is on holiday, bikes included.", status="at_risk",
                        confidence="5",
                    ),
                    13: note("397. Short of 420, and still our best quarter.", confidence="4"),
                },
                weight=2,
            ),
            Part(
                "churn", "At most 4 % of households leave in a month", at_most(4, "% a month"),
                weekly("5.1 4.6 3.8", 4, 4),
                {8: note("People leave when the bike near them is broken, and say so.")}, owner="amara",
            ),
            Part(
                "city", "Sign a second city", YES_NO, {4: False, 9: False, 12: True},
                {9: note("The council likes it. The council also likes lunch."), 12: note("Signed!")},
            ),
        ),
        description="If three streets out of four renew, the idea carries. If not, we are a bike shop.",
        weight=2, tags=("growth",),
    ),
    Goal(
        "money", "wobblewheel", "ines", "Have money for a year",
        (
            Part(
                "revenue", "Raise monthly revenue from 41 to 58 thousand euro", metric(41, 58, "k€"),
                weekly("43 47.5 52", 4, 4), {12: note("52, with the second city's deposit not counted.")},
            ),
            Part(
                "runway", "Runway of twelve months or more", at_least(12, "months"),
                weekly("9 10 13", 4, 4),
                {12: note("The bank said yes. Thirteen months.", status="on_track", confidence="9")},
            ),
        ),
        commitment="committed", tags=("finance",),
    ),
    Goal(
        "ready", "workshop", "tomasz", "Have a bike ready whenever somebody wants one",
        (
            Part(
                "uptime", "Raise fleet uptime from 81 % to 93 %", metric(81, 93, "%"),
                weekly("81.5 82 83.5 83 85 86.5 86 88 89 90 90.5 91 91.4"),
                {
                    4: note(
                        "A hailstorm. Eleven bells, four batteries.",
                        problems="Spare batteries take ten days.",
                    ),
                    10: note("Ninety for the first time.", plans="Swap chains before they break."),
                },
                owner="fleet", weight=2,
            ),
            Part(
                "repair", "Cut days to repair from 6.5 to 3", metric(6.5, 3, "days"),
                weekly("6.4 6.1 5.5 5.2 4.4 4", 2, 2),
                {6: note("Jonas sorted the spare parts by how often they break.")}, owner="jonas",
            ),
            Part(
                "second_workshop", "Open a second workshop", SECOND_WORKSHOP,
                done(SECOND_WORKSHOP, w3=1, w7=2, w11=3),
                {
                    7: note("The landlord's bike was the first on the stand."),
                    11: note("Hired, starts next month."),
                },
            ),
        ),
        aligned_to="wanted", tags=("fleet",),
    ),
    Goal(
        "flats", "workshop", "jonas", "Fewer flat tyres",
        (
            Part(
                "punctures", "From 4.2 to 2 punctures per 1,000 km", metric(4.2, 2, "per 1,000 km"),
                weekly("4.1 3.9 3.3 3 2.7 2.4", 2, 2), late={8: 9},
            ),
            Part(
                "tyres", "Find a tyre that shrugs off glass",
                zones(
                    "Ten bikes on trial", "Half of the fleet rides on it", "All of the fleet rides on it",
                ),
                {4: "fail", 7: "commit", 12: "target"},
                {
                    4: note("The first brand rides like a brick."),
                    12: note("Half of the fleet, and the wiser half."),
                },
            ),
        ),
        aligned_to="ready",
    ),
    Goal(
        "booking", "product", "priya", "Booking a bike takes less than a minute",
        (
            Part(
                "seconds", "Median booking from 140 to 60 seconds", metric(140, 60, "s"),
                weekly("138 131 120 118 104 97 96 90 84 79 74 71"),
                {3: note("Removed the page that asked whether you were sure.", progress="One page fewer.")},
            ),
            Part(
                "phone", "Share of bookings made on a phone from 55 % to 80 %", metric(55, 80, "%"),
                weekly("58 63 66 71 74 76", 2, 2), owner="meilin",
            ),
            Part(
                "usability", "Five riders find it easy: 8 out of 10", OUT_OF_TEN,
                {5: "5", 9: "6.5", 13: "7.5"},
                {5: note("“Where is the bike?” asked four of five, in front of the bike.")}, owner="meilin",
            ),
        ),
        aligned_to="wanted",
    ),
    Goal(
        "releases", "product", "priya", "Release without holding our breath",
        (
            Part("pipeline", "Every change goes out through the pipeline", YES_NO, {4: False, 8: True}),
            Part(
                "failed", "At most 5 % of releases are taken back", at_most(5, "%"),
                weekly("14 9 6 4", 3, 3),
                {6: note("Nine, and one of them on a Friday.", problems="Nobody owns the staging data.")},
            ),
        ),
        commitment="committed",
    ),
    Goal(
        "unlock", "locks", "lukas", "Locks that open the first time",
        (
            Part(
                "first_try", "First-try unlocks from 88 % to 98 %", metric(88, 98, "%"),
                weekly("88 88.5 89 89 90 91.5 92 92 93 93.5 94 94.2"),
                {4: note("Cold fingers, cold batteries."), 8: note("Stuck until firmware 2 is out.")},
                owner="fleet",
            ),
            Part(
                "battery", "Lock batteries last eight months instead of three", metric(3, 8, "months"),
                weekly("3 3.5 4.5", 4, 4),
            ),
            Part(
                "firmware", "Firmware 2", FIRMWARE, done(FIRMWARE, w4=1, w10=2),
                {10: note("Twenty locks. One opens when it hears a dog.", problems="The dog.")},
            ),
        ),
        aligned_to="booking",
    ),
    Goal(
        "tell", "neighbours", "amara", "Riders tell their neighbours",
        (
            Part(
                "nps", "Raise the net promoter score from 31 to 45", metric(31, 45, "points"),
                weekly("33 36 41", 4, 4), late={12: 12},
            ),
            Part(
                "referrals", "Sixty households come through a neighbour", metric(0, 60, "households"),
                weekly("2 5 9 14 18 22 27 31 38 44 49 55"),
                {
                    5: note("The free bell works better than the free month."),
                    12: note("55. Five more bells."),
                },
            ),
            Part("scheme", "The referral scheme is live", YES_NO, {2: False, 3: True}, owner="carla"),
        ),
        aligned_to="households",
    ),
    Goal(
        "answers", "neighbours", "carla", "Answers while people still want them",
        (
            Part(
                "hours", "First answer after 4 hours instead of 19", metric(19, 4, "hours"),
                weekly("18 16.5 15 11 10.5 8 7.5 6 6 5.5 5 4.6"),
            ),
            Part(
                "satisfied", "At least 90 % are happy with the answer", at_least(90, "%"),
                weekly("84 88 91", 4, 4),
            ),
            Part("help", "Help pages that help: 8 out of 10", OUT_OF_TEN, {6: "4", 12: "6"}),
        ),
    ),
    Goal(
        "children", "neighbours", "amara", "Every parent dares to ride with children",
        (
            Part("course", "A Saturday course", LESSON, done(LESSON, w4=1, w8=2, w12=3)),
            Part(
                "graduates", "120 parents take it", metric(0, 120, "parents"), weekly("0 0 18 41", 10),
                {13: note("41 parents, 67 children, one very brave dog.")},
            ),
        ),
    ),
)  # fmt: skip

TURNS = (
    turn(
        2.2, "priya", "key-results/{seconds}/initiatives", id="{autofill}", title="Remember the last bike",
        hypothesis="Half of the bookings repeat the last one; filling it in saves thirty seconds.",
        sprint="7",
    ),
    turn(
        9.4, "priya", "initiatives/{autofill}", "PATCH", state="done",
        learning="It saved twelve seconds, not thirty: people like to look at all the bikes first.",
    ),
    turn(
        3.1, "amara", "key-results/{referrals}/initiatives", id="{bells}",
        title="A brass bell for a neighbour",
        hypothesis="Something to show the neighbours beats a discount. Worth twenty households.",
    ),
    turn(
        12.5, "amara", "initiatives/{bells}", "PATCH", state="done",
        learning="Thirty-one households. Children choose the bike by the bell.",
    ),
    turn(
        6.3, "jonas", "key-results/{repair}", "PATCH", measure={"target": "3.5"},
        reason="Batteries come from one supplier and take four days; three was never in our hands.",
    ),
    turn(
        8.8, "carla", "key-results/{help}", "PATCH",
        title="Help pages that help: 8 out of 10, as riders say",
    ),
    turn(
        10.6, "carla", "check-ins/{hours@9}/correct", value="6.8", reason="Counted the night shift twice.",
    ),
)  # fmt: skip

ENDINGS = (
    turn(
        0.2, "ines", "objectives/{money}/grade", score="0.9",
        reflection="The loan did the work, not the sales.",
    ),
    turn(
        0.3, "tomasz", "key-results/{tyres}/grade", score="0.8",
        reason="Half of the fleet, most of the puncture.",
    ),
)  # fmt: skip

FIRST = Quarter(
    "first",
    GOALS,
    TURNS,
    ENDINGS,
    reflection="People want the bikes. The bikes want new locks.",
    reopened_for="The accountant's figures for the last month came after we had closed.",
    afterthoughts=(
        turn(0.2, "ines", "check-ins/{revenue@12}/correct", value="55.5", reason="The deposit counts."),
        turn(0.3, "amara", "key-results/{churn}/check-ins", of_week=13, id="{churn@13}", value="3.6",
             note="The last month, from the accountant's list."),
    ),
)  # fmt: skip

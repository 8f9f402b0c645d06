"""One example of every command, in one world in which all of them can be taken."""

from tests.support.builders import (
    MEASURED,
    NEXT,
    add_key_result,
    carry_forward,
    change_initiative,
    change_key_result,
    change_objective,
    change_team,
    check_in,
    close_cycle,
    correct_check_in,
    disband_team,
    drop_key_result,
    drop_objective,
    erase_member,
    form_team,
    grade_key_result,
    grade_objective,
    join_team,
    leave_team,
    move_objective,
    on,
    open_cycle,
    plan_cycle,
    redact_text,
    register_member,
    reopen_cycle,
    reschedule_cycle,
    restore_key_result,
    restore_objective,
    retract_check_in,
    set_objective,
    start_initiative,
)

Q4 = plan_cycle("2025-Q4", starts_on="2025-10-01", ends_on="2025-12-31")
WORLD = (
    *MEASURED,
    *NEXT,
    *(Q4, open_cycle("2025-Q4"), close_cycle("2025-Q4")),
    *(
        form_team("core"),
        form_team("web"),
        register_member("ada"),
        register_member("bob"),
        join_team("core", "ada"),
    ),
    *(set_objective("shelved"), drop_objective("shelved")),
    *(add_key_result("paused"), drop_key_result("paused")),
    *(set_objective("unmeasured"), start_initiative("campaign")),
    check_in("revenue", id="monday", value=5, note="a start"),
    on("2026-03-01"),
)
EXAMPLES = {
    command.NAME: command
    for command in (
        plan_cycle("2026-Q3", starts_on="2026-07-01", ends_on="2026-09-30"),
        open_cycle("2026-Q2"),
        reschedule_cycle(ends_on="2026-04-03"),
        close_cycle(),
        reopen_cycle("2025-Q4"),
        form_team("docs"),
        change_team("web", name="site"),
        disband_team("web"),
        register_member("eve"),
        join_team("core", "bob"),
        leave_team("core", "ada"),
        erase_member("ada"),
        redact_text(3, "title"),
        set_objective("shrink"),
        change_objective(title="grow up"),
        move_objective("unmeasured"),
        drop_objective(),
        restore_objective("shelved"),
        grade_objective(),
        carry_forward(),
        add_key_result("profit"),
        change_key_result(title="turnover"),
        drop_key_result(),
        restore_key_result("paused"),
        grade_key_result(),
        check_in(value=7),
        correct_check_in(value=6),
        retract_check_in(),
        start_initiative("fair"),
        change_initiative(state="done"),
    )
}
CREATING = {
    *("plan_cycle", "form_team", "register_member", "set_objective", "carry_forward", "add_key_result"),
    *("check_in", "start_initiative"),
}
ELSEWHEN = {"correct_check_in", "retract_check_in", "redact_text"}
"""Commands whose events take effect at another time than the command's: see the specs of check-ins and redaction."""
ON_NOTHING = {"plan_cycle", "form_team", "register_member", "redact_text"}
"""Commands that act on nothing that had to exist at their `effective_at`."""

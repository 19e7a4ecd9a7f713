"""What may happen to a case in which status: every status and every action, written out once more by hand."""

import pytest

from bot.domain.cases.case_transitions import OPEN_STATUSES, CaseAction, NotPossibleError, Status, next_status

GRID = """
              none      waiting    claimed    closed     cancelled
open          waiting   -          -          -          -
add           -         waiting    claimed    -          -
raise         -         waiting    claimed    -          -
cancel        -         cancelled  cancelled  -          -
claim         -         claimed    -          -          -
reply         -         -          claimed    -          -
note          -         waiting    claimed    closed     cancelled
hand-over     -         -          claimed    -          -
release       -         -          waiting    -          -
lapse         -         -          waiting    -          -
alarm         -         waiting    -          -          -
return        -         -          claimed    -          -
close         -         closed     closed     -          -
join          -         closed     closed     -          -
reopen        -         -          -          waiting    waiting
for-other     -         waiting    claimed    -          -
quiet         -         waiting    claimed    -          -
agree         -         -          -          closed     -
ask           -         -          -          closed     -
report        -         -          -          closed     -
"""
HEAD, *ROWS = (line.split() for line in GRID.strip().splitlines())
CELLS = [(row[0], status, result) for row in ROWS for status, result in zip(HEAD, row[1:], strict=True)]


def test_the_grid_holds_every_status_and_action() -> None:
    assert {row[0] for row in ROWS} == set(CaseAction)
    assert set(HEAD) == {"none", *Status}


@pytest.mark.parametrize(("action", "status", "result"), CELLS)
def test_what_follows(action: str, status: str, result: str) -> None:
    before = None if status == "none" else Status(status)
    if result == "-":
        with pytest.raises(NotPossibleError):
            next_status(before, CaseAction(action))
    else:
        assert next_status(before, CaseAction(action)) is Status(result)


def test_nothing_that_a_resident_or_the_clock_does_leaves_an_open_case_without_a_way_on() -> None:
    for status in OPEN_STATUSES:
        assert {result for _, before, result in CELLS if before == status} >= {"closed", "cancelled", status}

"""Members of staff, and the one place that says who may do what."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from bot.domain.cases.case_transitions import Status


class Role(StrEnum):
    """閲覧, 相談員, 管理者, 監査."""

    VIEWER = "viewer"
    COUNSELLOR = "counsellor"
    ADMIN = "admin"
    AUDITOR = "auditor"


class Permission(StrEnum):
    """What a member of staff can want to do."""

    SEE_QUEUE = "see-queue"
    READ_CASE = "read-case"
    CLAIM = "claim"
    NOTE = "note"
    REPLY = "reply"
    RELEASE = "release"
    HAND_OVER = "hand-over"
    CLOSE = "close"
    REOPEN = "reopen"
    KEEP_DUTY = "keep-duty"
    KEEP_STAFF = "keep-staff"
    READ_AUDIT = "read-audit"
    DRILL = "drill"
    """Make a case for practice."""
    EDIT_CONTENT = "edit-content"
    READ_REPORT = "read-report"
    SEE_STATE = "see-state"


_READING = frozenset({Permission.SEE_QUEUE, Permission.READ_CASE})
_COUNSELLING = _READING | {
    Permission.CLAIM,
    Permission.NOTE,
    Permission.REPLY,
    Permission.RELEASE,
    Permission.HAND_OVER,
    Permission.CLOSE,
    Permission.REOPEN,
    Permission.DRILL,
}
ROLE_MAY: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.VIEWER: _READING,
        Role.COUNSELLOR: _COUNSELLING,
        Role.ADMIN: frozenset(Permission),
        Role.AUDITOR: frozenset({Permission.READ_AUDIT, Permission.READ_REPORT}),
    }
)
_OWNERS = frozenset({Permission.REPLY})
"""Done by the owner of the case alone: two voices in one talk confuse."""
_OWNERS_OR_ADMINS = frozenset({Permission.RELEASE, Permission.HAND_OVER, Permission.CLOSE})
"""Done by the owner, or by an admin in the owner's place."""


@dataclass(frozen=True)
class Staff:
    """One account."""

    id: str
    login: str
    name: str
    role: Role
    mail: str = ""
    telephone: str = ""
    is_disabled: bool = False


class OwnedCase(Protocol):
    """A case, as far as permissions depend on it."""

    @property
    def status(self) -> Status:
        """Claimed, it has an owner."""

    @property
    def owner(self) -> str:
        """The id of a member of staff; empty without one."""


class NotAllowedError(Exception):
    """This member of staff may not do this."""


def may(staff: Staff, deed: Permission, case: OwnedCase | None = None) -> bool:
    """Whether this member of staff may do this, to this case where it is about one."""
    if staff.is_disabled or deed not in ROLE_MAY[staff.role]:
        return False
    if case is None or case.status is not Status.CLAIMED:
        return deed not in _OWNERS or case is None
    if deed in _OWNERS:
        return case.owner == staff.id
    return deed not in _OWNERS_OR_ADMINS or case.owner == staff.id or staff.role is Role.ADMIN


def require(staff: Staff, deed: Permission, case: OwnedCase | None = None) -> None:
    """Raise NotAllowedError unless it is allowed."""
    if not may(staff, deed, case):
        message = f"{staff.role} may not {deed}"
        raise NotAllowedError(message)

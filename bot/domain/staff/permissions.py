"""Staff accounts, and the only place that decides who may do what."""

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
    """Open a practice case."""
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
"""For the owner of the case only: two voices in one conversation confuse."""
_OWNERS_OR_ADMINS = frozenset({Permission.RELEASE, Permission.HAND_OVER, Permission.CLOSE})
"""For the owner, or an admin in the owner's place."""


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
    """The part of a case that permissions depend on."""

    @property
    def status(self) -> Status:
        """A claimed case has an owner."""

    @property
    def owner(self) -> str:
        """The id of a member of staff; empty if none."""


class NotAllowedError(Exception):
    """The member of staff lacks the permission."""


def may(staff: Staff, permission: Permission, case: OwnedCase | None = None) -> bool:
    """Whether the account has the permission, and for `case` if one is given."""
    if staff.is_disabled or permission not in ROLE_MAY[staff.role]:
        return False
    if case is None or case.status is not Status.CLAIMED:
        return permission not in _OWNERS or case is None
    if permission in _OWNERS:
        return case.owner == staff.id
    return permission not in _OWNERS_OR_ADMINS or case.owner == staff.id or staff.role is Role.ADMIN


def require(staff: Staff, permission: Permission, case: OwnedCase | None = None) -> None:
    """Raise NotAllowedError without the permission."""
    if not may(staff, permission, case):
        message = f"{staff.role} may not {permission}"
        raise NotAllowedError(message)

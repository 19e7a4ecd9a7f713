"""Read `intents/retention.yaml`. A typing error must not erase data that is still needed."""

from bot.content.yaml.yaml_nodes import Value
from bot.domain.catalog import Retention

_LEAST = {"talk_days": 1, "case_days": 30, "audit_years": 1, "events_days": 3}
_MOST = 36_500


def read_retention(sheet: Value) -> Retention:
    """The periods; one that is too short or too long is a fault, and the shipped one replaces it."""
    shipped = Retention()
    return Retention(**{name: _number(sheet[name], getattr(shipped, name), least) for name, least in _LEAST.items()})


def _number(value: Value, shipped: int, least: int) -> int:
    number = value.number(shipped)
    if least <= number <= _MOST:
        return number
    value.sheet.fault(
        value.line, f"「{value.name}」の {number} は使えません", f"{least} から {_MOST} までの数にしてください"
    )
    return shipped

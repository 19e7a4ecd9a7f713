"""Upgrade content from before the kinds had a file of their own.

Then a kind's name and sentences stood in `wording.yaml`, its lines in `triage/crisis-lines.yaml`, and the rest in code.
What the office had written there is carried over; the rest is as shipped.
"""

from bot.content.cards.cards import Values, cards_of, write_cards
from bot.content.content_files import Files
from bot.content.read.kinds_reader import KINDS

_WORDING = "wording.yaml"
_LINES = "triage/crisis-lines.yaml"


def in_current_form(files: Files, shipped: Files) -> Files:
    """The content with a file of kinds; unchanged if it has one. `shipped`: the content of this version."""
    if KINDS in files or KINDS not in shipped or _WORDING not in files or _LINES not in files:
        return files
    kinds = {name: _carried(files, values) for name, values in cards_of(shipped, KINDS).items()}
    removed: dict[str, Values | None] = {key: None for name, of in kinds.items() for key in _keys(name, of).values()}
    lines: dict[str, Values | None] = dict.fromkeys(kinds)
    return {
        **files,
        KINDS: write_cards(shipped, KINDS, kinds),
        _WORDING: write_cards(files, _WORDING, removed),
        _LINES: write_cards(files, _LINES, lines),
    }


def _keys(name: str, of: Values) -> dict[str, str]:
    """The old wording key of each field of a kind."""
    lead = f"{of['urgency']}-{name}"
    return {"name": f"kind-{name}", "lead": lead, "easy": f"{lead}.easy"}


def _carried(files: Files, shipped: Values) -> Values:
    name = str(shipped["id"])
    wording, lines = cards_of(files, _WORDING), cards_of(files, _LINES)
    said = {field: wording[key]["text"] for field, key in _keys(name, shipped).items() if key in wording}
    return {**shipped, **said, **({"lines": lines[name]["lines"]} if name in lines else {})}

"""Read the tables of `data/plan/overview.txt` independently of the bot, to verify the content against the source."""

import re
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).parent.parent.parent / "data" / "plan" / "overview.txt"
ACTORS = ("resident", "community", "business", "city", "council")
TERMS = {
    "共生型常設型": "term-kyousei-ibasho",
    "SNS": "term-sns",
    "日常生活自立支援事業": "term-nichijo-jiritsu",
    "あんしんサービス事業": "term-anshin-service",
    "住居確保給付金": "term-jukyo-kakuho",
    "防災さんぽ": "term-bousai-sanpo",
}
_ROW = re.compile(r"【 施策 (\d+) 】 (.+)")
_MARK = re.compile(r"\[\*\]|\*")


@dataclass(frozen=True)
class SourceMeasure:
    """One row of a table. `title` as printed; `actions`: actor to bullets, as the content should have them."""

    number: int
    title: str
    actions: dict[str, tuple[str, ...]]


def source_measures() -> list[SourceMeasure]:
    """The 15 rows, in order."""
    rows = []
    for line in SOURCE.read_text(encoding="utf-8").splitlines():
        first, *cells = line.strip().split("\t")
        match = _ROW.match(first)
        if match:
            actions = dict(zip(ACTORS, map(_bullets, cells), strict=True))
            rows.append(SourceMeasure(int(match.group(1)), match.group(2).replace(" ", ""), actions))
    return rows


def source_terms() -> dict[str, str]:
    """Term as printed to its explanation, verbatim."""
    text = SOURCE.read_text(encoding="utf-8").rsplit("【用語解説】", 1)[1].split("たるたる支え愛ぷらん")[0]
    return dict(line.split("\t") for line in text.splitlines() if "\t" in line)


def _bullets(cell: str) -> tuple[str, ...]:
    text = re.sub(r"</?ul[^>]*>", "", cell)
    return tuple(_linked(part) for part in re.split("[◎☺]", text) if part.strip())


def _linked(bullet: str) -> str:
    """Remove spaces (they only break lines) and turn marked words into links to their terms."""
    text = bullet.replace(" ", "")
    for word, term in TERMS.items():
        text = re.sub(re.escape(word) + _MARK.pattern.join(("(?:", ")")), f"[[{term}|{word}]]", text)
    return text

"""`content check`: every fault of the content in one run, with file, line and what to do."""
from pathlib import Path
from bot.content.faults import Fault
from bot.content.reader import read_catalog

def check_content(root: Path) -> list[Fault]:
    """All faults, by file and line."""
    return sorted(read_catalog(root)[1])

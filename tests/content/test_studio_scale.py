"""The large count of the studio: 20,000 phrases, one more, proved in under a minute. By hand: pytest -m full -s."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from bot.content.cards.cards import CardRef, cards_of, read_card, write_card
from bot.content.check.example_messages import texts_by_row
from bot.content.content_files import Files
from bot.handlers.app_context import AppContext
from bot.handlers.content.checks.regression_jobs import check_for_regressions
from bot.handlers.index_builder import read_valid_catalog
from tests.support.staff.studio_office import SNOW, make_office

ENDS = ("、どうすればいいですか", "。困っています", "ので教えてください", "って誰に聞けばいいの")


def grown(files: Files) -> Files:
    """The shipped content with every phrase of its entries and subjects said in four more ways."""
    large = dict(files)
    for file in files:
        if file.startswith(("measures/", "terms/", "contacts/")) or file == "not-ours.yaml":
            for name, card in cards_of(files, file).items():
                phrases = list(map(str, card["phrases"]))
                more = [phrase + end for phrase in phrases for end in ENDS]
                large[file] = write_card(large, CardRef(file, name), {"phrases": [*phrases, *more]})
    return large


@pytest.mark.full
@pytest.mark.timeout(1800)
def test_20000_phrases_and_one_more(context_sqlite: AppContext, tmp_path: Path) -> None:
    context = make_office(context_sqlite).context
    context = replace(context, folders=replace(context.folders, indexes=tmp_path))
    large = grown(context.folders.shipped())
    count = len(texts_by_row(read_valid_catalog(large)))
    assert count >= 20_000
    phrases = (read_card(large, SNOW) or {})["phrases"]
    assert isinstance(phrases, list)
    one_more = {**large, SNOW.file: write_card(large, SNOW, {"phrases": [*phrases, "ちょぺりぐらの件"]})}
    seconds = []
    for contents in ((context.folders.shipped(), large), (large, one_more)):
        started = time.perf_counter()
        proof = check_for_regressions(context, contents)
        seconds.append(time.perf_counter() - started)
        print(f"{count} phrases: {seconds[-1]:.1f} s, {len(proof.turned)} answers change")  # noqa: T201 -- the figure
    assert seconds[1] < 60

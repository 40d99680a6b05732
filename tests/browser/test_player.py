"""The player card: the numbers of the database, and what is missing named as missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import ACCENTED, INJECTED, NAMESAKE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser.conftest import Site, Visit

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect


def test_bars_have_the_percentiles_of_the_database(site: Site, visit: Callable[..., Visit]) -> None:
    """Recomputed here from every combine entry of the position, not from the distribution that the card reads."""
    person_id = site.rows(
        """
        select e.person_id from combine_entry e join position p on p.code = e.pos
        where forty is not null and bench is not null and vertical is not null and broad_jump is not null and cone is not null
            and shuttle is not null and leaf = 'WR' and 1 = (select count(*) from combine_entry o where o.person_id = e.person_id)
        order by e.person_id limit 1
        """
    )[0][0]
    page = visit().open(f"/people/{person_id}")
    drills = {
        "Height": "height_in", "Weight": "wt", "40-yard dash": "forty", "Bench press": "bench", "Vertical jump": "vertical",
        "Broad jump": "broad_jump", "3-cone drill": "cone", "20-yard shuttle": "shuttle",
    }  # fmt: skip
    for label, column in drills.items():
        better = ">" if column in ("forty", "cone", "shuttle") else "<"
        percentile, compared = site.rows(
            f"""
            select
                100.0 * (count(*) filter (where o.{column} {better} me.{column}) + count(*) filter (where o.{column} = me.{column}) / 2.0)
                    / count(o.{column}),
                count(o.{column})
            from combine_entry me, combine_entry o join position p on p.code = o.pos
            where me.person_id = $1 and p.leaf = 'WR'
            """,
            person_id,
        )[0]
        assert compared >= 20
        row = page.get_by_role("row", name=label)
        bar = row.locator(".drill-fill")
        assert float(bar.get_attribute("width") or "nan") == pytest.approx(float(percentile), abs=0.006)
        expect(row.locator(".percentile")).to_have_text(f"{float(percentile):.1f}")
        expect(row.locator(".cell-compared")).to_contain_text(f"{compared:,} wide receivers")
        drawn = bar.bounding_box()
        track = row.locator(".bar-track").bounding_box()
        assert drawn is not None
        assert track is not None
        assert drawn["width"] / track["width"] == pytest.approx(float(percentile) / 100, abs=0.01)
        assert f"percentile {float(percentile):.1f} of {compared:,}" in (row.get_by_role("img").get_attribute("aria-label") or "")


def test_few_results_are_compared_with_the_parent_group_and_the_page_says_so(visit: Callable[..., Visit]) -> None:
    page = visit().open(f"/people/{ACCENTED}")
    forty = page.get_by_role("row", name="40-yard dash")
    expect(forty).to_contain_text("4.91 s")
    expect(forty.locator(".percentile")).to_have_text("65.0")  # a time: 100 - 100 * (30 + 5) / 100
    expect(forty).to_contain_text("100 long snappers")
    height = page.get_by_role("row", name="Height")
    expect(height).to_contain_text("6′ 2″")
    expect(height.locator(".percentile")).to_have_text("35.0")  # 100 * (60 + 10) / 200, in the group
    expect(height).to_contain_text("200 specialists")
    expect(height).to_contain_text("wider group")
    expect(page.get_by_role("main")).to_contain_text("fewer than 20 results")


def test_what_was_not_measured_or_cannot_be_compared_is_named(visit: Callable[..., Visit]) -> None:
    page = visit().open(f"/people/{ACCENTED}")
    expect(page.get_by_role("row", name="Weight")).to_contain_text("not measured")
    assert page.get_by_role("row", name="Weight").locator("svg").count() == 0
    expect(page.get_by_role("row", name="Bench press")).to_contain_text("21 reps")
    expect(page.get_by_role("row", name="Bench press")).to_contain_text("no comparison")
    expect(page.get_by_role("main")).to_contain_text("3 of 8 measured")
    expect(page.get_by_role("main")).to_contain_text("Supplemental drafts are not in the draft file")


def test_null_is_no_record_and_zero_is_zero(visit: Callable[..., Visit]) -> None:
    page = visit().open(f"/people/{INJECTED}")
    figures = dict(zip(page.locator(".figures dt").all_inner_texts(), page.locator(".figures dd").all_inner_texts(), strict=True))
    assert figures["Games"] == "no record"
    assert figures["Last season"] == "no record"
    assert figures["Starter seasons"] == "0"
    assert figures["Pro Bowls"] == "0"
    expect(page.get_by_role("main")).to_contain_text("No record: rushing, receiving and defense.")
    expect(page.get_by_role("main")).to_contain_text("Pro Football Hall of Fame")


def test_an_open_conflict_is_one_sentence_and_a_decided_one_none(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit().open(f"/people/{ACCENTED}")
    notice = page.get_by_role("region", name="Open question")
    expect(notice).to_have_count(1)
    expect(notice).to_contain_text("the Pro-Football-Reference id SynShared")
    expect(notice).not_to_contain_text("syn-shared")
    notice.get_by_role("link", name="Open the other card").click()
    expect(page).to_have_url(f"{site.url}/people/{NAMESAKE}")


def test_aliases_and_ids_are_shown(visit: Callable[..., Visit]) -> None:
    page = visit().open(f"/people/{ACCENTED}")
    names = page.get_by_role("region", name="Names and ids")
    expect(names).to_contain_text("Amadeus <b>Zuniga</b>")
    expect(names).to_contain_text("SynShared")


def test_every_outcome_of_a_long_career_is_on_the_card(site: Site, visit: Callable[..., Visit]) -> None:
    pick = site.rows(
        "select * from draft_pick where games is not null and def_sacks is not null order by w_av desc nulls last, season, pick limit 1"
    )[0]
    page = visit().open(f"/people/{pick['person_id']}")
    figures = dict(zip(page.locator(".figures dt").all_inner_texts(), page.locator(".figures dd").all_inner_texts(), strict=False))
    assert figures["Games"] == f"{pick['games']:,}"
    assert figures["Weighted value"] == f"{pick['w_av']:,}"
    assert figures["Last season"] == str(pick["to"])
    assert figures["Sacks"].replace(".0", "") == f"{pick['def_sacks']:.1f}".replace(".0", "")
    expect(page.locator(".plate").first).to_contain_text(f"{pick['season']}, round {pick['round']}")

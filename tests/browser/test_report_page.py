"""What a reader does with the report."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from baselines.stand_ins.report import NAMES, made_up_report
from evaluators import LeaderboardRow
from evaluators.report.data import Language, Report, ReportMetric, ReportRow, ReportRun
from evaluators.report.wording import Note
from tests.browser.conftest import Opened

PHONE = {"width": 390, "height": 844}
HOSTILE = (
    '<script>alert(1)</script><img src=x onerror="alert(2)">',
    "</script><script>alert(3)</script>",
    "<!--<script>",
    "{{ 7 * 7 }}\u2028${7 * 7}`",
)


def names(page: Any) -> list[str]:
    return page.locator("#board tbody:not(.known) tr .name > :first-child").all_inner_texts()


def ids(page: Any) -> list[str]:
    return page.locator(".rows tr:not(.detail) td.id .name").all_inner_texts()


def found(page: Any) -> str:
    return page.locator("#rows-count").inner_text()


def test_opens_from_disk_without_a_word_on_the_console_or_a_request(
    opened: Callable[..., Opened], report: Report
) -> None:
    seen = opened(report)

    for each in seen.page.locator("#figures figure").all():
        each.scroll_into_view_if_needed()
    seen.page.wait_for_function("document.querySelectorAll('#figures svg').length >= 4")

    assert seen.said == []
    assert all(url.startswith("file:") for url in seen.asked)
    assert len(seen.asked) == 1
    assert names(seen.page) == list(NAMES[:6])


def test_the_leaderboard_sorts_by_its_headings(
    opened: Callable[..., Opened], report: Report
) -> None:
    page = opened(report).page
    heading = page.locator('#board th:has(button[data-sort="score"])')
    assert heading.get_attribute("aria-sort") == "descending"

    heading.locator("button").click()

    assert names(page) == list(reversed(NAMES[:6]))
    assert heading.get_attribute("aria-sort") == "ascending"
    assert page.locator("#board .known .name").count() == 2

    page.locator('#board [data-sort="name"]').click()
    assert names(page) == sorted(NAMES[:6], key=page_order(page))


def page_order(page: Any) -> Any:
    """The browser's own order of names, which is that of the reader's language."""
    order = page.evaluate("names => [...names].sort((a, b) => a.localeCompare(b))", list(NAMES[:6]))
    return order.index


def test_rows_sort_by_a_runs_score_and_by_the_difference(
    opened: Callable[..., Opened], report: Report
) -> None:
    page = opened(report).page

    page.locator('.rows [data-sort="run-0"]').click()
    best = [report.rows[place].id for place in np.argsort(-report.runs[0].scores, kind="stable")]
    assert ids(page) == best[:50]

    page.locator('.rows [data-sort="difference"]').click()
    page.locator('.rows [data-sort="difference"]').click()
    nearest = next(run for run in report.runs if run.name == "nearest")
    difference = report.runs[0].scores - nearest.scores
    worst = [report.rows[place].id for place in np.argsort(difference, kind="stable")]
    assert ids(page) == worst[:50]


def test_searches_in_hangul_however_it_is_composed(
    opened: Callable[..., Opened], report: Report
) -> None:
    page = opened(report).page
    wanted = [row for row in report.rows if "타일" in row.question]
    everywhere = [
        row.id
        for place, row in enumerate(report.rows)
        if any(
            "타일" in text
            for text in (
                row.question, row.category, *row.references,
                *(run.answers[place] for run in report.runs),
            )
        )
    ]  # fmt: skip
    assert wanted

    page.locator("#search").fill("타일")
    assert ids(page) == everywhere[:50]
    page.locator("#search").fill("\u1110\u1161\u110b\u1175\u11af")
    assert ids(page) == everywhere[:50]

    page.locator("#search").fill(f"타일 {wanted[0].id.lower()}")
    assert ids(page) == [wanted[0].id]
    page.locator("#search").press("Escape")
    assert found(page) == "문항 60개"


def test_filters_by_category_mark_and_outcome(
    opened: Callable[..., Opened], report: Report
) -> None:
    page = opened(report).page
    category = report.rows[0].category
    rows = [row.id for row in report.rows if row.category == category]

    page.locator("#filter-category").select_option(category)
    assert ids(page) == rows

    page.locator("#filter-category").select_option("")
    page.locator("#filter-compound").select_option("true")
    assert ids(page) == [row.id for row in report.rows if row.meta["compound"]]

    page.locator("#filter-compound").select_option("")
    page.locator("#filter-degenerate").select_option("empty")
    empty = [
        row.id
        for place, row in enumerate(report.rows)
        if any("empty" in run.degenerate[place] for run in report.runs)
    ]
    assert ids(page) == empty

    page.locator("#filter-degenerate").select_option("")
    page.locator("#outcome").select_option("worse")
    nearest = next(run for run in report.runs if run.name == "nearest")
    worse = report.runs[0].scores < nearest.scores
    assert ids(page) == [
        row.id for row, is_worse in zip(report.rows, worse, strict=True) if is_worse
    ]


def test_no_row_is_said_and_can_be_undone(opened: Callable[..., Opened], report: Report) -> None:
    page = opened(report).page

    page.locator("#search").fill("없는 말입니다 정말로")
    assert ids(page) == []
    page.get_by_role("button", name="조건 지우기").click()

    assert found(page) == "문항 60개"
    assert page.evaluate("document.activeElement.id") == "search"


def test_a_row_opens_to_references_and_answers_side_by_side(
    opened: Callable[..., Opened], report: Report
) -> None:
    page = opened(report).page

    page.locator("#row-3").click()

    shown = page.locator(".detail").inner_text()
    assert all(reference in shown for reference in report.rows[3].references)
    assert all(run.answers[3] in shown for run in report.runs if run.answers[3])
    first, second = (page.locator(".answer:not(.reference)").nth(n).bounding_box() for n in (0, 1))
    assert first["y"] == second["y"]
    assert page.locator("#row-3").get_attribute("aria-expanded") == "true"


def test_runs_are_hidden_and_shown(opened: Callable[..., Opened], report: Report) -> None:
    page = opened(report).page
    headings = page.locator(".rows th").count()

    page.locator(".picker summary").click()
    page.locator(".checks input").first.uncheck()

    assert page.locator(".rows th").count() == headings - 1
    assert page.locator('.rows [data-sort="run-0"]').count() == 0


def test_everything_works_by_keyboard(opened: Callable[..., Opened], report: Report) -> None:
    page = opened(report).page

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("/")
    page.keyboard.type("TEST_00")
    assert found(page) == "60개 중 10개"

    page.locator("#row-0").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.locator("#row-1").get_attribute("aria-expanded") == "true"
    assert page.evaluate("document.activeElement.id") == "row-1"

    page.locator('#board [data-sort="score"]').focus()
    page.keyboard.press("Enter")
    assert names(page)[0] == NAMES[5]
    assert page.evaluate("document.activeElement.dataset.sort") == "score"


def test_the_language_changes_and_what_was_chosen_stays(
    opened: Callable[..., Opened], report: Report
) -> None:
    page = opened(report).page
    assert page.locator("html").get_attribute("lang") == "ko"
    assert page.locator("#board-title").inner_text() == "순위표"
    assert "nearest 대비" in page.locator("#notes li").first.text_content()
    assert "확실도 M" in page.locator("#board").text_content()
    page.locator("#search").fill("TEST_00")

    page.locator("#language").click()

    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator("#board-title").inner_text() == "Leaderboard"
    assert "from nearest" in page.locator("#notes li").first.text_content()
    assert found(page) == "10 of 60 rows"
    assert page.locator("#search").input_value() == "TEST_00"
    english = opened(replace(report, language="en")).page
    assert english.locator("#board-title").inner_text() == "Leaderboard"


@pytest.mark.parametrize(("scheme", "other"), [("light", "dark"), ("dark", "light")])
def test_the_theme_is_the_systems_until_it_is_changed(
    opened: Callable[..., Opened], report: Report, scheme: str, other: str
) -> None:
    page = opened(report, color_scheme=scheme).page

    assert lightness(page) == scheme
    page.locator("#theme").click()
    assert lightness(page) == other


def lightness(page: Any) -> str:
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    ink = page.evaluate("getComputedStyle(document.body).color")
    parts = [sum(map(int, color[4:-1].split(","))) for color in (paper, ink)]
    return "light" if parts[0] > parts[1] else "dark"


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_phone_never_scrolls_sideways(opened: Callable[..., Opened], language: Language) -> None:
    long = "이름이아주긴실행" * 6 + "-and-a-name-without-any-break-" * 3
    report = replace(made_up_report(runs=8), language=language)
    board = [replace(row, name=long) if row.rank == 1 else row for row in report.leaderboard]
    runs = [replace(report.runs[0], name=long, answers=["가" * 500] * 60), *report.runs[1:]]
    page = opened(replace(report, leaderboard=board, runs=runs), viewport=PHONE).page

    page.locator("#open-all").click()
    for summary in page.locator("#runs summary").all():
        summary.click()
    page.locator("#figures").scroll_into_view_if_needed()

    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert page.evaluate("document.body.scrollWidth") == PHONE["width"]


def test_a_phone_sorts_by_a_list(opened: Callable[..., Opened], report: Report) -> None:
    page = opened(report, viewport=PHONE).page

    page.locator("#board-sort").select_option("name")
    assert page.locator("#board-sort").input_value() == "name"
    page.locator("#rows-sort").select_option("run-0")
    page.locator("#rows-sort-turn").click()
    assert ids(page)[0] == report.rows[int(np.argmax(report.runs[0].scores))].id


def test_why_scores_are_a_proxy_is_in_the_readers_language(
    opened: Callable[..., Opened], report: Report
) -> None:
    encoder = Note("proxy.encoder", {"given": "offline", "organizer": "ko-sbert"})
    reasons: list[Note | str] = [encoder, "the weights are not published"]
    metric = replace(report.metric, proxy="not shown", reasons=reasons)
    page = opened(replace(report, metric=metric, language="ko")).page

    assert "'ko-sbert' 대신 인코더 'offline' 사용; the weights" in page.inner_text("#notice")
    page.locator("#language").click()
    assert "encoder 'offline' instead of the organizer's" in page.inner_text("#notice")


@pytest.mark.parametrize("text", HOSTILE)
def test_markup_in_a_text_is_shown_and_never_run(opened: Callable[..., Opened], text: str) -> None:
    report = Report(
        title=text,
        competition=text,
        metric=ReportMetric(name=text, signature=text, proxy=text),
        baseline=text,
        leaderboard=[
            LeaderboardRow(rank=1, name=text, kind="run", score=0.5, note=text, source=text)
        ],
        rows=[
            ReportRow(
                id=text, question=text, references=(text,), category=text, meta={text: text}
            )
        ],
        runs=[
            ReportRun(
                name=text, answers=[text], scores=np.array([0.5]), degenerate=[(text,)],
                signature=text, manifest={text: {text: text}},
            )
        ],
        notes=[text],
    )  # fmt: skip
    seen = opened(report)

    seen.page.locator("#row-0").click()
    seen.page.locator("#runs summary").click()
    seen.page.locator("#language").click()

    assert seen.said == []
    assert seen.page.locator("script").count() == 2
    assert seen.page.locator("img").count() == 0
    assert seen.page.locator(".answer p").last.text_content() == text
    assert text.split()[0] in seen.page.locator("h1").inner_text()


def test_the_policy_refuses_a_script_put_into_the_page(
    opened: Callable[..., Opened], report: Report
) -> None:
    seen = opened(report)

    seen.page.evaluate(
        """() => { const script = document.createElement("script");
        try { script.textContent = "window.ran = 1"; document.body.append(script); } catch {} }"""
    )

    assert seen.page.evaluate("window.ran") is None


def test_a_report_of_nothing_says_so(opened: Callable[..., Opened]) -> None:
    empty = Report(
        title="빈 보고서",
        competition="none",
        metric=ReportMetric(name="em", signature="em"),
        baseline="",
        leaderboard=[],
    )

    seen = opened(empty)

    assert seen.said == []
    assert seen.page.locator(".nothing").count() == 4


def test_rows_without_a_score_stand_last_either_way(
    opened: Callable[..., Opened], report: Report
) -> None:
    scores = np.array([np.nan, 0.2, 0.9])
    run = ReportRun(name="run", answers=["가", "나", ""], scores=scores)
    rows = [ReportRow(id=str(n), question=f"물음 {n}") for n in range(3)]
    page = opened(replace(report, rows=rows, runs=[run], baseline="run", groups=[])).page

    page.locator('.rows [data-sort="run-0"]').click()
    assert ids(page) == ["2", "1", "0"]
    page.locator('.rows [data-sort="run-0"]').click()
    assert ids(page) == ["1", "2", "0"]


def test_five_thousand_rows_of_eight_runs_are_searched_filtered_sorted_and_paged(
    opened: Callable[..., Opened],
) -> None:
    report = made_up_report(5000, 8)
    seen = opened(report)
    page = seen.page
    assert found(page) == "문항 5,000개"
    assert len(ids(page)) == 50

    page.locator("#next").click()
    assert ids(page)[0] == "TEST_050"
    assert page.evaluate("document.activeElement.id") == "next"

    page.locator("#search").fill("TEST_4321")
    assert ids(page) == ["TEST_4321"]
    page.locator("#search").fill("결로")
    page.locator("#filter-degenerate").select_option("cut_off")
    page.locator('.rows [data-sort="run-1"]').click()
    kept = [
        place
        for place, row in enumerate(report.rows)
        if any("cut_off" in run.degenerate[place] for run in report.runs)
        and any(
            "결로" in text
            for text in (
                row.question, row.category, *row.references,
                *(run.answers[place] for run in report.runs),
            )
        )
    ]  # fmt: skip
    best = sorted(kept, key=lambda place: (-round(float(report.runs[1].scores[place]), 6), place))
    assert ids(page) == [report.rows[place].id for place in best[:50]]
    assert seen.said == []


def test_a_long_baseline_stands_in_the_caption_and_not_over_every_column(
    opened: Callable[..., Opened], report: Report
) -> None:
    long = "a-baseline-with-a-rather-long-name"
    page = opened(replace(report, baseline=long, language="en")).page

    assert long in page.locator("#board caption").inner_text()
    assert page.locator('#board [data-sort="difference"]').inner_text() == "vs baseline"
    page.locator("#language").click()
    assert page.locator('#board [data-sort="difference"]').inner_text() == "기준 대비"

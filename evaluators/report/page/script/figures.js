// Scores and effects as lines with intervals, and all figures together, each for what the report has.

const MOST_LINES = 60;

function intervalsFigure() {
  const rows = report.leaderboard.filter((row) => row.kind !== "known");
  const lines = [...rows, ...report.leaderboard.filter((row) => row.kind === "known")]
    .slice(0, MOST_LINES)
    .map((row) => ({
      name: row.name,
      value: row.score,
      low: row.low,
      high: row.high,
      kind: row.kind === "known" ? "hollow" : row.name === report.baseline ? "ink" : "accent",
      title: [row.name, number(row.score), span(row.low, row.high)].filter(Boolean).join("  "),
    }));
  if (!lines.length) return null;
  const base = rows.find((row) => row.name === report.baseline);
  const title = t("plot.intervals");
  const hints = [`${report.metric.name}, ${t("interval95")}`];
  if (base) hints.push(t("plot.baseline_line"));
  if (lines.some((line) => line.kind === "hollow")) hints.push(t("plot.known_mark"));
  if (lines.length < report.leaderboard.length)
    hints.push(t("plot.some_of", { shown: lines.length, all: report.leaderboard.length }));
  return figure(title, hints.join(" · "), (width) =>
    forest(width, lines, { zero: base ? base.score : null, title }),
  );
}

function effectsFigure() {
  if (!report.effects.length) return null;
  const title = t("plot.effects");
  const lines = report.effects.map((each, place) => ({
    name: `${each.axis}: ${each.level}`,
    value: each.effect,
    low: each.low,
    high: each.high,
    kind: each.low > 0 || each.high < 0 ? verdict(each.effect) : "same",
    rule: place > 0 && report.effects[place - 1].axis !== each.axis,
    title: `${each.axis}: ${each.level}  ${signed(each.effect)}  ${span(each.low, each.high, signed)}`,
  }));
  return figure(title, `${report.metric.name} · ${t("plot.effects_axis")}`, (width) =>
    forest(width, lines, { zero: 0, title }),
  );
}

function drawFigures() {
  refreshers.clear();
  const made = (figures) => figures.map((each) => each()).filter(Boolean);
  const narrow = made([
    intervalsFigure,
    effectsFigure,
    calibrationFigure,
    reliabilityFigure,
    publicFigure,
    agreementFigure,
  ]);
  const wide = made([heatFigure, lengthFigure]);
  const nothing =
    narrow.length + wide.length ? null : el("p", { class: "nothing" }, t("figures.nothing"));
  document
    .getElementById("figures-body")
    .replaceChildren(
      ...[narrow.length ? el("div", { class: "columns" }, narrow) : null, wide, nothing]
        .flat()
        .filter(Boolean),
    );
}

// The figures, each for what the report has.

const MOST_LINES = 60;
const MOST_DOTS = 600;

function intervalsFigure() {
  const rows = report.leaderboard.filter((row) => row.kind !== "known");
  const lines = [...rows, ...report.leaderboard.filter((row) => row.kind === "known")].slice(0, MOST_LINES).map((row) => ({
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
  if (lines.length < report.leaderboard.length) hints.push(t("plot.some_of", { shown: lines.length, all: report.leaderboard.length }));
  return figure(title, hints.join(" · "), (width) => forest(width, lines, { zero: base ? base.score : null, title }));
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
  return figure(title, `${report.metric.name} · ${t("plot.effects_axis")}`, (width) => forest(width, lines, { zero: 0, title }));
}

const heat = { dimension: null };

function heatFigure() {
  const dimensions = [...new Set(report.groups.map((each) => each.dimension))];
  if (!dimensions.length) return null;
  if (!dimensions.includes(heat.dimension)) heat.dimension = dimensions[0];
  const holder = el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("plot.heat_title") });
  const fill = () => holder.replaceChildren(heatTable(heat.dimension));
  const choose = dimensions.length > 1
    ? el("div", { class: "choices", role: "group", "aria-label": t("plot.heat_title") },
        dimensions.map((name) => el("button", {
          type: "button",
          "aria-pressed": name === heat.dimension,
          onclick: (event) => {
            heat.dimension = name;
            for (const button of event.target.parentNode.children) button.setAttribute("aria-pressed", button === event.target);
            fill();
          },
        }, wordFor("dimension", name))))
    : null;
  fill();
  const title = dimensions.length > 1 ? t("plot.heat_title") : t("plot.heat_map", { dimension: wordFor("dimension", dimensions[0]) });
  return el("figure", {}, el("figcaption", {}, el("h3", {}, title), el("p", {}, t("plot.heat_hint", { metric: report.metric.name }))), choose, holder);
}

function heatTable(dimension) {
  const cells = report.groups.filter((each) => each.dimension === dimension);
  const groups = [...new Set(cells.map((each) => each.group))];
  const runs = [...new Set(cells.map((each) => each.run))];
  const found = new Map(cells.map((each) => [JSON.stringify([each.run, each.group]), each]));
  const scores = cells.map((each) => each.score).filter(known);
  const share = linear(Math.min(...scores), Math.max(...scores), 0, 1);
  const size = (group) => Math.max(...cells.filter((each) => each.group === group).map((each) => each.n));
  return el("table", { class: "heat" },
    el("thead", {}, el("tr", {}, el("td", {}),
      groups.map((group) => el("th", { scope: "col" }, wordFor(`group.${dimension}`, group), el("span", { class: "sub" }, `n = ${count(size(group))}`))))),
    el("tbody", {}, runs.map((run) => el("tr", {}, el("th", { scope: "row" }, run),
      groups.map((group) => {
        const each = found.get(JSON.stringify([run, group]));
        if (!each || !known(each.score)) return el("td", { class: "void" }, MISSING);
        const cell = el("td", { title: [number(each.score), span(each.low, each.high), `n = ${each.n}`].filter(Boolean).join("  ") }, number(each.score, coarse));
        shade(cell, scores.length > 1 ? share(each.score) : 0.5);
        return cell;
      })))));
}

function shade(cell, share) {
  cell.classList.add("shaded");
  cell.style.setProperty("--share", `${Math.round(4 + share * 51)}%`);
}

function lengthFigure() {
  const panels = report.lengths.map((each) => ({ ...each, run: report.runs[each.run] }));
  if (!panels.length) return null;
  const title = t("plot.length");
  const hints = [t("plot.length_axis"), t("plot.length_hint")];
  if (report.rows.id.length > MOST_DOTS) hints.push(t("plot.dots", { shown: count(MOST_DOTS), all: count(report.rows.id.length) }));
  return figure(title, hints.join(" · "), (width) => {
    const columns = Math.max(1, Math.min(panels.length, 4, Math.floor(width / 230)));
    const each = Math.floor((width - (columns - 1) * 16) / columns);
    return el("div", { class: "panels" }, panels.map((panel) => lengthPanel(panel, panels, each)));
  });
}

function lengthPanel(panel, panels, width) {
  const height = 150;
  const stride = Math.max(1, Math.ceil(panel.run.answers.length / MOST_DOTS));
  const x = linear(0, Math.max(...panels.map((each) => each.longest)), 34, width - 8);
  const scores = panels.flatMap((each) => [each.lowest, each.highest]);
  const [low, high] = widened(scores, 0.05);
  const y = linear(low, high, height - 22, 22);
  const svg = canvas(width, height, panel.run.name);
  for (const tick of ticks(low, high, 3)) {
    svg.append(draw("line", { x1: 34, x2: width - 8, y1: y(tick.value), y2: y(tick.value), class: "grid" }));
    svg.append(label(28, y(tick.value) + 4, tick.label, { "text-anchor": "end", class: "label tick" }));
  }
  for (const tick of ticks(0, Math.max(...panels.map((one) => one.longest)), width / 80))
    svg.append(label(x(tick.value), height - 6, tick.label, { "text-anchor": "middle", class: "label tick" }));
  let dots = "";
  for (let row = 0; row < panel.run.answers.length; row += stride) {
    const score = panel.run.scores[row];
    if (known(score)) dots += `M${x([...panel.run.answers[row]].length).toFixed(1)} ${y(score).toFixed(1)}h0`;
  }
  const path = (values) => values.map((value, place) => `${x(panel.length[place]).toFixed(1)} ${y(value).toFixed(1)}`);
  svg.append(
    draw("path", { d: dots, class: "dots" }),
    draw("path", { d: `M${[...path(panel.low), ...path(panel.high).reverse()].join("L")}Z`, class: "band" }),
    draw("path", { d: `M${path(panel.score).join("L")}`, class: "line" }),
    label(34, 13, fitted(panel.run.name, width - 44, 13), { class: "label strong" }));
  return svg;
}

function calibrationFigure() {
  const points = report.calibration;
  if (!points.length) return null;
  const title = t("plot.calibration");
  const hint = report.fit ? t("plot.calibration_fit", { n: report.fit.n, slope: number(report.fit.slope, 3) }) : t("plot.calibration_none");
  return figure(title, hint, (width) => calibrationPlot(width, points, report.fit, title));
}

function calibrationPlot(width, points, fit, title) {
  const height = 300;
  const [lowX, highX] = widened([...points.map((each) => each.local), ...(fit ? fit.local : [])]);
  const [lowY, highY] = widened([...points.flatMap((each) => [each.public, each.private]), ...(fit ? [...fit.low, ...fit.high] : [])]);
  const x = linear(lowX, highX, 48, width - 12);
  const y = linear(lowY, highY, height - 44, 12);
  const svg = canvas(width, height, title);
  for (const tick of ticks(lowY, highY, 5)) {
    svg.append(draw("line", { x1: 48, x2: width - 12, y1: y(tick.value), y2: y(tick.value), class: "grid" }));
    svg.append(label(42, y(tick.value) + 4, tick.label, { "text-anchor": "end", class: "label tick" }));
  }
  for (const tick of ticks(lowX, highX, width / 90)) svg.append(label(x(tick.value), height - 26, tick.label, { "text-anchor": "middle", class: "label tick" }));
  svg.append(label((48 + width - 12) / 2, height - 6, `${t("local_score")} → ${t("organizer_score")} ↑`, { "text-anchor": "middle", class: "label tick" }));
  const inside = (value) => Math.min(Math.max(y(value), 12), height - 44).toFixed(1);
  const band = (low, high, kind) => {
    const there = fit.local.map((each, place) => `${x(each).toFixed(1)} ${inside(low[place])}`);
    const back = fit.local.map((each, place) => `${x(each).toFixed(1)} ${inside(high[place])}`).reverse();
    svg.append(draw("path", { d: `M${[...there, ...back].join("L")}Z`, class: kind }));
  };
  if (fit) {
    if (fit.prediction_low && fit.prediction_high) band(fit.prediction_low, fit.prediction_high, "band faint");
    band(fit.low, fit.high, "band");
    svg.append(draw("path", { d: `M${fit.local.map((each) => `${x(each).toFixed(1)} ${inside(fit.intercept + fit.slope * each)}`).join("L")}`, class: "line" }));
  }
  for (const each of points) {
    if (known(each.private)) svg.append(draw("circle", { cx: x(each.local), cy: y(each.private), r: 4, class: "point hollow" }));
    svg.append(whisker(x, y(each.public), { value: each.local }, "ink", `${each.run}  ${number(each.local)} → ${number(each.public)}`));
    // The line rises to the right: what stands above and left of a point is clear of it.
    const leftwards = x(each.local) > width * 0.35;
    svg.append(label(x(each.local) + (leftwards ? -9 : 9), y(each.public) - 7, fitted(each.run, width * 0.35, 13), { "text-anchor": leftwards ? "end" : "start" }));
  }
  return svg;
}

// Small tables: what a public draw may do to the order, and whether metrics agree.

const SHOWN_FLIPS = 6;

function publicFigure() {
  const found = report.public;
  if (!found) return null;
  const flips = found.flips.slice(0, SHOWN_FLIPS);
  const place = (each) => (each.low === each.high ? String(each.low) : `${each.low}–${each.high}`);
  return el("figure", {},
    el("figcaption", {}, el("h3", {}, t("public.title")), el("p", {}, t("public.hint", { share: percent(found.share), draws: count(found.draws) }))),
    el("p", { class: "lead" }, t("public.kept", { kept: percent(found.winner_kept) })),
    el("table", { class: "small" },
      el("thead", {}, el("tr", {}, [t("board.name"), t("public.places"), t("public.first")].map((text, column) => el("th", { scope: "col", class: column ? "figure" : "text" }, text)))),
      el("tbody", {}, found.standings.map((each) => el("tr", {}, el("th", { scope: "row", class: "text" }, each.name), el("td", { class: "figure" }, place(each)), el("td", { class: "figure" }, percent(each.first_public)))))),
    flips.length
      ? [el("h4", {}, t("public.flips")), el("ul", { class: "plain" }, flips.map((each) => el("li", {}, el("b", {}, percent(each.rate)), ` ${each.one} ↔ ${each.other}`)))]
      : el("p", { class: "nothing" }, t("public.no_flips")));
}

function agreementFigure() {
  if (!report.agreement.length) return null;
  return el("figure", {},
    el("figcaption", {}, el("h3", {}, t("agreement.title")), el("p", {}, t("agreement.hint"))),
    el("table", { class: "small" },
      el("thead", {}, el("tr", {}, [t("agreement.metrics"), t("agreement.over"), "Kendall τ", "Spearman ρ"].map((text, column) => el("th", { scope: "col", class: column > 1 ? "figure" : "text" }, text)))),
      el("tbody", {}, report.agreement.map((each) => el("tr", {},
        el("th", { scope: "row", class: "text" }, `${each.one} ↔ ${each.other}`),
        el("td", { class: "text" }, t(`agreement.${each.over}`, { n: count(each.n) })),
        el("td", { class: "figure" }, signed(each.kendall, 2)),
        el("td", { class: "figure" }, signed(each.spearman, 2)))))));
}

function drawFigures() {
  refreshers.clear();
  const made = (figures) => figures.map((each) => each()).filter(Boolean);
  const narrow = made([intervalsFigure, effectsFigure, calibrationFigure, publicFigure, agreementFigure]);
  const wide = made([heatFigure, lengthFigure]);
  const nothing = narrow.length + wide.length ? null : el("p", { class: "nothing" }, t("figures.nothing"));
  document.getElementById("figures-body").replaceChildren(...[narrow.length ? el("div", { class: "columns" }, narrow) : null, wide, nothing].flat().filter(Boolean));
}

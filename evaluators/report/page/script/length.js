// Row scores against the length of answers, a panel per run.

const MOST_DOTS = 600;

function lengthFigure() {
  const panels = report.lengths.map((each) => ({ ...each, run: report.runs[each.run] }));
  if (!panels.length) return null;
  const title = t("plot.length");
  const hints = [t("plot.length_axis"), t("plot.length_hint")];
  if (report.rows.id.length > MOST_DOTS)
    hints.push(t("plot.dots", { shown: count(MOST_DOTS), all: count(report.rows.id.length) }));
  return figure(title, hints.join(" · "), (width) => {
    const columns = Math.max(1, Math.min(panels.length, 4, Math.floor(width / 230)));
    const each = Math.floor((width - (columns - 1) * 16) / columns);
    return el(
      "div",
      { class: "panels" },
      panels.map((panel) => lengthPanel(panel, panels, each)),
    );
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
    svg.append(
      draw("line", { x1: 34, x2: width - 8, y1: y(tick.value), y2: y(tick.value), class: "grid" }),
    );
    svg.append(
      label(28, y(tick.value) + 4, tick.label, { "text-anchor": "end", class: "label tick" }),
    );
  }
  for (const tick of ticks(0, Math.max(...panels.map((one) => one.longest)), width / 80))
    svg.append(
      label(x(tick.value), height - 6, tick.label, {
        "text-anchor": "middle",
        class: "label tick",
      }),
    );
  let dots = "";
  for (let row = 0; row < panel.run.answers.length; row += stride) {
    const score = panel.run.scores[row];
    if (known(score))
      dots += `M${x([...panel.run.answers[row]].length).toFixed(1)} ${y(score).toFixed(1)}h0`;
  }
  const path = (values) =>
    values.map((value, place) => `${x(panel.length[place]).toFixed(1)} ${y(value).toFixed(1)}`);
  svg.append(
    draw("path", { d: dots, class: "dots" }),
    draw("path", {
      d: `M${[...path(panel.low), ...path(panel.high).reverse()].join("L")}Z`,
      class: "band",
    }),
    draw("path", { d: `M${path(panel.score).join("L")}`, class: "line" }),
    label(34, 13, fitted(panel.run.name, width - 44, 13), { class: "label strong" }),
  );
  return svg;
}

// Runs against the groups of a dimension, as a shaded table.

const heat = { dimension: null };

function heatFigure() {
  const dimensions = [...new Set(report.groups.map((each) => each.dimension))];
  if (!dimensions.length) return null;
  if (!dimensions.includes(heat.dimension)) heat.dimension = dimensions[0];
  const holder = el("div", {
    class: "scroll",
    tabindex: 0,
    role: "region",
    "aria-label": t("plot.heat_title"),
  });
  const fill = () => holder.replaceChildren(heatTable(heat.dimension));
  const choose =
    dimensions.length > 1
      ? el(
          "div",
          { class: "choices", role: "group", "aria-label": t("plot.heat_title") },
          dimensions.map((name) =>
            el(
              "button",
              {
                type: "button",
                "aria-pressed": name === heat.dimension,
                onclick: (event) => {
                  heat.dimension = name;
                  for (const button of event.target.parentNode.children)
                    button.setAttribute("aria-pressed", button === event.target);
                  fill();
                },
              },
              wordFor("dimension", name),
            ),
          ),
        )
      : null;
  fill();
  const title =
    dimensions.length > 1
      ? t("plot.heat_title")
      : t("plot.heat_map", { dimension: wordFor("dimension", dimensions[0]) });
  return el(
    "figure",
    {},
    el(
      "figcaption",
      {},
      el("h3", {}, title),
      el("p", {}, t("plot.heat_hint", { metric: report.metric.name })),
    ),
    choose,
    holder,
  );
}

function heatTable(dimension) {
  const cells = report.groups.filter((each) => each.dimension === dimension);
  const groups = [...new Set(cells.map((each) => each.group))];
  const runs = [...new Set(cells.map((each) => each.run))];
  const found = new Map(cells.map((each) => [JSON.stringify([each.run, each.group]), each]));
  const scores = cells.map((each) => each.score).filter(known);
  const share = linear(Math.min(...scores), Math.max(...scores), 0, 1);
  const size = (group) =>
    Math.max(...cells.filter((each) => each.group === group).map((each) => each.n));
  return el(
    "table",
    { class: "heat" },
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        el("td", {}),
        groups.map((group) =>
          el(
            "th",
            { scope: "col" },
            wordFor(`group.${dimension}`, group),
            el("span", { class: "sub" }, `n = ${count(size(group))}`),
          ),
        ),
      ),
    ),
    el(
      "tbody",
      {},
      runs.map((run) =>
        el(
          "tr",
          {},
          el("th", { scope: "row" }, run),
          groups.map((group) => {
            const each = found.get(JSON.stringify([run, group]));
            if (!each || !known(each.score)) return el("td", { class: "void" }, MISSING);
            const cell = el(
              "td",
              {
                title: [number(each.score), span(each.low, each.high), `n = ${each.n}`]
                  .filter(Boolean)
                  .join("  "),
              },
              number(each.score, coarse),
            );
            shade(cell, scores.length > 1 ? share(each.score) : 0.5);
            return cell;
          }),
        ),
      ),
    ),
  );
}

function shade(cell, share) {
  cell.classList.add("shaded");
  cell.style.setProperty("--share", `${Math.round(4 + share * 51)}%`);
}

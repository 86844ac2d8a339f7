// Small tables: what a public draw may do to the order, and whether metrics agree.

const SHOWN_FLIPS = 6;

function publicFigure() {
  const found = report.public;
  if (!found) return null;
  const flips = found.flips.slice(0, SHOWN_FLIPS);
  const place = (each) => (each.low === each.high ? String(each.low) : `${each.low}–${each.high}`);
  return el(
    "figure",
    {},
    el(
      "figcaption",
      {},
      el("h3", {}, t("public.title")),
      el("p", {}, t("public.hint", { share: percent(found.share), draws: count(found.draws) })),
    ),
    el("p", { class: "lead" }, t("public.kept", { kept: percent(found.winner_kept) })),
    el(
      "table",
      { class: "small" },
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          [t("board.name"), t("public.places"), t("public.first")].map((text, column) =>
            el("th", { scope: "col", class: column ? "figure" : "text" }, text),
          ),
        ),
      ),
      el(
        "tbody",
        {},
        found.standings.map((each) =>
          el(
            "tr",
            {},
            el("th", { scope: "row", class: "text" }, each.name),
            el("td", { class: "figure" }, place(each)),
            el("td", { class: "figure" }, percent(each.first_public)),
          ),
        ),
      ),
    ),
    flips.length
      ? [
          el("h4", {}, t("public.flips")),
          el(
            "ul",
            { class: "plain" },
            flips.map((each) =>
              el("li", {}, el("b", {}, percent(each.rate)), ` ${each.one} ↔ ${each.other}`),
            ),
          ),
        ]
      : el("p", { class: "nothing" }, t("public.no_flips")),
  );
}

function agreementFigure() {
  if (!report.agreement.length) return null;
  return el(
    "figure",
    {},
    el("figcaption", {}, el("h3", {}, t("agreement.title")), el("p", {}, t("agreement.hint"))),
    el(
      "table",
      { class: "small" },
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          [t("agreement.metrics"), t("agreement.over"), "Kendall τ", "Spearman ρ"].map(
            (text, column) =>
              el("th", { scope: "col", class: column > 1 ? "figure" : "text" }, text),
          ),
        ),
      ),
      el(
        "tbody",
        {},
        report.agreement.map((each) =>
          el(
            "tr",
            {},
            el("th", { scope: "row", class: "text" }, `${each.one} ↔ ${each.other}`),
            el("td", { class: "text" }, t(`agreement.${each.over}`, { n: count(each.n) })),
            el("td", { class: "figure" }, signed(each.kendall, 2)),
            el("td", { class: "figure" }, signed(each.spearman, 2)),
          ),
        ),
      ),
    ),
  );
}

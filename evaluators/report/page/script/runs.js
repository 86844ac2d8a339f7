// How each run's answers were made.

function otherScores(run) {
  if (!run.others.length) return null;
  return el(
    "table",
    { class: "small" },
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        [t("runs.metric"), t("runs.score"), t("interval95"), "n", t("runs.signature")].map(
          (text, column) => el("th", { scope: "col", class: column % 4 ? "figure" : "text" }, text),
        ),
      ),
    ),
    el(
      "tbody",
      {},
      run.others.map((score) =>
        el(
          "tr",
          {},
          el(
            "th",
            { scope: "row", class: "text" },
            score.metric,
            score.proxy ? [" ", el("span", { class: "tag" }, t("proxy"))] : null,
          ),
          el("td", { class: "figure" }, number(score.value, 4)),
          el("td", { class: "figure" }, span(score.low, score.high, number, 3) ?? MISSING),
          el("td", { class: "figure" }, count(score.n)),
          el("td", { class: "text" }, el("code", {}, score.signature)),
        ),
      ),
    ),
  );
}

function degenerateLine(run) {
  const counts = {};
  for (const marks of Object.values(run.degenerate))
    for (const mark of marks) counts[mark] = (counts[mark] ?? 0) + 1;
  const told = Object.entries(counts).map(
    ([mark, n]) => `${wordFor("degenerate", mark)} ${count(n)}`,
  );
  return told.length ? [el("dt", {}, t("runs.degenerate")), el("dd", {}, told.join(" · "))] : null;
}

function drawRuns() {
  const open = new Set(
    [...document.querySelectorAll("#runs-body details[open]")].map((each) => each.id),
  );
  document.getElementById("runs-body").replaceChildren(
    ...(report.runs.length
      ? report.runs.map((run, place) =>
          el(
            "details",
            { class: "run", id: `run-${place}`, open: open.has(`run-${place}`) },
            el(
              "summary",
              {},
              el("span", { class: "name" }, run.name),
              place === baselineRun && run.name === report.baseline
                ? el("span", { class: "tag" }, t("baseline"))
                : null,
            ),
            el(
              "dl",
              {},
              el("dt", {}, t("runs.signature")),
              el("dd", {}, el("code", {}, run.signature || report.metric.signature)),
              degenerateLine(run),
              run.manifest.map(([name, text]) => [
                el("dt", {}, wordFor("manifest", name)),
                el(
                  "dd",
                  {},
                  text.includes("\n") ? el("pre", { tabindex: 0 }, text) : el("code", {}, text),
                ),
              ]),
            ),
            otherScores(run),
          ),
        )
      : [el("p", { class: "nothing" }, t("runs.nothing"))]),
  );
}

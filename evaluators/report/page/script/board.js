// The leaderboard.

const board = { key: report.metric.direction === "higher" ? "-score" : "score" };

function p(value) {
  if (!known(value)) return MISSING;
  return value < 0.001 ? "< 0.001" : value.toFixed(3);
}

function whole(row, keys) {
  const values = keys.map((key) => row[key]);
  return values.some(known) ? values.map((value) => (known(value) ? value : MISSING)) : null;
}

function two(first, second, kind = "") {
  return [
    el("span", { class: `value ${kind}` }, first),
    second && el("span", { class: "sub" }, second),
  ];
}

function scoreCell(row) {
  return two(
    number(row.score),
    span(row.low, row.high) ?? (row.n === 1 ? MISSING : null),
    "strong",
  );
}

function differenceCell(row) {
  if (!known(row.difference)) return null;
  const chance = known(row.p_adjusted) ? row.p_adjusted : row.p_value;
  const clear = known(chance) && chance <= 0.05;
  const kind = clear ? verdict(row.difference) : "same";
  return two(signed(row.difference), span(row.difference_low, row.difference_high, signed), kind);
}

function chanceCell(row) {
  if (!known(row.p_value)) return null;
  if (!known(row.p_adjusted)) return two(p(row.p_value));
  return two(p(row.p_adjusted), t("board.raw_p", { p: p(row.p_value) }));
}

function organizerCell(row) {
  if (!known(row.public) && !known(row.private)) return null;
  return two(
    number(row.public),
    known(row.private) ? `${t("board.private")} ${number(row.private)}` : null,
  );
}

// The notice above the table says it once where it holds for all.
const allProxy = report.leaderboard.every((row) => row.proxy || row.kind === "known");

function rowNote(row) {
  const known = row.kind === "known" ? report.known_notes[row.name] : null;
  if (known) return noteText(known);
  return row.note === "baseline" ? "" : row.note;
}

function nameCell(row) {
  const marks = [
    row.name === report.baseline && row.kind !== "known" ? t("baseline") : null,
    row.kind === "file" ? t("board.file") : null,
    row.proxy && !allProxy ? t("proxy") : null,
  ];
  const place = runOf.get(row.name);
  const name =
    row.kind !== "known" && place !== undefined
      ? el("a", { href: `#run-${place}` }, row.name)
      : el("span", {}, row.name);
  const notes = [rowNote(row), row.source].filter(Boolean).join(" · ");
  return [
    el(
      "span",
      { class: "name" },
      name,
      marks.filter(Boolean).map((mark) => [" ", el("span", { class: "tag" }, mark)]),
    ),
    notes ? el("span", { class: "sub" }, notes) : null,
  ];
}

function degenerateCell(row) {
  const total = known(row.degenerate)
    ? row.degenerate
    : whole(row, row.kinds) && row.kinds.reduce((sum, mark) => sum + (row[mark] ?? 0), 0);
  if (!known(total)) return null;
  const kinds = row.kinds
    .filter((mark) => row[mark])
    .map((mark) => `${wordFor("degenerate", mark)} ${row[mark]}`);
  return two(count(total), kinds.join(", "), total ? "warn" : "same");
}

// A long name stands in the caption; every card would repeat it on a phone.
const LONGEST_HEADING = 16;
function againstWhat() {
  return report.baseline.length > LONGEST_HEADING ? t("baseline") : report.baseline;
}

function boardColumns() {
  const others = [...new Set(report.leaderboard.flatMap((row) => Object.keys(row.others)))];
  return [
    {
      title: t("board.rank"),
      key: "rank",
      cell: (row) => (known(row.rank) ? String(row.rank) : null),
      kind: "rank",
    },
    { title: t("board.name"), key: "name", cell: nameCell, kind: "text" },
    { title: report.metric.name, under: t("interval95"), key: "score", cell: scoreCell },
    {
      title: t("board.difference", { baseline: againstWhat() }),
      under: t("interval95"),
      key: "difference",
      cell: differenceCell,
    },
    { title: t("board.p"), hint: t("board.p_hint"), key: "p_adjusted", cell: chanceCell },
    {
      title: t("board.detectable"),
      hint: t("board.detectable_hint"),
      key: "detectable",
      cell: (row) => (known(row.detectable) ? number(row.detectable) : null),
    },
    {
      title: t("board.wtl"),
      key: "wins",
      cell: (row) => whole(row, ["wins", "ties", "losses"])?.join(" / "),
    },
    {
      title: t("board.public_part"),
      hint: t("board.public_part_hint"),
      key: "public_low",
      cell: (row) => span(row.public_low, row.public_high),
    },
    { title: t("board.organizer"), key: "public", cell: organizerCell },
    {
      title: t("board.expected"),
      hint: t("board.expected_hint"),
      key: "expected",
      cell: (row) =>
        known(row.expected)
          ? two(number(row.expected), span(row.expected_low, row.expected_high))
          : null,
    },
    ...others.map((name) => ({
      title: name.split(":")[0],
      under: name.includes(":") ? name.slice(name.indexOf(":") + 1).replaceAll(",", ", ") : null,
      key: name,
      value: (row) => row.others[name]?.value ?? null,
      cell: (row) => {
        const score = row.others[name];
        return score
          ? two(number(score.value, score.value > 1.5 ? 2 : 4), score.proxy ? t("proxy") : null)
          : null;
      },
    })),
    {
      title: t("board.degenerate"),
      hint: t("board.degenerate_hint"),
      key: "degenerate",
      cell: degenerateCell,
    },
    {
      title: t("board.seconds"),
      key: "seconds",
      cell: (row) => (row.seconds ? number(row.seconds, 1) : null),
    },
    {
      title: t("board.tokens"),
      key: "completion_tokens",
      cell: (row) =>
        row.completion_tokens
          ? `${count(row.prompt_tokens)} / ${count(row.completion_tokens)}`
          : null,
    },
    {
      title: t("board.cost"),
      hint: t("board.cost_hint"),
      key: "money",
      cell: (row) => (known(row.money) ? two(number(row.money), row.currency) : null),
    },
  ].filter((column) => report.leaderboard.some((row) => column.cell(row)));
}

function boardOrder(columns) {
  const key = board.key.replace(/^-/, "");
  const column = columns.find((each) => each.key === key) ?? columns[1];
  const value = column.value ?? ((row) => row[key]);
  const down = board.key.startsWith("-") ? -1 : 1;
  return (one, other) => {
    const [a, b] = [value(one), value(other)];
    if (a === null || b === null) return (a === null) - (b === null);
    return down * (known(a) ? a - b : a.localeCompare(b));
  };
}

function drawBoard(focus = null) {
  const body = document.getElementById("board-body");
  if (!report.leaderboard.length) {
    body.replaceChildren(el("p", { class: "nothing" }, t("board.nothing")));
    return;
  }
  const columns = boardColumns();
  const order = boardOrder(columns);
  const own = report.leaderboard.filter((row) => row.kind !== "known").sort(order);
  const knownRows = report.leaderboard.filter((row) => row.kind === "known").sort(order);
  const line = (row) =>
    el(
      "tr",
      {
        role: "row",
        class: row.name === report.baseline && row.kind !== "known" ? "is-baseline" : "",
      },
      columns.map((column) => {
        const inside = column.cell(row);
        return el(
          "td",
          {
            role: "cell",
            class: `${column.kind ?? "figure"}${inside ? "" : " void"}`,
            "data-label": column.title,
          },
          inside ?? MISSING,
        );
      }),
    );
  const table = el(
    "table",
    { role: "table", class: "board" },
    el("caption", {}, t("board.caption", { baseline: report.baseline })),
    el(
      "thead",
      { role: "rowgroup" },
      el(
        "tr",
        { role: "row" },
        columns.map((column) => heading(column, board, drawBoard)),
      ),
    ),
    el("tbody", { role: "rowgroup" }, own.map(line)),
    knownRows.length
      ? el(
          "tbody",
          { role: "rowgroup", class: "known" },
          el(
            "tr",
            { role: "row", class: "divider" },
            el("th", { role: "rowheader", colspan: columns.length }, t("board.known")),
          ),
          knownRows.map(line),
        )
      : null,
  );
  body.replaceChildren(
    sorter(columns, board, drawBoard, "board-sort"),
    el(
      "div",
      { class: "scroll", tabindex: 0, role: "region", "aria-label": t("board.title") },
      table,
    ),
  );
  restoreFocus(body, focus);
}

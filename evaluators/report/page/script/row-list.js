// The rows found, a page at a time, and their answers side by side.

function rowColumns() {
  const shown = [...view.shown].sort((one, other) => one - other);
  const runs = shown.map((place) => ({
    title: report.runs[place].name,
    key: `run-${place}`,
    run: place,
    kind: "figure score",
  }));
  const columns = [
    { title: t("rows.row"), key: "place", kind: "text id" },
    { title: t("rows.question"), key: "length", hint: t("rows.by_length"), kind: "text question" },
    ...runs,
  ];
  if (view.run !== view.against)
    columns.push({
      title: t("rows.difference"),
      hint: `${report.runs[view.run].name} − ${report.runs[view.against].name}`,
      key: "difference",
      kind: "figure",
    });
  return columns;
}

function marks(run, row) {
  return marksOf(run, row).map((mark) => [
    " ",
    el("span", { class: "tag warn" }, wordFor("degenerate", mark)),
  ]);
}

function scoreOf(run, row) {
  const value = report.runs[run].scores[row];
  const marks = marksOf(run, row);
  const cell = el(
    "td",
    {
      role: "cell",
      class: `figure score${known(value) ? "" : " void"}`,
      "data-label": report.runs[run].name,
    },
    number(value, coarse),
    marks.length
      ? el("span", {
          class: "flag",
          title: marks.map((mark) => wordFor("degenerate", mark)).join(", "),
          role: "img",
          "aria-label": marks.map((mark) => wordFor("degenerate", mark)).join(", "),
        })
      : null,
  );
  if (known(value)) {
    const share = Math.min(Math.max(value / report.metric.scale, 0), 1);
    cell.style.setProperty("--share", `${Math.round((upward > 0 ? share : 1 - share) * 34)}%`);
    cell.classList.add("shaded");
  }
  return cell;
}

function answers(row) {
  const references = rows.references[row];
  return el(
    "div",
    { class: "answers" },
    references.length
      ? el(
          "section",
          { class: "answer reference" },
          el("h4", {}, t(references.length > 1 ? "rows.references" : "rows.reference")),
          references.map((text) => el("p", {}, text)),
        )
      : null,
    [...view.shown]
      .sort((one, other) => one - other)
      .map((run) => {
        const text = report.runs[run].answers[row];
        return el(
          "section",
          { class: "answer" },
          el(
            "h4",
            {},
            el(
              "span",
              { class: "who" },
              report.runs[run].name,
              run === baselineRun ? [" ", el("span", { class: "tag" }, t("baseline"))] : null,
              marks(run, row),
            ),
            el("span", { class: "value" }, number(report.runs[run].scores[row], fine)),
          ),
          text.trim() ? el("p", {}, text) : el("p", { class: "nothing" }, t("rows.no_text")),
        );
      }),
  );
}

function metaLine(row) {
  const told = Object.entries(rows.meta).flatMap(([name, values]) => {
    const value = values[row];
    if (value === null || value === "" || value === false) return [];
    return [
      value === true
        ? wordFor("dimension", name)
        : `${wordFor("dimension", name)} ${wordFor(`group.${name}`, String(value))}`,
    ];
  });
  return told.length ? el("p", { class: "meta" }, told.join(" · ")) : null;
}

function toggle(row) {
  if (!view.open.delete(row)) view.open.add(row);
  drawList(`#row-${row}`);
}

function stepTo(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const buttons = [...document.querySelectorAll(".rows .opener")];
  const next = buttons[buttons.indexOf(event.target) + step];
  if (next) {
    event.preventDefault();
    next.focus();
  }
}

function lines(row, columns) {
  const open = view.open.has(row);
  const difference = differenceOf(row);
  const line = el(
    "tr",
    { role: "row", class: open ? "is-open" : "" },
    columns.map((column) => {
      if (column.run !== undefined) return scoreOf(column.run, row);
      if (column.key === "place")
        return el(
          "td",
          { role: "cell", class: column.kind },
          el("span", { class: "name" }, rows.id[row]),
          rows.category[row] ? el("span", { class: "sub" }, rows.category[row]) : null,
        );
      if (column.key === "difference")
        return el(
          "td",
          {
            role: "cell",
            class: `figure ${verdict(difference, tiny)}`,
            "data-label": column.title,
          },
          signed(difference, coarse),
        );
      return el(
        "td",
        { role: "cell", class: column.kind },
        el(
          "button",
          {
            type: "button",
            class: "opener",
            id: `row-${row}`,
            "aria-expanded": open,
            onclick: () => toggle(row),
            onkeydown: stepTo,
          },
          rows.question[row] || rows.id[row],
        ),
      );
    }),
  );
  if (!open) return [line];
  return [
    line,
    el(
      "tr",
      { role: "row", class: "detail" },
      el("td", { role: "cell", colspan: columns.length }, metaLine(row), answers(row)),
    ),
  ];
}

function pager(pages) {
  const turn = (step, id) => () => {
    view.page += step;
    drawList(`#${id}`);
    document.getElementById("rows-list").scrollIntoView({ block: "start" });
  };
  return el(
    "div",
    { class: "pager" },
    el(
      "button",
      {
        type: "button",
        id: "previous",
        class: "quiet",
        disabled: view.page === 0,
        onclick: turn(-1, "previous"),
      },
      t("rows.previous"),
    ),
    el("span", {}, t("rows.page", { page: view.page + 1, pages })),
    el(
      "button",
      {
        type: "button",
        id: "next",
        class: "quiet",
        disabled: view.page >= pages - 1,
        onclick: turn(1, "next"),
      },
      t("rows.next"),
    ),
  );
}

function drawList(focus) {
  const list = document.getElementById("rows-list");
  const from = view.page * PER_PAGE;
  const here = view.found.slice(from, from + PER_PAGE);
  const pages = Math.max(1, Math.ceil(view.found.length / PER_PAGE));
  const columns = rowColumns();
  const status = document.getElementById("rows-count");
  status.textContent =
    view.found.length === total
      ? t("rows.all", { n: count(total) })
      : t("rows.some", { n: count(view.found.length), all: count(total) });
  const opened = here.length > 0 && here.every((row) => view.open.has(row));
  const openAll = () => {
    for (const row of here) {
      if (opened) view.open.delete(row);
      else view.open.add(row);
    }
    drawList("#open-all");
  };
  document.getElementById("rows-tools").replaceChildren(
    sorter(columns, view, update, "rows-sort"),
    el(
      "button",
      {
        type: "button",
        id: "open-all",
        class: "quiet",
        disabled: !here.length,
        onclick: openAll,
      },
      t(opened ? "rows.close_all" : "rows.open_all"),
    ),
  );
  list.replaceChildren(
    here.length
      ? el(
          "table",
          { role: "table", class: "rows" },
          el("caption", { class: "hidden" }, t("rows.title")),
          el(
            "thead",
            { role: "rowgroup" },
            el(
              "tr",
              { role: "row" },
              columns.map((column) => heading(column, view, update)),
            ),
          ),
          el(
            "tbody",
            { role: "rowgroup" },
            here.flatMap((row) => lines(row, columns)),
          ),
        )
      : el(
          "div",
          { class: "nothing" },
          el("p", {}, t("rows.none")),
          el("button", { type: "button", class: "quiet", onclick: clear }, t("rows.clear")),
        ),
    pages > 1 ? pager(pages) : "",
  );
  // Only a table that is too wide scrolls by itself: its headings cannot stick to the page then.
  const needed = OTHER_COLUMNS + view.shown.size * COLUMN;
  list.style.setProperty("--needed", `${needed}px`);
  list.classList.toggle("scroll", needed > list.clientWidth);
  restoreFocus(document.getElementById("rows-body"), focus);
}

function clear() {
  Object.assign(view, { search: "", category: "", meta: {}, degenerate: "", outcome: "" });
  drawRows();
  document.getElementById("search").focus();
}

function drawRows() {
  const body = document.getElementById("rows-body");
  if (!total || !report.runs.length) {
    body.replaceChildren(el("p", { class: "nothing" }, t("rows.nothing")));
    return;
  }
  const picking = body.querySelector(".picker")?.open;
  body.replaceChildren(
    controls(),
    el(
      "div",
      { class: "bar" },
      el("p", { id: "rows-count", role: "status" }),
      runChoice(),
      el("div", { id: "rows-tools", class: "tools" }),
    ),
    el("div", { id: "rows-list" }),
  );
  if (picking) body.querySelector(".picker").open = true;
  const page = view.page;
  search();
  view.page = Math.min(page, Math.max(0, Math.ceil(view.found.length / PER_PAGE) - 1));
  drawList();
}

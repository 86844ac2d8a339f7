// The questions with every run's answer: searched, filtered, sorted, a page at a time.

const PER_PAGE = 50;
const MOST_COLUMNS = 6;
const COLUMN = 104;
const OTHER_COLUMNS = 480;
const MOST_CHOICES = 30;

const rows = report.rows;
const total = rows.id.length;
const all = Array.from({ length: total }, (_, place) => place);
const baselineRun = runOf.get(report.baseline) ?? 0;
const otherRun = report.runs.findIndex((_, place) => place !== baselineRun);

// As many runs as fit beside the question; a reader can ask for more.
const firstRuns = Math.min(Math.max(Math.floor((window.innerWidth - OTHER_COLUMNS) / COLUMN), 2), MOST_COLUMNS);

const view = {
  key: "place",
  page: 0,
  search: "",
  category: "",
  meta: {},
  flaw: "",
  outcome: "",
  run: otherRun < 0 ? baselineRun : otherRun,
  against: baselineRun,
  shown: new Set(report.runs.map((_, place) => place).filter((place) => place < firstRuns || place === baselineRun)),
  open: new Set(),
  found: all,
};

// Text is compared as it is read: composed, so that Hangul from any keyboard is found, and without
// regard to case.
function plain(text) {
  return text.normalize("NFC").toLowerCase();
}

let searchable = null;

function texts() {
  searchable ??= all.map((row) =>
    plain([rows.id[row], rows.question[row], rows.category[row], ...rows.references[row], ...report.runs.map((run) => run.answers[row])].join("\n")));
  return searchable;
}

function flawsOf(run, row) {
  return report.runs[run].flaws[row] ?? [];
}

function differenceOf(row) {
  const [one, other] = [report.runs[view.run].scores[row], report.runs[view.against].scores[row]];
  return known(one) && known(other) ? one - other : null;
}

const tiny = 1e-9 * report.metric.scale;

function tests() {
  const found = [];
  const words = plain(view.search).split(/\s+/).filter(Boolean);
  if (words.length) {
    const search = texts();
    found.push((row) => words.every((word) => search[row].includes(word)));
  }
  if (view.category) found.push((row) => rows.category[row] === view.category);
  for (const [name, value] of Object.entries(view.meta)) if (value) found.push((row) => String(rows.meta[name][row]) === value);
  if (view.flaw) {
    const runs = report.runs.map((_, place) => place);
    found.push((row) => runs.some((run) => (view.flaw === "any" ? flawsOf(run, row).length : flawsOf(run, row).includes(view.flaw))));
  }
  if (view.outcome) found.push((row) => {
    const difference = differenceOf(row);
    return known(difference) && verdict(difference, tiny) === view.outcome;
  });
  return found;
}

function sortValue(key) {
  if (key === "difference") return (row) => differenceOf(row);
  if (key.startsWith("run-")) return (row) => report.runs[Number(key.slice(4))].scores[row];
  if (key === "length") return (row) => rows.question[row].length;
  return (row) => row;
}

function search() {
  const checks = tests();
  const found = checks.length ? all.filter((row) => checks.every((check) => check(row))) : [...all];
  const key = view.key.replace(/^-/, "");
  const down = view.key.startsWith("-") ? -1 : 1;
  const value = sortValue(key);
  const values = new Map(found.map((row) => [row, value(row)]));
  found.sort((one, other) => {
    const [a, b] = [values.get(one), values.get(other)];
    if (!known(a) || !known(b)) return known(b) - known(a) || one - other;
    return down * (a - b) || one - other;
  });
  view.found = found;
  view.page = 0;
}

function update(focus) {
  search();
  drawList(focus);
}

// The controls.

function choice(id, text, options, value, change) {
  return el("div", { class: "control" }, el("label", { for: id }, text),
    el("select", { id, onchange: (event) => { change(event.target.value); update(); } },
      options.map(([each, shown]) => el("option", { value: each, selected: String(each) === String(value) }, shown))));
}

function distinct(values) {
  return [...new Set(values)].sort((one, other) => (known(one) && known(other) ? one - other : String(one).localeCompare(String(other))));
}

function metaControls() {
  return Object.entries(rows.meta).flatMap(([name, values]) => {
    const options = distinct(values.filter((value) => value !== null && value !== ""));
    if (options.length < 2 || options.length > MOST_CHOICES || options.every((value) => known(value))) return [];
    const shown = options.map((value) => [String(value), typeof value === "boolean" ? t(value ? "yes" : "no") : wordFor(`group.${name}`, value)]);
    return [choice(`filter-${name}`, wordFor("dimension", name), [["", t("all")], ...shown], view.meta[name] ?? "", (value) => { view.meta[name] = value; })];
  });
}

function controls() {
  const runs = report.runs.map((run, place) => [place, run.name]);
  const categories = distinct(rows.category.filter(Boolean));
  const flaws = distinct(report.runs.flatMap((run) => Object.values(run.flaws).flat()));
  const field = el("input", {
    id: "search", type: "search", autocomplete: "off", spellcheck: "false", value: view.search, placeholder: t("rows.search_hint"),
    oninput: (event) => { view.search = event.target.value; update(); },
    onkeydown: (event) => { if (event.key === "Escape" && view.search) { event.preventDefault(); event.target.value = view.search = ""; update(); } },
  });
  return el("div", { class: "controls" },
    el("div", { class: "control wide" }, el("label", { for: "search" }, t("rows.search")), field),
    categories.length > 1 ? choice("filter-category", t("dimension.category"), [["", t("all")], ...categories.map((each) => [each, each])], view.category, (value) => { view.category = value; }) : null,
    metaControls(),
    flaws.length ? choice("filter-flaw", t("rows.flaw"), [["", t("all")], ["any", t("rows.flaw_any")], ...flaws.map((flaw) => [flaw, wordFor("flaw", flaw)])], view.flaw, (value) => { view.flaw = value; }) : null,
    runs.length > 1 ? [
      choice("run", t("rows.run"), runs, view.run, (value) => { view.run = Number(value); }),
      choice("against", t("rows.against"), runs, view.against, (value) => { view.against = Number(value); }),
      choice("outcome", t("rows.outcome"), [["", t("all")], ...["worse", "better", "same"].map((each) => [each, t(`outcome.${each}`)])], view.outcome, (value) => { view.outcome = value; }),
    ] : null);
}

function runChoice() {
  if (report.runs.length < 2) return null;
  return el("details", { class: "picker" }, el("summary", {}, t("rows.shown")),
    el("div", { class: "checks", role: "group", "aria-label": t("rows.shown") }, report.runs.map((run, place) => el("label", {},
      el("input", { type: "checkbox", checked: view.shown.has(place), onchange: (event) => {
        if (event.target.checked) view.shown.add(place);
        else view.shown.delete(place);
        drawList();
      } }), " ", run.name))));
}

// The list.

function rowColumns() {
  const shown = [...view.shown].sort((one, other) => one - other);
  const runs = shown.map((place) => ({ title: report.runs[place].name, key: `run-${place}`, run: place, kind: "figure score" }));
  const columns = [{ title: t("rows.row"), key: "place", kind: "text id" }, { title: t("rows.question"), key: "length", hint: t("rows.by_length"), kind: "text question" }, ...runs];
  if (view.run !== view.against) columns.push({ title: t("rows.difference"), hint: `${report.runs[view.run].name} − ${report.runs[view.against].name}`, key: "difference", kind: "figure" });
  return columns;
}

function marks(run, row) {
  return flawsOf(run, row).map((flaw) => [" ", el("span", { class: "tag warn" }, wordFor("flaw", flaw))]);
}

function scoreOf(run, row) {
  const value = report.runs[run].scores[row];
  const flaws = flawsOf(run, row);
  const cell = el("td", { role: "cell", class: `figure score${known(value) ? "" : " void"}`, "data-label": report.runs[run].name },
    number(value, coarse), flaws.length ? el("span", { class: "flag", title: flaws.map((flaw) => wordFor("flaw", flaw)).join(", "), role: "img", "aria-label": flaws.map((flaw) => wordFor("flaw", flaw)).join(", ") }) : null);
  if (known(value)) {
    const share = Math.min(Math.max(value / report.metric.scale, 0), 1);
    cell.style.setProperty("--share", `${Math.round((upward > 0 ? share : 1 - share) * 34)}%`);
    cell.classList.add("shaded");
  }
  return cell;
}

function answers(row) {
  const references = rows.references[row];
  return el("div", { class: "answers" },
    references.length ? el("section", { class: "answer reference" }, el("h4", {}, t(references.length > 1 ? "rows.references" : "rows.reference")), references.map((text) => el("p", {}, text))) : null,
    [...view.shown].sort((one, other) => one - other).map((run) => {
      const text = report.runs[run].answers[row];
      return el("section", { class: "answer" },
        el("h4", {}, el("span", { class: "who" }, report.runs[run].name, run === baselineRun ? [" ", el("span", { class: "tag" }, t("baseline"))] : null, marks(run, row)), el("span", { class: "value" }, number(report.runs[run].scores[row], fine))),
        text.trim() ? el("p", {}, text) : el("p", { class: "nothing" }, t("rows.no_text")));
    }));
}

function metaLine(row) {
  const told = Object.entries(rows.meta).flatMap(([name, values]) => {
    const value = values[row];
    if (value === null || value === "" || value === false) return [];
    return [value === true ? wordFor("dimension", name) : `${wordFor("dimension", name)} ${wordFor(`group.${name}`, String(value))}`];
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
  const line = el("tr", { role: "row", class: open ? "is-open" : "" }, columns.map((column) => {
    if (column.run !== undefined) return scoreOf(column.run, row);
    if (column.key === "place") return el("td", { role: "cell", class: column.kind }, el("span", { class: "name" }, rows.id[row]), rows.category[row] ? el("span", { class: "sub" }, rows.category[row]) : null);
    if (column.key === "difference") return el("td", { role: "cell", class: `figure ${verdict(difference, tiny)}`, "data-label": column.title }, signed(difference, coarse));
    return el("td", { role: "cell", class: column.kind }, el("button", { type: "button", class: "opener", id: `row-${row}`, "aria-expanded": open, onclick: () => toggle(row), onkeydown: stepTo }, rows.question[row] || rows.id[row]));
  }));
  if (!open) return [line];
  return [line, el("tr", { role: "row", class: "detail" }, el("td", { role: "cell", colspan: columns.length }, metaLine(row), answers(row)))];
}

function pager(pages) {
  const turn = (step, id) => () => {
    view.page += step;
    drawList(`#${id}`);
    document.getElementById("rows-list").scrollIntoView({ block: "start" });
  };
  return el("div", { class: "pager" },
    el("button", { type: "button", id: "previous", class: "quiet", disabled: view.page === 0, onclick: turn(-1, "previous") }, t("rows.previous")),
    el("span", {}, t("rows.page", { page: view.page + 1, pages })),
    el("button", { type: "button", id: "next", class: "quiet", disabled: view.page >= pages - 1, onclick: turn(1, "next") }, t("rows.next")));
}

function drawList(focus) {
  const list = document.getElementById("rows-list");
  const from = view.page * PER_PAGE;
  const here = view.found.slice(from, from + PER_PAGE);
  const pages = Math.max(1, Math.ceil(view.found.length / PER_PAGE));
  const columns = rowColumns();
  const status = document.getElementById("rows-count");
  status.textContent = view.found.length === total ? t("rows.all", { n: count(total) }) : t("rows.some", { n: count(view.found.length), all: count(total) });
  const opened = here.length > 0 && here.every((row) => view.open.has(row));
  const openAll = () => {
    for (const row of here) {
      if (opened) view.open.delete(row);
      else view.open.add(row);
    }
    drawList("#open-all");
  };
  document.getElementById("rows-tools").replaceChildren(sorter(columns, view, update, "rows-sort"),
    el("button", { type: "button", id: "open-all", class: "quiet", disabled: !here.length, onclick: openAll }, t(opened ? "rows.close_all" : "rows.open_all")));
  list.replaceChildren(here.length
    ? el("table", { role: "table", class: "rows" },
        el("caption", { class: "hidden" }, t("rows.title")),
        el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, columns.map((column) => heading(column, view, update)))),
        el("tbody", { role: "rowgroup" }, here.flatMap((row) => lines(row, columns))))
    : el("div", { class: "nothing" }, el("p", {}, t("rows.none")), el("button", { type: "button", class: "quiet", onclick: clear }, t("rows.clear"))),
  pages > 1 ? pager(pages) : "");
  // Only a table that is too wide scrolls by itself: its headings cannot stick to the page then.
  const needed = OTHER_COLUMNS + view.shown.size * COLUMN;
  list.style.setProperty("--needed", `${needed}px`);
  list.classList.toggle("scroll", needed > list.clientWidth);
  restoreFocus(document.getElementById("rows-body"), focus);
}

function clear() {
  Object.assign(view, { search: "", category: "", meta: {}, flaw: "", outcome: "" });
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
  body.replaceChildren(controls(),
    el("div", { class: "bar" }, el("p", { id: "rows-count", role: "status" }), runChoice(), el("div", { id: "rows-tools", class: "tools" })),
    el("div", { id: "rows-list" }));
  if (picking) body.querySelector(".picker").open = true;
  const page = view.page;
  search();
  view.page = Math.min(page, Math.max(0, Math.ceil(view.found.length / PER_PAGE) - 1));
  drawList();
}

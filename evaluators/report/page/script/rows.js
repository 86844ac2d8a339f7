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
const firstRuns = Math.min(
  Math.max(Math.floor((window.innerWidth - OTHER_COLUMNS) / COLUMN), 2),
  MOST_COLUMNS,
);

const view = {
  key: "place",
  page: 0,
  search: "",
  category: "",
  meta: {},
  degenerate: "",
  outcome: "",
  run: otherRun < 0 ? baselineRun : otherRun,
  against: baselineRun,
  shown: new Set(
    report.runs
      .map((_, place) => place)
      .filter((place) => place < firstRuns || place === baselineRun),
  ),
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
    plain(
      [
        rows.id[row],
        rows.question[row],
        rows.category[row],
        ...rows.references[row],
        ...report.runs.map((run) => run.answers[row]),
      ].join("\n"),
    ),
  );
  return searchable;
}

function marksOf(run, row) {
  return report.runs[run].degenerate[row] ?? [];
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
  for (const [name, value] of Object.entries(view.meta))
    if (value) found.push((row) => String(rows.meta[name][row]) === value);
  if (view.degenerate) {
    const runs = report.runs.map((_, place) => place);
    found.push((row) =>
      runs.some((run) =>
        view.degenerate === "any"
          ? marksOf(run, row).length
          : marksOf(run, row).includes(view.degenerate),
      ),
    );
  }
  if (view.outcome)
    found.push((row) => {
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

// What every part of the page uses: the data, the words, and ways to make elements. Text becomes
// text nodes only, so that nothing a model wrote is ever read as markup.

const report = JSON.parse(document.getElementById("report-data").textContent);
const page = { language: report.language };

const SVG = "http://www.w3.org/2000/svg";
const MISSING = "–";
const fine = report.metric.scale >= 10 ? 2 : 4;
const coarse = report.metric.scale >= 10 ? 1 : 3;

const runOf = new Map(report.runs.map((run, place) => [run.name, place]));

// Every part that is drawn again when the language changes.
const parts = [];

function part(draw) {
  parts.push(draw);
  draw();
}

function t(key, filled = {}) {
  const phrase = report.words[key];
  const text = phrase ? phrase[page.language] : key;
  return text.replace(/\{(\w+)\}/g, (gap, name) => (name in filled ? String(filled[name]) : gap));
}

// A note of the report: a phrase with its gaps filled, or a text of its own.
function noteText(note) {
  return typeof note === "string" ? note : t(note.key, note.filled);
}

function reasonsText(metric) {
  return metric.reasons.length ? metric.reasons.map(noteText).join("; ") : metric.proxy;
}

function wordFor(prefix, name) {
  const key = `${prefix}.${name}`;
  return Object.hasOwn(report.words, key) ? t(key) : name;
}

function make(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("aria-")) node.setAttribute(name, String(value));
    else if (value === null || value === undefined || value === false) continue;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat(2).filter((child) => child !== null && child !== undefined));
  return node;
}

function el(tag, attributes = {}, ...children) {
  return make(document.createElement(tag), attributes, children);
}

function draw(tag, attributes = {}, ...children) {
  return make(document.createElementNS(SVG, tag), attributes, children);
}

function known(value) {
  return typeof value === "number";
}

function number(value, digits = fine) {
  return known(value) ? value.toFixed(digits).replace("-", "−") : MISSING;
}

function signed(value, digits = fine) {
  if (!known(value)) return MISSING;
  return (value > 0 ? "+" : "") + number(value, digits);
}

function span(low, high, show = number, digits = coarse) {
  return known(low) && known(high) ? `${show(low, digits)} … ${show(high, digits)}` : null;
}

function percent(share) {
  const shown = share * 100;
  const whole = shown === 0 || shown === 100 || (shown >= 1 && shown < 99.5);
  return `${shown.toFixed(whole ? 0 : 1)}%`;
}

function count(value) {
  return value.toLocaleString(page.language);
}

// 1 where more is better, -1 where less is.
const upward = report.metric.direction === "higher" ? 1 : -1;

function verdict(difference, tiny = 0) {
  if (!known(difference) || Math.abs(difference) <= tiny) return "same";
  return upward * difference > 0 ? "better" : "worse";
}

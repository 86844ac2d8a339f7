// What the figures share: scales, ticks, points with intervals.

const GLYPH = /[ᄀ-ᇿ⺀-鿿가-힣＀-￯]/;

function wide(text, size) {
  return [...text].reduce((sum, char) => sum + (GLYPH.test(char) ? size : size * 0.6), 0);
}

// A name too long loses its middle: names of variants differ at their ends.
function fitted(text, width, size) {
  if (wide(text, size) <= width) return text;
  const chars = [...text];
  let shown = chars.length - 1;
  const cut = () =>
    `${chars.slice(0, Math.floor(shown / 3)).join("")}…${chars.slice(chars.length - Math.ceil((shown * 2) / 3)).join("")}`;
  while (shown > 2 && wide(cut(), size) > width) shown -= 1;
  return cut();
}

function linear(from, to, start, end) {
  const range = to - from || 1;
  return (value) => start + ((value - from) / range) * (end - start);
}

function widened(values, share = 0.06) {
  const finite = values.filter(known);
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const margin = (high - low || Math.abs(high) || 1) * share;
  return [low - margin, high + margin];
}

function ticks(low, high, most) {
  const rough = (high - low) / Math.max(most, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough);
  const found = [];
  for (let place = Math.ceil(low / step); place * step <= high; place += 1)
    found.push(place * step);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return found.map((value) => ({
    value,
    label: number(Object.is(value, -0) ? 0 : value, Math.min(digits, 6)),
  }));
}

function label(x, y, text, attributes = {}) {
  return draw("text", { x, y, class: "label", ...attributes }, text);
}

function whisker(x, y, row, kind, title) {
  const parts = [];
  if (known(row.low) && known(row.high))
    parts.push(
      draw("line", { x1: x(row.low), x2: x(row.high), y1: y, y2: y, class: `whisker ${kind}` }),
    );
  parts.push(draw("circle", { cx: x(row.value), cy: y, r: 4.5, class: `point ${kind}` }));
  return draw("g", {}, draw("title", {}, title), parts);
}

// A figure is drawn when it first comes near the screen, and again when its width or the language
// changes.
const refreshers = new Map();

function figure(title, hint, paint) {
  const stage = el("div", { class: "stage" });
  const seen = { width: 0 };
  const refresh = () => {
    const width = Math.floor(stage.clientWidth);
    if (width > 0 && width !== seen.width) {
      seen.width = width;
      stage.replaceChildren(paint(width));
    }
  };
  const watcher = new ResizeObserver(refresh);
  refreshers.set(title, refresh);
  new IntersectionObserver(
    (entries, observer) => {
      if (entries.some((entry) => entry.isIntersecting)) {
        observer.disconnect();
        watcher.observe(stage);
        refresh();
      }
    },
    { rootMargin: "400px" },
  ).observe(stage);
  return el("figure", {}, el("figcaption", {}, el("h3", {}, title), el("p", {}, hint)), stage);
}

function canvas(width, height, title) {
  return draw("svg", {
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    role: "img",
    "aria-label": title,
  });
}

// Lines of names with a point and an interval each: the leaderboard and the ablation's effects.
function forest(width, lines, { zero, title }) {
  const stacked = width < 520;
  const step = stacked ? 40 : 26;
  const left = stacked
    ? 8
    : Math.min(width * 0.45, 24 + Math.max(...lines.map((line) => wide(line.name, 13))));
  const right = 12;
  const top = 6;
  const bottom = top + lines.length * step;
  const values = lines.flatMap((line) => [line.value, line.low, line.high]);
  if (zero !== null) values.push(zero);
  const [low, high] = widened(values);
  const x = linear(low, high, left, width - right);
  const svg = canvas(width, bottom + 24, title);
  for (const tick of ticks(low, high, Math.min(6, (width - left) / 70))) {
    svg.append(
      draw("line", { x1: x(tick.value), x2: x(tick.value), y1: top, y2: bottom, class: "grid" }),
    );
    svg.append(
      label(x(tick.value), bottom + 17, tick.label, {
        "text-anchor": "middle",
        class: "label tick",
      }),
    );
  }
  if (zero !== null)
    svg.append(draw("line", { x1: x(zero), x2: x(zero), y1: top, y2: bottom, class: "base" }));
  lines.forEach((line, place) => {
    const y = top + place * step + (stacked ? 28 : step / 2);
    if (line.rule)
      svg.append(
        draw("line", {
          x1: 0,
          x2: width,
          y1: top + place * step,
          y2: top + place * step,
          class: "rule",
        }),
      );
    const name = fitted(line.name, stacked ? width - 16 : left - 16, 13);
    svg.append(
      stacked ? label(8, y - 13, name) : label(left - 12, y + 4.5, name, { "text-anchor": "end" }),
    );
    svg.append(whisker(x, y, line, line.kind, line.title));
  });
  return svg;
}

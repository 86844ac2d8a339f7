// How often answers that were chosen by likelihood are right, by their probability.

const MOST_CURVES = 6;

function reliabilityFigure() {
  const all = report.runs.filter((run) => run.reliability);
  const runs = all.slice(0, MOST_CURVES);
  if (!runs.length) return null;
  const title = t("plot.reliability");
  const hints = runs.map((run) =>
    t("plot.reliability_run", {
      run: run.name,
      n: run.reliability.n,
      ece: number(run.reliability.ece, 3),
      brier: number(run.reliability.brier, 3),
    }),
  );
  if (all.length > runs.length)
    hints.push(t("plot.some_of", { shown: runs.length, all: all.length }));
  return figure(title, hints.join(" · "), (width) => reliabilityPlot(width, runs, title));
}

function reliabilityPlot(width, runs, title) {
  const height = 300;
  const x = linear(0, 1, 48, width - 12);
  const y = linear(0, 1, height - 44, 12);
  const svg = canvas(width, height, title);
  for (const tick of ticks(0, 1, 5)) {
    svg.append(
      draw("line", { x1: 48, x2: width - 12, y1: y(tick.value), y2: y(tick.value), class: "grid" }),
      label(42, y(tick.value) + 4, tick.label, { "text-anchor": "end", class: "label tick" }),
      label(x(tick.value), height - 26, tick.label, {
        "text-anchor": "middle",
        class: "label tick",
      }),
    );
  }
  svg.append(
    draw("line", { x1: x(0), y1: y(0), x2: x(1), y2: y(1), class: "grid" }),
    label((48 + width - 12) / 2, height - 6, t("plot.reliability_axes"), {
      "text-anchor": "middle",
      class: "label tick",
    }),
  );
  for (const run of runs) {
    const bins = run.reliability.bins.filter((bin) => bin.n);
    const places = bins.map(
      (bin) => `${x(bin.confidence).toFixed(1)} ${y(bin.accuracy).toFixed(1)}`,
    );
    svg.append(draw("path", { d: `M${places.join("L")}`, class: "line" }));
    for (const bin of bins)
      svg.append(
        whisker(
          x,
          y(bin.accuracy),
          { value: bin.confidence },
          run.name === report.baseline ? "ink" : "accent",
          `${run.name}  ${number(bin.confidence, 3)} → ${number(bin.accuracy, 3)}  (${bin.n})`,
        ),
      );
    const last = bins[bins.length - 1];
    svg.append(
      label(x(last.confidence) - 9, y(last.accuracy) - 7, fitted(run.name, width * 0.35, 13), {
        "text-anchor": "end",
      }),
    );
  }
  return svg;
}

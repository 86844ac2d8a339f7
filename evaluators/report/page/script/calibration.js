// Local scores beside what the organizer's leaderboard said.

function calibrationFigure() {
  const points = report.calibration;
  if (!points.length) return null;
  const title = t("plot.calibration");
  const hint = report.fit
    ? t("plot.calibration_fit", { n: report.fit.n, slope: number(report.fit.slope, 3) })
    : t("plot.calibration_none");
  return figure(title, hint, (width) => calibrationPlot(width, points, report.fit, title));
}

function calibrationPlot(width, points, fit, title) {
  const height = 300;
  const [lowX, highX] = widened([...points.map((each) => each.local), ...(fit ? fit.local : [])]);
  const [lowY, highY] = widened([
    ...points.flatMap((each) => [each.public, each.private]),
    ...(fit ? [...fit.low, ...fit.high] : []),
  ]);
  const x = linear(lowX, highX, 48, width - 12);
  const y = linear(lowY, highY, height - 44, 12);
  const svg = canvas(width, height, title);
  for (const tick of ticks(lowY, highY, 5)) {
    svg.append(
      draw("line", { x1: 48, x2: width - 12, y1: y(tick.value), y2: y(tick.value), class: "grid" }),
    );
    svg.append(
      label(42, y(tick.value) + 4, tick.label, { "text-anchor": "end", class: "label tick" }),
    );
  }
  for (const tick of ticks(lowX, highX, width / 90))
    svg.append(
      label(x(tick.value), height - 26, tick.label, {
        "text-anchor": "middle",
        class: "label tick",
      }),
    );
  svg.append(
    label((48 + width - 12) / 2, height - 6, `${t("local_score")} → ${t("organizer_score")} ↑`, {
      "text-anchor": "middle",
      class: "label tick",
    }),
  );
  const inside = (value) => Math.min(Math.max(y(value), 12), height - 44).toFixed(1);
  const band = (low, high, kind) => {
    const there = fit.local.map((each, place) => `${x(each).toFixed(1)} ${inside(low[place])}`);
    const back = fit.local
      .map((each, place) => `${x(each).toFixed(1)} ${inside(high[place])}`)
      .reverse();
    svg.append(draw("path", { d: `M${[...there, ...back].join("L")}Z`, class: kind }));
  };
  if (fit) {
    if (fit.prediction_low && fit.prediction_high)
      band(fit.prediction_low, fit.prediction_high, "band faint");
    band(fit.low, fit.high, "band");
    svg.append(
      draw("path", {
        d: `M${fit.local.map((each) => `${x(each).toFixed(1)} ${inside(fit.intercept + fit.slope * each)}`).join("L")}`,
        class: "line",
      }),
    );
  }
  for (const each of points) {
    if (known(each.private))
      svg.append(
        draw("circle", { cx: x(each.local), cy: y(each.private), r: 4, class: "point hollow" }),
      );
    svg.append(
      whisker(
        x,
        y(each.public),
        { value: each.local },
        "ink",
        `${each.run}  ${number(each.local)} → ${number(each.public)}`,
      ),
    );
    // The line rises to the right: what stands above and left of a point is clear of it.
    const leftwards = x(each.local) > width * 0.35;
    svg.append(
      label(
        x(each.local) + (leftwards ? -9 : 9),
        y(each.public) - 7,
        fitted(each.run, width * 0.35, 13),
        { "text-anchor": leftwards ? "end" : "start" },
      ),
    );
  }
  return svg;
}

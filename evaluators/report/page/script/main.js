// The frame: facts, notes, language, theme, keys.

function drawFrame() {
  document.documentElement.lang = page.language;
  for (const node of document.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  for (const node of document.querySelectorAll("[data-t-label]"))
    node.setAttribute("aria-label", t(node.dataset.tLabel));
  const language = document.getElementById("language");
  language.textContent = page.language === "ko" ? "English" : "한국어";
  language.lang = page.language === "ko" ? "en" : "ko";
  drawTheme();
  const facts = [
    [
      t("facts.metric"),
      [
        report.metric.name,
        " ",
        el("span", { class: "soft" }, t(`direction.${report.metric.direction}`)),
      ],
    ],
    [t("facts.baseline"), report.baseline],
    [t("facts.runs"), count(report.runs.length)],
    [t("facts.rows"), count(total)],
    [t("runs.signature"), el("code", {}, report.metric.signature)],
  ];
  document
    .getElementById("facts")
    .replaceChildren(
      ...facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))),
    );
  document
    .getElementById("notice")
    .replaceChildren(
      ...(report.metric.proxy
        ? [
            el(
              "p",
              { class: "notice" },
              el("b", {}, t("proxy.title")),
              " ",
              t("proxy.text"),
              " ",
              el("span", { class: "soft" }, reasonsText(report.metric)),
            ),
          ]
        : []),
    );
  document.getElementById("notes").replaceChildren(
    ...(report.notes.length
      ? [
          el(
            "details",
            { class: "notes" },
            el("summary", {}, t("notes.title")),
            el(
              "ul",
              {},
              report.notes.map((note) => el("li", {}, noteText(note))),
            ),
          ),
        ]
      : []),
  );
}

const prefersDark = window.matchMedia("(prefers-color-scheme: dark)");

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : prefersDark.matches;
}

function drawTheme() {
  document.getElementById("theme").textContent = t(isDark() ? "theme.light" : "theme.dark");
}

document.getElementById("language").addEventListener("click", () => {
  page.language = page.language === "ko" ? "en" : "ko";
  for (const each of parts) each();
});

document.getElementById("theme").addEventListener("click", () => {
  document.documentElement.dataset.theme = isDark() ? "light" : "dark";
  drawTheme();
});

prefersDark.addEventListener("change", drawTheme);

document.addEventListener("keydown", (event) => {
  const field = document.getElementById("search");
  const typing = event.target.matches("input, select, textarea");
  if (event.key === "/" && field && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    field.focus();
  }
});

function openTarget() {
  const run = document.getElementById(window.location.hash.slice(1));
  if (run instanceof HTMLDetailsElement) {
    run.open = true;
    run.scrollIntoView();
  }
}

window.addEventListener("hashchange", openTarget);

// Paper shows what nobody scrolled to.
window.addEventListener("beforeprint", () => {
  for (const refresh of refreshers.values()) refresh();
});

part(drawFrame);
part(drawBoard);
part(drawFigures);
part(drawRows);
part(drawRuns);
openTarget();

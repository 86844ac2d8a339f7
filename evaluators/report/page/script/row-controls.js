// What stands above the rows: the search, the filters, the choice of runs.

function choice(id, text, options, value, change) {
  return el(
    "div",
    { class: "control" },
    el("label", { for: id }, text),
    el(
      "select",
      {
        id,
        onchange: (event) => {
          change(event.target.value);
          update();
        },
      },
      options.map(([each, shown]) =>
        el("option", { value: each, selected: String(each) === String(value) }, shown),
      ),
    ),
  );
}

function distinct(values) {
  return [...new Set(values)].sort((one, other) =>
    known(one) && known(other) ? one - other : String(one).localeCompare(String(other)),
  );
}

function metaControls() {
  return Object.entries(rows.meta).flatMap(([name, values]) => {
    const options = distinct(values.filter((value) => value !== null && value !== ""));
    if (
      options.length < 2 ||
      options.length > MOST_CHOICES ||
      options.every((value) => known(value))
    )
      return [];
    const shown = options.map((value) => [
      String(value),
      typeof value === "boolean" ? t(value ? "yes" : "no") : wordFor(`group.${name}`, value),
    ]);
    return [
      choice(
        `filter-${name}`,
        wordFor("dimension", name),
        [["", t("all")], ...shown],
        view.meta[name] ?? "",
        (value) => {
          view.meta[name] = value;
        },
      ),
    ];
  });
}

function controls() {
  const runs = report.runs.map((run, place) => [place, run.name]);
  const categories = distinct(rows.category.filter(Boolean));
  const marks = distinct(report.runs.flatMap((run) => Object.values(run.degenerate).flat()));
  const field = el("input", {
    id: "search",
    type: "search",
    autocomplete: "off",
    spellcheck: "false",
    value: view.search,
    placeholder: t("rows.search_hint"),
    oninput: (event) => {
      view.search = event.target.value;
      update();
    },
    onkeydown: (event) => {
      if (event.key === "Escape" && view.search) {
        event.preventDefault();
        event.target.value = view.search = "";
        update();
      }
    },
  });
  return el(
    "div",
    { class: "controls" },
    el("div", { class: "control wide" }, el("label", { for: "search" }, t("rows.search")), field),
    categories.length > 1
      ? choice(
          "filter-category",
          t("dimension.category"),
          [["", t("all")], ...categories.map((each) => [each, each])],
          view.category,
          (value) => {
            view.category = value;
          },
        )
      : null,
    metaControls(),
    marks.length
      ? choice(
          "filter-degenerate",
          t("rows.degenerate"),
          [
            ["", t("all")],
            ["any", t("rows.degenerate_any")],
            ...marks.map((mark) => [mark, wordFor("degenerate", mark)]),
          ],
          view.degenerate,
          (value) => {
            view.degenerate = value;
          },
        )
      : null,
    runs.length > 1
      ? [
          choice("run", t("rows.run"), runs, view.run, (value) => {
            view.run = Number(value);
          }),
          choice("against", t("rows.against"), runs, view.against, (value) => {
            view.against = Number(value);
          }),
          choice(
            "outcome",
            t("rows.outcome"),
            [
              ["", t("all")],
              ...["worse", "better", "same"].map((each) => [each, t(`outcome.${each}`)]),
            ],
            view.outcome,
            (value) => {
              view.outcome = value;
            },
          ),
        ]
      : null,
  );
}

function runChoice() {
  if (report.runs.length < 2) return null;
  return el(
    "details",
    { class: "picker" },
    el("summary", {}, t("rows.shown")),
    el(
      "div",
      { class: "checks", role: "group", "aria-label": t("rows.shown") },
      report.runs.map((run, place) =>
        el(
          "label",
          {},
          el("input", {
            type: "checkbox",
            checked: view.shown.has(place),
            onchange: (event) => {
              if (event.target.checked) view.shown.add(place);
              else view.shown.delete(place);
              drawList();
            },
          }),
          " ",
          run.name,
        ),
      ),
    ),
  );
}

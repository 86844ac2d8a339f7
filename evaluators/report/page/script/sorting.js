// Sorting, for the leaderboard and the rows alike: a button in each heading, and a list where the
// table is shown as cards, without headings.

function turned(state, key, firstDown) {
  if (state.key === key) return `-${key}`;
  if (state.key === `-${key}`) return key;
  return firstDown ? `-${key}` : key;
}

function heading(column, state, redraw) {
  const direction =
    state.key === column.key ? "ascending" : state.key === `-${column.key}` ? "descending" : null;
  const sort = () => {
    state.key = turned(
      state,
      column.key,
      !["rank", "name", "id", "place", "category", "p_adjusted"].includes(column.key),
    );
    redraw(`[data-sort="${CSS.escape(column.key)}"]`);
  };
  return el(
    "th",
    {
      role: "columnheader",
      scope: "col",
      class: column.kind ?? "figure",
      "aria-sort": direction ?? "none",
    },
    el(
      "button",
      { type: "button", class: "sort", "data-sort": column.key, title: column.hint, onclick: sort },
      column.title,
    ),
    column.under ? el("span", { class: "sub" }, column.under) : null,
  );
}

function sorter(columns, state, redraw, id) {
  const key = state.key.replace(/^-/, "");
  const choose = el(
    "select",
    {
      id,
      onchange: (event) => {
        state.key = (state.key.startsWith("-") ? "-" : "") + event.target.value;
        redraw(`#${id}`);
      },
    },
    columns.map((column) =>
      el("option", { value: column.key, selected: column.key === key }, column.title),
    ),
  );
  const turn = () => {
    state.key = turned(state, key);
    redraw(`#${id}-turn`);
  };
  return el(
    "div",
    { class: "sorter" },
    el("label", { for: id }, t("sort")),
    choose,
    el(
      "button",
      { type: "button", id: `${id}-turn`, class: "quiet", onclick: turn },
      state.key.startsWith("-") ? t("sort.down") : t("sort.up"),
    ),
  );
}

function restoreFocus(body, selector) {
  if (typeof selector === "string") body.querySelector(selector)?.focus();
}

"use strict";
(() => {
  const rows = Array.from(document.querySelectorAll("tbody tr"));
  const body = document.querySelector("tbody");
  const filter = document.getElementById("filter");
  const problems = document.getElementById("problems");
  const shown = document.getElementById("shown");
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const show = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let n = 0;
    for (const row of rows) {
      const fits = words.every((word) => texts.get(row).includes(word));
      row.hidden = !fits || (problems.checked && row.className === "ok");
      n += row.hidden ? 0 : 1;
    }
    shown.textContent = n + " of " + rows.length + " shown";
  };
  const compare = new Intl.Collator("en", { numeric: true }).compare;
  const heads = Array.from(document.querySelectorAll("thead th"));
  heads.forEach((head, at) => {
    const button = document.createElement("button");
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of heads) { other.removeAttribute("aria-sort"); }
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      rows.sort((a, b) => compare(a.cells[at].textContent, b.cells[at].textContent) * (up ? 1 : -1));
      body.append(...rows);
    });
  });
  filter.addEventListener("input", show);
  problems.addEventListener("change", show);
  document.querySelector(".tools").hidden = false;
  show();
})();

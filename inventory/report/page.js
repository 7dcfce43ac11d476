"use strict";
// A click on a heading sorts the table by that column. Without this script the rows keep the order of the report.
{
  const collator = new Intl.Collator("en", {numeric: true});
  const key = (row, i) => row.cells[i].dataset.v ?? row.cells[i].textContent;

  for (const table of document.querySelectorAll("table.sortable")) {
    const headings = [...table.tHead.rows[0].cells];
    headings.forEach((heading, i) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => {
        const numbers = heading.classList.contains("n");
        const before = heading.getAttribute("aria-sort");
        // Numbers are sorted in descending order first, days and texts in ascending order.
        const ascending = before ? before === "descending" : !numbers;
        const compare = numbers ? (a, b) => Number(a) - Number(b) : collator.compare;
        for (const other of headings) {
          other.removeAttribute("aria-sort");
        }
        heading.setAttribute("aria-sort", ascending ? "ascending" : "descending");
        const rows = [...table.tBodies[0].rows].sort((a, b) => compare(key(a, i), key(b, i)) * (ascending ? 1 : -1));
        table.tBodies[0].append(...rows);
      });
    });
  }
}

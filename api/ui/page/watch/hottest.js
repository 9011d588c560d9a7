// hottest.js lists the derivatives that are requested most.

import { el } from "../dom.js";
import { forgetButton } from "./controls.js";
import { cells, meter, rows, set, table } from "./rows.js";

export function hottest(shell) {
  const body = el("tbody");
  const nothing = el("p", { class: "note" }, "No derivative was requested since this page watches.");
  const element = table("Hottest pictures", ["Derivative", ">Requests", "", ""], body);
  let most = 1;
  const update = rows(body, {
    key: ({ path }) => path,
    make({ path, key }) {
      const row = cells(4, "path", "figure", "gauge", null);
      const bar = meter();
      row.all[0].append(el("a", { href: `#play${path}` }, decoded(path)));
      row.all[2].append(bar.element);
      row.all[3].append(forgetButton(shell, key));
      return {
        element: row.element,
        update({ requests }) {
          set(row.all[1], String(requests));
          bar.update(requests / most);
        },
      };
    },
    busy: () => body.matches(":hover, :focus-within"), // somebody is about to press a button
  });
  return {
    element: el("section", { class: "card wide" }, el("h2", {}, "Hottest pictures"), el("p", { class: "note" }, "Requests of the last 30 to 60 seconds, counted while somebody watches."), element, nothing),
    update({ latest }) {
      most = Math.max(1, ...latest.hottest.map(({ requests }) => requests));
      update(latest.hottest);
      element.hidden = !latest.hottest.length;
      nothing.hidden = !element.hidden;
    },
  };
}

function decoded(path) {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

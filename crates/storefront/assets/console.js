// Puts each changed panel of /console in place.
(() => {
  "use strict";
  // What somebody has opened or closed stays so, and the keyboard stays where it was.
  const chosen = new Map();
  document.addEventListener("click", (event) => {
    const part = event.target instanceof Element && event.target.closest("summary")?.parentElement;
    if (part instanceof HTMLDetailsElement && part.id) chosen.set(part.id, !part.open);
  });
  const place = (element) => [element.closest("details[id]")?.id, element.localName, element.getAttribute("href")].join(" ");
  const put = (panel, html) => {
    const focused = panel.contains(document.activeElement) && panel !== document.activeElement ? place(document.activeElement) : null;
    panel.innerHTML = html;
    for (const part of panel.querySelectorAll("details[id]")) if (chosen.has(part.id)) part.open = chosen.get(part.id);
    if (focused) [...panel.querySelectorAll("a, summary")].find((element) => place(element) === focused)?.focus({ preventScroll: true });
  };
  follow("/console/stream", "panels", (panels) => {
    for (const [name, html] of Object.entries(panels)) {
      const panel = document.getElementById(`panel-${name}`);
      if (panel) put(panel, html);
    }
  });
})();

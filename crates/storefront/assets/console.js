// Follows /console/stream and puts each changed panel in place. Without it the page is read by reloading.
(() => {
  "use strict";
  if (!("EventSource" in window)) return;
  const state = document.getElementById("state");
  let source = null;

  const say = (words, isLive) => {
    state.textContent = words;
    state.classList.toggle("live", isLive);
  };
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
  const update = (message) => {
    let panels;
    try {
      panels = JSON.parse(message.data);
    } catch {
      return;
    }
    for (const [name, html] of Object.entries(panels)) {
      const panel = document.getElementById(`panel-${name}`);
      if (panel) put(panel, html);
    }
    say("Live", true);
  };
  const follow = () => {
    if (source) return;
    source = new EventSource("/console/stream");
    source.addEventListener("panels", update);
    source.addEventListener("error", () => {
      if (source.readyState !== EventSource.CLOSED) return say("Reconnecting", false);
      source = null;
      say("Away, trying again", false);
      setTimeout(follow, 5000);
    });
  };
  const pause = () => {
    if (source) source.close();
    source = null;
    say("Paused", false);
  };

  document.addEventListener("visibilitychange", () => (document.hidden ? pause() : follow()));
  follow();
})();

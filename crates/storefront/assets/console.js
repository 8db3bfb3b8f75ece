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
  // What somebody has opened or closed stays so.
  const put = (panel, html) => {
    const open = new Map([...panel.querySelectorAll("details[id]")].map((part) => [part.id, part.open]));
    panel.innerHTML = html;
    for (const part of panel.querySelectorAll("details[id]")) if (open.has(part.id)) part.open = open.get(part.id);
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
      // Leave alone what somebody is reading or about to click with the keyboard.
      if (panel && (panel === document.activeElement || !panel.contains(document.activeElement))) put(panel, html);
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

// Follows /console/live/stream and puts the panel in place. Without it the page is read by reloading.
(() => {
  "use strict";
  if (!("EventSource" in window)) return;
  const state = document.getElementById("state");
  const panel = document.getElementById("live-panel");
  const address = `/console/live/stream?subject=${encodeURIComponent(panel.dataset.subject)}`;
  let source = null;

  const say = (words, isLive) => {
    state.textContent = words;
    state.classList.toggle("live", isLive);
  };
  const follow = () => {
    if (source) return;
    source = new EventSource(address);
    source.addEventListener("open", () => say("Live", true));
    source.addEventListener("panel", (message) => {
      panel.innerHTML = JSON.parse(message.data);
      say("Live", true);
    });
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

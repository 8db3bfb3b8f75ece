// Follows a stream of server-sent events while the page is seen, and says in #state how that goes. In front of each
// console page's own script. Without it the page is read by reloading.
const follow = (address, name, take) => {
  "use strict";
  if (!("EventSource" in window)) return;
  const state = document.getElementById("state");
  let source = null;

  const say = (words, isLive) => {
    state.textContent = words;
    state.classList.toggle("live", isLive);
  };
  const open = () => {
    if (source) return;
    source = new EventSource(address);
    source.addEventListener("open", () => say("Live", true));
    source.addEventListener(name, (message) => {
      let told;
      try {
        told = JSON.parse(message.data);
      } catch {
        return;
      }
      take(told);
      say("Live", true);
    });
    source.addEventListener("error", () => {
      if (source.readyState !== EventSource.CLOSED) return say("Reconnecting", false);
      source = null;
      say("Away, trying again", false);
      setTimeout(open, 5000);
    });
  };
  const pause = () => {
    if (source) source.close();
    source = null;
    say("Paused", false);
  };

  document.addEventListener("visibilitychange", () => (document.hidden ? pause() : open()));
  open();
};

// Puts the panel of /console/live in place after each change of the profile, and lets audiences come and go visibly.
(() => {
  "use strict";
  // How long an audience that was left stays to be seen.
  const LEAVES_MS = 1500;
  const panel = document.getElementById("live-panel");
  const news = document.getElementById("live-news");
  /** @returns {HTMLElement[]} */
  const chips = () => [...panel.querySelectorAll("#live-audiences .chip:not(.left)")].filter((chip) => chip instanceof HTMLElement);
  const names = () => new Set(chips().map((chip) => chip.dataset.name));

  const leave = (name) => {
    const part = document.getElementById("live-audiences");
    if (!part) return;
    let list = part.querySelector("ul");
    if (!list) {
      list = document.createElement("ul");
      list.className = "tags";
      part.append(list);
    }
    const chip = document.createElement("li");
    chip.className = "chip left";
    chip.textContent = name;
    chip.setAttribute("aria-hidden", "true");
    list.append(chip);
    setTimeout(() => chip.remove(), LEAVES_MS);
  };

  let isFirst = true;
  follow(`/console/live/stream?subject=${encodeURIComponent(panel.dataset.subject)}`, "panel", (html) => {
    const before = names();
    panel.innerHTML = html;
    const after = names();
    // What a stream tells first is no news.
    const entered = isFirst ? [] : [...after].filter((name) => !before.has(name));
    const left = [...before].filter((name) => !after.has(name));
    isFirst = false;
    for (const chip of chips()) chip.classList.toggle("entered", entered.includes(chip.dataset.name));
    left.forEach(leave);
    const words = [entered.length > 0 && `Entered ${entered.join(", ")}.`, left.length > 0 && `Left ${left.join(", ")}.`];
    if (entered.length + left.length > 0) news.textContent = words.filter(Boolean).join(" ");
  });
})();

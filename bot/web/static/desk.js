"use strict";
/* The desk works without this file; with it the queue updates itself and says how old its picture is. */
(() => {
  const STALE_MS = 30000;
  const queue = document.querySelector("[data-queue]");
  const locked = document.querySelector("[data-locked]");
  const stale = document.getElementById("stale");
  const title = document.title.replace(/^（\d+）/, "");
  let seen = Date.now();
  let before = waiting();
  let audio = null;

  function waiting() {
    const state = document.querySelector("[data-waiting]");
    return state ? Number(state.dataset.waiting) : 0;
  }

  function beep() {
    if (!audio) return;
    const tone = audio.createOscillator();
    const loud = audio.createGain();
    loud.gain.value = 0.2;
    tone.frequency.value = 880;
    tone.connect(loud).connect(audio.destination);
    tone.start();
    tone.stop(audio.currentTime + 0.4);
  }

  function count(now) {
    document.title = (now ? `（${now}）` : "") + title;
    if (now > before) beep();
    before = now;
  }

  function show(html) {
    seen = Date.now();
    const focused = queue.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    queue.innerHTML = html;
    if (focused) queue.querySelector(`a[href="${focused}"]`)?.focus();
    count(waiting());
  }

  async function ask() {
    try {
      const answer = await fetch("/desk/queue", { redirect: "manual" });
      if (answer.type === "opaqueredirect") location.assign("/desk/locked");
      else if (answer.ok) show(await answer.text());
    } catch { /* the page says by itself how old it is */ }
  }

  if (queue) {
    const stream = new EventSource("/desk/stream");
    stream.addEventListener("queue", (event) => show(event.data));
    stream.addEventListener("locked", () => location.assign("/desk/locked"));
    const age = document.getElementById("age");
    setInterval(() => {
      const old = Date.now() - seen;
      stale.hidden = old < STALE_MS;
      age.textContent = old < STALE_MS ? "自動で新しくなります" : `${Math.round(old / 1000)}秒前の様子です`;
      if (old > STALE_MS / 2) ask();
    }, 5000);
    const sound = document.getElementById("sound");
    sound.addEventListener("click", () => {
      audio = audio ? null : new AudioContext();
      sound.setAttribute("aria-pressed", String(Boolean(audio)));
      beep();
    });
    setInterval(() => { if (waiting()) beep(); }, 60000);
  }

  if (locked) {
    const waits = document.getElementById("waits");
    setInterval(async () => {
      try {
        const answer = await fetch("/desk/waits");
        const now = (await answer.json()).waiting;
        seen = Date.now();
        waits.textContent = now ? `待っている方が ${now} 人います。` : "いま、待っている方はいません。";
        waits.classList.toggle("alert", now > 0);
        count(now);
      } catch { /* said below */ }
      stale.hidden = Date.now() - seen < STALE_MS;
    }, 10000);
  }

  // A shared screen shows no words when its session is over; typing keeps the session.
  if ("staff" in document.body.dataset) {
    const changed = document.getElementById("changed");
    let acted = false;
    for (const name of ["keydown", "pointerdown"]) document.addEventListener(name, () => { acted = true; });
    setInterval(async () => {
      const query = new URLSearchParams();
      if (acted) query.set("acts", "1");
      acted = false;
      try {
        const asked = changed ? `/desk/cases/${changed.dataset.case}/state` : "/desk/alive";
        const answer = await fetch(`${asked}?${query}`, { redirect: "manual" });
        if (answer.type === "opaqueredirect") location.assign("/desk/locked");
        else if (answer.ok && changed) changed.hidden = (await answer.json()).seen === changed.dataset.seen;
      } catch { /* the next round asks again */ }
    }, 10000);
  }

  const words = document.getElementById("words");
  for (const button of document.querySelectorAll("[data-text]")) {
    button.addEventListener("click", () => {
      words.value = (words.value ? words.value + "\n" : "") + button.dataset.text;
      words.focus();
    });
  }
})();

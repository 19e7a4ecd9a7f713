// Comfort on top of a page that works without it: Enter sends, the newest answer comes into view, a fault is said.
"use strict";

function state(form, key) {
  const line = form.closest("#talk")?.querySelector("p.state");
  if (line) line.textContent = key ? line.dataset[key] : "";
}

document.addEventListener("keydown", (event) => {
  const isText = event.target.id === "text";
  if (!isText || event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  event.target.form.requestSubmit();
});

document.addEventListener("htmx:before:request", (event) => state(event.target, "wait"));

for (const name of ["htmx:error", "htmx:response:error", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    const talk = document.getElementById("talk");
    if (talk) state(talk.querySelector("form.write"), "failed");
    event.stopPropagation();
  });
}

document.addEventListener("htmx:after:swap", () => {
  const newest = document.getElementById("newest");
  if (!newest) return;
  newest.focus({ preventScroll: true });
  const before = newest.previousElementSibling || newest;
  before.scrollIntoView({ block: "start" });
});

window.addEventListener("load", () => {
  const newest = document.getElementById("newest");
  if (newest) (newest.previousElementSibling || newest).scrollIntoView({ block: "start" });
});

// What staff answer comes by itself; while something is being typed it is only said that an answer is there.
setInterval(async () => {
  const talk = document.getElementById("talk");
  if (!talk || !("case" in talk.dataset) || document.hidden) return;
  try {
    const answer = await fetch("/news");
    const { answers } = await answer.json();
    if (answers <= Number(talk.dataset.answers)) return;
    if (document.getElementById("text").value) document.getElementById("news").hidden = false;
    else htmx.ajax("GET", "/", { target: "#talk", select: "#talk", swap: "outerHTML" });
  } catch { /* the next round asks again */ }
}, 10000);

// A page taken out of the browser's memory (Back after 「この画面を消す」) must not show the talk again.
window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

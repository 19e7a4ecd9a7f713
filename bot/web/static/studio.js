"use strict";
/* The studio works without this file; with it the draft is saved as typed, lengths are counted, answers come beside. */
(() => {
  const units = (text) => text.length; // UTF-16 units, as LINE counts them
  const QUIET_MS = 1500;

  for (const field of document.querySelectorAll("[data-count]")) {
    const most = Number(field.dataset.count);
    const shown = document.createElement("span");
    shown.className = "units";
    field.after(shown);
    const count = () => {
      const longest = field.id === "f-call" || field.id === "f-helper_call" ? field.value.split("\n") : [field.value];
      const long = Math.max(...longest.map(units));
      shown.textContent = `${long}字／${most}字まで`;
      shown.classList.toggle("over", long > most);
    };
    field.addEventListener("input", count);
    count();
  }

  const form = document.querySelector("form[data-autosave=yes]");
  if (form) {
    const told = document.getElementById("saved");
    let timer = 0;
    let dirty = false;
    let running = Promise.resolve();

    const body = () => {
      const data = new URLSearchParams(new FormData(form));
      data.set("quiet", "yes");
      return data;
    };
    const save = async () => {
      if (!dirty) return;
      dirty = false;
      try {
        const answer = await fetch(form.action, { method: "POST", body: body(), redirect: "manual" });
        if (!answer.ok) throw new Error(String(answer.status));
        const now = await answer.json();
        if (now.torn.length) {
          told.textContent = "ほかの人も同じところを直しています。「下書きに保存する」を押すと、両方の文が出ます。";
          return;
        }
        form.elements.seen.value = now.seen;
        if (!dirty) told.textContent = `下書きに保存しました（${new Date().toLocaleTimeString("ja-JP")}）`;
      } catch {
        dirty = true;
        told.textContent = "まだ保存できていません。このまま閉じないでください。";
        timer = setTimeout(queue, QUIET_MS * 4);
      }
    };
    const queue = () => { running = running.then(save); };
    form.addEventListener("input", () => {
      dirty = true;
      told.textContent = "書いています…";
      clearTimeout(timer);
      timer = setTimeout(queue, QUIET_MS);
    });
    form.addEventListener("submit", () => { dirty = false; clearTimeout(timer); });
    addEventListener("pagehide", () => {
      if (dirty) fetch(form.action, { method: "POST", body: body(), keepalive: true });
    });
  }

  const ask = document.querySelector("form[data-try]");
  if (ask) {
    const tried = document.getElementById("tried");
    ask.addEventListener("submit", async (event) => {
      event.preventDefault();
      const data = new URLSearchParams(new FormData(ask));
      data.set("quiet", "yes");
      tried.textContent = "聞いています…（新しい言い方があると、数秒かかります）";
      try {
        const answer = await fetch(ask.action, { method: "POST", body: data, redirect: "manual" });
        if (answer.ok) tried.innerHTML = await answer.text();
        else location.assign("/desk/locked");
      } catch {
        tried.textContent = "聞けませんでした。もう一度押してください。";
      }
    });
  }

  const proof = document.querySelector("[data-progress]");
  if (proof) {
    const look = async () => {
      if (!proof.querySelector("[data-busy]")) return;
      try {
        const answer = await fetch(proof.dataset.progress, { redirect: "manual" });
        if (answer.ok) proof.innerHTML = await answer.text();
      } catch { /* the next look may come through */ }
      setTimeout(look, 1000);
    };
    setTimeout(look, 1000);
  }
})();

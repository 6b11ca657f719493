/**
 * What runs in the browser: it fetches the page again when the server says that something has changed, or, where it
 * cannot say so, every few seconds, and puts what is new in its place. Without it every page works as it stands.
 */
export const SCRIPT = `"use strict";
(() => {
  const status = document.getElementById("live");
  if (!status || !window.fetch || !window.DOMParser) return;
  const POLL = 5000, LEAST = 1000;
  let source, timer, at = 0, busy = false, again = false, failures = 0;

  const say = (word, text) => { status.className = "live " + word; if (status.textContent !== text) status.textContent = text; };
  // What somebody is using must not change under their hands.
  const inUse = (part) => {
    const active = document.activeElement;
    return part.querySelector("details[open].ask") ||
      (part.contains(active) && /^(INPUT|SELECT|TEXTAREA)$/.test(active.tagName));
  };
  const pathTo = (part, node) => {
    const path = [];
    for (; node !== part; node = node.parentElement) path.unshift([...node.parentElement.children].indexOf(node));
    return path;
  };
  const replace = (old, fresh) => {
    if (old.innerHTML === fresh.innerHTML || inUse(old)) return;
    const active = old.contains(document.activeElement) && pathTo(old, document.activeElement);
    const open = [...old.querySelectorAll("details[id]")].map((one) => [one.id, one.open]);
    const scrolled = [...old.querySelectorAll(".scroll, .tabs, pre")].map((one) => [one.scrollLeft, one.scrollTop]);
    old.innerHTML = fresh.innerHTML;
    for (const [id, isOpen] of open) { const one = document.getElementById(id); if (one) one.open = isOpen; }
    old.querySelectorAll(".scroll, .tabs, pre").forEach((one, i) => scrolled[i] && one.scrollTo(...scrolled[i]));
    if (active) active.reduce((node, i) => node && node.children[i], old)?.focus({ preventScroll: true });
  };

  const refresh = async () => {
    if (busy) { again = true; return; }
    busy = true;
    at = Date.now();
    try {
      const response = await fetch(location.href, { headers: { "x-huey-refresh": "1" }, cache: "no-store" });
      if (!response.ok && response.status !== 404) throw new Error(String(response.status));
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      for (const part of document.querySelectorAll("[data-live]")) {
        const fresh = page.getElementById(part.id);
        if (fresh) replace(part, fresh);
      }
      failures = 0;
      say("on", source ? "Live" : "Live, every 5 s");
    } catch {
      failures++;
      say("off", "Not connected");
    }
    busy = false;
    if (again) { again = false; later(); }
  };
  const later = () => { clearTimeout(timer); timer = setTimeout(refresh, Math.max(0, at + LEAST - Date.now())); };

  const poll = () => {
    clearTimeout(timer);
    timer = setTimeout(async () => { await refresh(); if (!source && !document.hidden) poll(); },
      POLL * Math.min(6, 1 + failures));
  };
  const listen = () => {
    if (!window.EventSource || status.dataset.events === "") return poll();
    source = new EventSource(status.dataset.events);
    source.addEventListener("change", later);
    source.onopen = () => say("on", "Live");
    source.onerror = () => { source.close(); source = undefined; poll(); setTimeout(() => !source && !document.hidden && listen(), 30000); };
  };
  const stop = () => { source?.close(); source = undefined; clearTimeout(timer); };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { stop(); return; }
    refresh();
    listen();
  });
  addEventListener("pagehide", stop);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") document.querySelectorAll("details.ask[open]").forEach((one) => { one.open = false; one.firstElementChild.focus(); });
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const search = document.querySelector("input[type=search]");
      if (search) { event.preventDefault(); search.focus(); search.select(); }
    }
  });
  document.addEventListener("change", (event) => { if (event.target.matches(".filter select")) event.target.form.requestSubmit(); });
  document.addEventListener("click", (event) => {
    document.querySelectorAll("details.ask[open]").forEach((one) => { if (!one.contains(event.target)) one.open = false; });
  });
  for (const one of document.querySelectorAll(".side [aria-current], .tabs [aria-current]")) {
    one.scrollIntoView({ block: "nearest", inline: "center" });
  }
  listen();
})();
`;

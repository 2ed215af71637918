"use strict";
// Keys for every page. Pages work without this script: keys press what can be clicked.
(() => {
  const base = document.body.dataset.base;
  const at = (id) => document.getElementById(id);
  const items = () => [...document.querySelectorAll("[data-item]")];

  function step(by) {
    const all = items();
    const here = all.findIndex((item) => item.contains(document.activeElement));
    const next = all[here < 0 ? (by > 0 ? 0 : all.length - 1) : here + by];
    if (next) next.focus();
  }

  // In a grid of faces up and down go to the face above and below.
  function across(from, down) {
    const box = from.getBoundingClientRect();
    const beyond = items().filter((other) => {
      const top = other.getBoundingClientRect().top;
      return down ? top > box.top + 4 : top < box.top - 4;
    });
    if (!beyond.length) return;
    const edge = (down ? beyond[0] : beyond[beyond.length - 1]).getBoundingClientRect().top;
    const line = beyond.filter((other) => Math.abs(other.getBoundingClientRect().top - edge) < 4);
    const away = (other) => Math.abs(other.getBoundingClientRect().left - box.left);
    line.reduce((best, other) => away(other) < away(best) ? other : best).focus();
  }

  function press(selector) {
    const found = document.querySelector(selector);
    if (found) found.click();
    return Boolean(found);
  }

  function find() {
    if (at("find")) at("find").focus();
    else location.assign(`${base}/performers#find`);
  }

  const keys = {
    "/": find,
    "?": () => at("keys").showModal(),
    j: () => step(1),
    k: () => step(-1),
    n: () => press("a[rel=next]"),
    p: () => press("a[rel=prev]"),
  };

  // A face that was decided about is marked again when its page comes back.
  const mark = `${location.pathname} face`;
  function decide(key) {
    const face = document.activeElement.closest(".face, .proposals li");
    const button = face && face.querySelector(`[data-key="${key}"]`);
    if (!button) return false;
    sessionStorage.setItem(mark, String(items().indexOf(face)));
    button.click();
    return true;
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || at("keys").open) return;
    const target = event.target instanceof Element ? event.target : document.body;
    const typing = target.matches("input:not([type=checkbox]), select, textarea");
    if (typing) {
      if (event.key === "Escape") target.blur();
      return;
    }
    const pages = document.querySelectorAll("nav.top a");
    const arrow = { ArrowLeft: () => step(-1), ArrowRight: () => step(1),
      ArrowUp: () => across(target, false), ArrowDown: () => across(target, true) };
    if (pages[Number(event.key) - 1]) pages[Number(event.key) - 1].click();
    else if (target.matches("[data-item]") && arrow[event.key]) arrow[event.key]();
    else if (target.matches(".proposals li") && event.key === "Enter") {
      target.querySelector("a").click();
    } else if (decide(event.key)) { /* done */ }
    else if (keys[event.key]) keys[event.key]();
    else return;
    event.preventDefault();
  }

  async function count(part) {
    try {
      const got = await fetch(`${base}/standing`);
      part.innerHTML = got.ok ? await got.text() : "";
      if (!got.ok) part.textContent = "How things stand cannot be told now: load the page again.";
    } catch {
      part.textContent = "The gallery was closed.";
    }
    part.setAttribute("aria-busy", "false");
  }

  document.addEventListener("keydown", onKey);
  at("keys-button").addEventListener("click", () => at("keys").showModal());
  if (at("standing")) count(at("standing"));
  if (location.hash === "#find" && at("find")) at("find").focus();
  const marked = sessionStorage.getItem(mark);
  if (marked !== null) {
    sessionStorage.removeItem(mark);
    const all = items();
    if (all.length) all[Math.min(Number(marked), all.length - 1)].focus();
  }
})();

"use strict";
// One face at a time. Text from the database only ever becomes textContent, never markup.
(() => {
  const AHEAD = 4;
  const at = (id) => document.getElementById(id);
  const { base, csrf, performer, source } = document.body.dataset;
  const cards = new Map();      // face id -> promise of its card, a few ahead of the one shown
  const owners = new Map();     // face id -> performer id, of the cards that have come
  const decided = new Set();    // face ids of this session that wait no more
  const skipped = new Set();
  let queue = [], place = 0, left = 0, steps = 0, ended = false, busy = true, undoNext = false;
  const past = [];              // what undo takes back, latest last: "skip" or "step"

  async function ask(path, options) {
    const headers = { Accept: "application/json", "X-Gallery-Token": csrf };
    const got = await fetch(`${base}/review/${path}`, { headers, ...options });
    const value = await got.json().catch(() => ({ error: "the gallery does not answer as it should" }));
    if (!got.ok) throw new Error(value.error || got.statusText);
    return value;
  }

  const post = (path) => ask(path, { method: "POST", body: "" });

  // The next part of the queue, after the last face that is known of.
  async function more() {
    const after = queue.length ? queue[queue.length - 1] : 0;
    const narrowed = new URLSearchParams({ after, performer, source });
    const part = await ask(`queue?${narrowed}`);
    const known = new Set(queue), fresh = part.faces.filter((id) => !known.has(id));
    ended = !fresh.length;
    queue.push(...fresh);
    left = part.left;
    steps = part.steps;
  }

  function cardOf(id) {
    if (!cards.has(id)) {
      const coming = ask(`faces/${id}`);
      coming.then((face) => owners.set(id, face.performer_id), () => cards.delete(id));
      cards.set(id, coming);
    }
    return cards.get(id);
  }

  // A decision changes what stands beside the other faces of the same performer.
  function stale(ids) {
    const changed = new Set(ids.map((id) => owners.get(id)));
    for (const other of cards.keys()) {
      if (!owners.has(other) || changed.has(owners.get(other))) cards.delete(other);
    }
  }

  function say(words, bad = false) {
    at("message").textContent = words;
    at("message").className = bad ? "bad" : "";
  }

  function picture(face, alt) {
    if (!face.crop) {
      const gone = document.createElement("span");
      gone.className = "gone";
      gone.textContent = "no picture";
      return gone;
    }
    const image = document.createElement("img");
    image.src = face.crop;
    image.alt = alt;
    return image;
  }

  function tile(face, words) {
    const made = document.createElement("figure");
    made.className = face.trusted ? "tile trusted" : "tile";
    const caption = document.createElement("figcaption");
    caption.textContent = words;
    made.append(picture(face, `face ${face.face_id}`), caption);
    return made;
  }

  function link(anchor, url) {
    const safe = /^https?:\/\//.test(url || "");
    anchor.hidden = !safe;
    if (safe) anchor.href = url;
  }

  function draw(face) {
    const small = document.createElement("small");
    const also = face.aliases.length ? ` · also ${face.aliases.slice(0, 4).join(", ")}` : "";
    small.textContent = ` #${face.performer_id}${also}`;
    at("name").replaceChildren(document.createTextNode(face.name), small);
    at("crop").hidden = !face.crop;
    at("no-crop").hidden = Boolean(face.crop);
    if (face.crop) at("crop").src = face.crop;
    at("reason").textContent = `Waits because: ${face.reason}.`;
    at("distances").textContent = face.distances;
    at("facts").textContent = `face ${face.face_id} · ${face.source} · quality ${face.quality.toFixed(2)}`;
    link(at("photo"), face.photo_url);
    link(at("page"), face.page_url);
    at("known").replaceChildren(...face.known.map((other) =>
      tile(other, `${other.source}${other.trusted ? ", trusted" : ""}`)));
    at("nobody").hidden = face.known.length > 0;
    at("others-box").hidden = !face.page.length;
    at("others").replaceChildren(...face.page.map((other) => tile(other, `quality ${other.quality.toFixed(2)}`)));
    at("rest").hidden = !face.page.length;
    at("rival-box").hidden = !face.rival;
    at("rival").replaceChildren(...face.rival ? [tile(face.rival, face.rival.name)] : []);
    at("performer").href = `${base}/performers/${face.performer_id}`;
  }

  function progress() {
    const done = decided.size;
    at("place").textContent = done + left ? `${done.toLocaleString("en")} decided, ${left.toLocaleString("en")} left` : "";
    at("progress").value = done + left ? done / (done + left) : 1;
    at("undo").disabled = !past.length && !steps;
    at("session").hidden = !steps;
    at("undo-all").textContent = steps === 1 ? "Undo the one decision" : `Undo all ${steps} decisions`;
    for (const id of ["accept", "reject", "skip"]) at(id).hidden = at("card").hidden;
    if (at("card").hidden) at("rest").hidden = true;
    at("undo").hidden = at("card").hidden && at("undo").disabled;
  }

  function setBusy(now) {
    busy = now;
    document.body.setAttribute("aria-busy", String(now));
  }

  async function seek() {
    for (;;) {
      while (place < queue.length && (decided.has(queue[place]) || skipped.has(queue[place]))) place += 1;
      if (place < queue.length) return true;
      if (!ended) await more();
      else if (skipped.size) {
        skipped.clear();
        place = 0;
        say(`${at("message").textContent} Now those that you skipped.`);
      } else return false;
    }
  }

  // Busy from a key until the next face is on the screen: no key ever decides an unseen face.
  async function show() {
    let found = await seek();
    while (found) {
      const id = queue[place];
      for (const old of cards.keys()) if (cards.size > 3 * AHEAD && old !== id) cards.delete(old);
      queue.slice(place, place + AHEAD).filter((next) => !decided.has(next)).forEach(cardOf);
      try {
        draw(await cardOf(id));
        break;
      } catch (error) {
        say(`${error.message}; going on`, true);
        settle([id]);
        found = await seek();
      }
    }
    if (!found) {
      at("name").textContent = "Review";
      at("end").textContent = decided.size ? "All decided." : "No face waits for a decision.";
    }
    at("card").hidden = !found;
    at("end").hidden = found;
    progress();
    setBusy(false);
    if (undoNext) act("undo");
  }

  function settle(ids) {
    for (const id of ids) {
      if (!decided.has(id)) left = Math.max(0, left - 1);
      decided.add(id);
      skipped.delete(id);
    }
  }

  async function decide(action) {
    const id = queue[place];
    setBusy(true);
    try {
      const step = await post(`faces/${id}/${action}`);
      say(step.words);
      past.push("step");
      steps += 1;
      settle(step.faces);
      stale(step.faces);
    } catch (error) {
      say(error.message, true);
      settle([id]);
    }
    await show();
  }

  async function skip() {
    setBusy(true);
    skipped.add(queue[place]);
    past.push(queue[place]);
    say("Skipped.");
    await show();
  }

  // Undoes what was done on other pages of this session as well, and before this page was loaded.
  async function undo() {
    const last = past.pop() ?? (steps ? "step" : undefined);
    if (last === undefined) return;
    setBusy(true);
    if (last === "step") {
      try {
        const step = await post("undo");
        say(step.words);
        stale(step.faces);
        bringBack(step.faces);
      } catch (error) {
        say(error.message, true);
      }
      steps = Math.max(0, steps - 1);
    } else {
      say("Back.");
      skipped.delete(last);
      place = queue.indexOf(last);
    }
    await show();
  }

  function bringBack(ids) {
    for (const id of [...ids].reverse()) {
      decided.delete(id);
      skipped.delete(id);
      left += 1;
      const known = queue.indexOf(id);
      if (known < 0) queue.splice(place, 0, id);
      else place = known;
    }
  }

  const actions = {
    accept: () => decide("accept"),
    lend: () => decide("lend"),
    reject: () => decide("reject"),
    rest: () => decide("reject-rest"),
    skip, undo,
  };
  const keys = { a: "accept", A: "lend", r: "reject", R: "rest", s: "skip", u: "undo" };

  function act(name) {
    undoNext = busy && name === "undo";  // nothing unseen is decided by taking something back
    if (busy || (name !== "undo" && at("card").hidden)) return;
    actions[name]();
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in keys)) return;
    if (at("keys").open) return;
    event.preventDefault();
    if (!event.repeat) act(keys[event.key]);  // a key held down decides once
  });
  for (const name of ["accept", "reject", "skip", "undo", "rest"]) {
    at(name).addEventListener("click", () => act(name));
  }

  show().catch((error) => say(error.message, true));
})();

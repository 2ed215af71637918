"use strict";
// One face at a time. Text from the database only ever becomes textContent, never markup.
(() => {
  const AHEAD = 4;
  const at = (id) => document.getElementById(id);
  const token = new URLSearchParams(location.search).get("token");
  const cards = new Map();      // face id -> promise of its card, a few ahead of the one shown
  const owners = new Map();     // face id -> performer id, of the cards that have come
  const decided = new Map();    // face id -> "accept" or "reject", of this session
  const past = [];              // what undo takes back, latest last
  let queue = [], place = 0, busy = true, undoNext = false;

  async function ask(path, options) {
    const answer = await fetch(path, { headers: { "X-Review-Token": token }, ...options });
    const value = await answer.json();
    if (!answer.ok) throw new Error(value.error || answer.statusText);
    return value;
  }

  const post = (path, body) => ask(path, {
    method: "POST",
    headers: { "X-Review-Token": token, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });

  function cardOf(id) {
    if (!cards.has(id)) {
      const coming = ask(`/api/faces/${id}`);
      coming.then((face) => owners.set(id, face.performer_id), () => cards.delete(id));
      cards.set(id, coming);
    }
    return cards.get(id);
  }

  // A decision changes what stands beside the other faces of the same performer.
  function stale(id) {
    const owner = owners.get(id);
    for (const other of cards.keys()) {
      if (!owners.has(other) || owners.get(other) === owner) cards.delete(other);
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
    at("rival-box").hidden = !face.rival;
    at("rival").replaceChildren(...face.rival ? [tile(face.rival, face.rival.name)] : []);
  }

  function progress() {
    const left = queue.length - decided.size;
    at("place").textContent = queue.length ? `${decided.size} decided, ${left} left` : "";
    at("progress").value = queue.length ? decided.size / queue.length : 1;
    at("undo").disabled = !past.length;
    for (const id of ["accept", "reject", "skip"]) at(id).disabled = at("card").hidden;
  }

  function setBusy(now) {
    busy = now;
    document.body.setAttribute("aria-busy", String(now));
  }

  // Busy from a key until the next face is on the screen: no key ever decides an unseen face.
  async function show() {
    while (place < queue.length && decided.has(queue[place])) place += 1;
    if (place >= queue.length && decided.size < queue.length) {
      place = 0;
      say(`${at("message").textContent} Now those that you skipped.`);
      while (decided.has(queue[place])) place += 1;
    }
    const over = place >= queue.length;
    if (over) {
      at("name").textContent = "Review";
      at("end").textContent = queue.length ? "All decided. This window can be closed."
        : "No face waits for a decision.";
    } else {
      const id = queue[place];
      for (const old of cards.keys()) if (cards.size > 3 * AHEAD && old !== id) cards.delete(old);
      queue.slice(place, place + AHEAD).filter((next) => !decided.has(next)).forEach(cardOf);
      try {
        draw(await cardOf(id));
      } catch (error) {
        say(`${error.message}; going on`, true);
        decided.set(id, "gone");
        await show();
        return;
      }
    }
    at("card").hidden = over;
    at("end").hidden = !over;
    progress();
    setBusy(false);
    if (undoNext) act("undo");
  }

  async function decide(action, options = {}) {
    const id = queue[place];
    setBusy(true);
    try {
      say((await post(`/api/faces/${id}/${action}`, options)).words);
      past.push({ id, action });
      stale(id);
    } catch (error) {
      say(error.message, true);
    }
    decided.set(id, action);
    place += 1;
    await show();
  }

  async function skip() {
    setBusy(true);
    past.push({ id: queue[place], action: "skip" });
    say("Skipped.");
    place += 1;
    await show();
  }

  async function undo() {
    const last = past.pop();
    if (!last) return;
    setBusy(true);
    try {
      if (last.action !== "skip") say((await post(`/api/faces/${last.id}/undo`, {})).words);
      else say("Back.");
      decided.delete(last.id);
      stale(last.id);
    } catch (error) {
      say(error.message, true);
    }
    place = queue.indexOf(last.id);
    await show();
  }

  const actions = {
    accept: () => decide("accept"),
    lend: () => decide("accept", { trusted: false }),
    reject: () => decide("reject"),
    skip, undo,
  };
  const keys = { a: "accept", A: "lend", r: "reject", s: "skip", u: "undo" };

  function act(name) {
    undoNext = busy && name === "undo";  // nothing unseen is decided by taking something back
    if (busy || (name !== "undo" && at("card").hidden)) return;
    actions[name]();
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in keys)) return;
    event.preventDefault();
    if (!event.repeat) act(keys[event.key]);  // a key held down decides once
  });
  for (const name of ["accept", "reject", "skip", "undo"]) {
    at(name).addEventListener("click", () => act(name));
  }

  ask("/api/queue").then((value) => { queue = value.faces; return show(); })
    .catch((error) => say(error.message, true));
})();

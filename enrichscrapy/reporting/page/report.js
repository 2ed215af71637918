"use strict";
// The contact sheet. Text from the database only ever becomes textContent, never markup.
(() => {
  const PAGE = 20, BLOCK = 40;
  const [ID, NAME, BEFORE, ACCEPTED, WAITING, REJECTED, RETIRED, TOLD] = [0, 1, 2, 3, 4, 5, 6, 7];
  const [F_ID, F_SOURCE, F_VERDICT, F_TRUSTED, F_WORDS, F_SCORE, F_DISTANCES, F_QUALITY, F_PHOTO,
    F_CROP] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  const at = (id) => document.getElementById(id);
  const read = (id) => JSON.parse(at(id).textContent);
  const people = read("index");
  people.forEach((person, place) => { person.place = place; });
  const blocks = new Map();
  let shown = people, page = 0;

  // Blocks are parsed when their page is turned to, and the last few are kept.
  function facesOf(person) {
    const number = Math.floor(person.place / BLOCK);
    if (!blocks.has(number)) {
      if (blocks.size > 6) blocks.delete(blocks.keys().next().value);
      blocks.set(number, read(`block-${number}`));
    }
    return blocks.get(number)[person.place % BLOCK];
  }

  function element(name, className, text) {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function tile(face, person) {
    const made = element("button", `tile ${face[F_VERDICT]}${face[F_TRUSTED] ? " trusted" : ""}`);
    made.type = "button";
    made.tabIndex = -1;
    if (face[F_CROP]) {
      const picture = element("img");
      picture.alt = "";
      picture.loading = "lazy";
      picture.src = `data:image/webp;base64,${face[F_CROP]}`;
      made.append(picture);
    } else {
      made.append(element("span", "gone", face[F_VERDICT] === "rejected" ? "not kept" : "no picture"));
    }
    made.append(element("span", "", face[F_SCORE] === null ? "·" : face[F_SCORE].toFixed(2)));
    made.setAttribute("aria-label", `face ${face[F_ID]}, ${face[F_WORDS]}`);
    made.title = face[F_WORDS];
    made.addEventListener("click", () => look(face, person));
    return made;
  }

  function look(face, person) {
    const crop = at("closer-crop");
    crop.hidden = !face[F_CROP];
    if (face[F_CROP]) crop.src = `data:image/webp;base64,${face[F_CROP]}`;
    at("closer-title").textContent = `${person[NAME]} · face ${face[F_ID]}`;
    at("closer-verdict").textContent = face[F_WORDS] + (face[F_TRUSTED] ? ", trusted" : "");
    at("closer-distances").textContent = face[F_DISTANCES];
    at("closer-facts").textContent = `from ${face[F_SOURCE]} · quality ${face[F_QUALITY].toFixed(2)}`;
    const photo = at("closer-photo");
    photo.parentElement.hidden = !face[F_PHOTO];
    if (face[F_PHOTO]) photo.href = face[F_PHOTO];
    at("closer").showModal();
  }

  function card(person) {
    const made = element("article", "person");
    const head = element("header");
    head.append(element("h3", "", person[NAME]));
    const change = `${person[BEFORE]} → ${person[ACCEPTED]} faces`;
    const waiting = person[WAITING] ? ` · ${person[WAITING]} waiting` : "";
    const told = person[TOLD] ? ` · ${person[TOLD]}` : "";
    head.append(element("span", "quiet", `#${person[ID]} · ${change}${waiting}${told}`));
    const tiles = element("div", "tiles");
    tiles.append(...facesOf(person).map((face) => tile(face, person)));
    made.append(head, tiles);
    return made;
  }

  function draw() {
    const pages = Math.max(1, Math.ceil(shown.length / PAGE));
    page = Math.min(Math.max(page, 0), pages - 1);
    at("people").replaceChildren(...shown.slice(page * PAGE, (page + 1) * PAGE).map(card));
    at("page").textContent = `${page + 1} of ${pages}`;
    at("previous").disabled = page === 0;
    at("next").disabled = page === pages - 1;
    at("count").textContent = `${shown.length.toLocaleString("en")} of ${people.length.toLocaleString("en")}`;
    const first = document.querySelector(".tile");
    if (first) first.tabIndex = 0;
  }

  function select() {
    const wanted = at("find").value.trim().toLocaleLowerCase();
    const order = Number(at("order").value);
    shown = people.filter((person) => !wanted || `#${person[ID]}` === wanted
      || person[NAME].toLocaleLowerCase().includes(wanted));
    if (order === NAME) shown.sort((a, b) => a[NAME].localeCompare(b[NAME]));
    else if (order) shown.sort((a, b) => b[order] - a[order]);
    page = 0;
    draw();
  }

  function turn(by) {
    const was = page;
    page += by;
    draw();
    if (page !== was) at("sheet").scrollIntoView();
  }

  function step(from, key) {
    const tiles = [...document.querySelectorAll(".tile")];
    const here = tiles.indexOf(from);
    if (key === "ArrowLeft") return tiles[here - 1];
    if (key === "ArrowRight") return tiles[here + 1];
    const box = from.getBoundingClientRect(), down = key === "ArrowDown";
    const beyond = tiles.filter((other) => {
      const top = other.getBoundingClientRect().top;
      return down ? top > box.bottom - 2 : top < box.top - 2;
    });
    if (!beyond.length) return undefined;
    const edge = (down ? beyond[0] : beyond[beyond.length - 1]).getBoundingClientRect().top;
    const line = beyond.filter((other) => Math.abs(other.getBoundingClientRect().top - edge) < 4);
    return line.reduce((best, other) =>
      Math.abs(other.getBoundingClientRect().left - box.left)
        < Math.abs(best.getBoundingClientRect().left - box.left) ? other : best);
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || at("closer").open) return;
    if (event.target.matches("input, select")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (event.key === "/") at("find").focus();
    else if (event.key === "n") turn(1);
    else if (event.key === "p") turn(-1);
    else if (event.key.startsWith("Arrow") && event.target.matches(".tile")) {
      const next = step(event.target, event.key);
      if (next) { event.target.tabIndex = -1; next.tabIndex = 0; next.focus(); }
    } else return;
    event.preventDefault();
  }

  at("filters").addEventListener("submit", (event) => event.preventDefault());
  at("find").addEventListener("input", select);
  at("order").addEventListener("change", select);
  at("previous").addEventListener("click", () => turn(-1));
  at("next").addEventListener("click", () => turn(1));
  document.addEventListener("keydown", onKey);
  select();
})();

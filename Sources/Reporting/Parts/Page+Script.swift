extension Page {
  /// Fills the gallery from the data block: filters, search, order, pages of cards and the viewer. Text goes in as text
  /// nodes only, never as markup.
  static let script = #"""
    (() => {
    "use strict";
    const block = document.getElementById("parts"), grid = document.getElementById("grid");
    if (!block || !grid) return;
    const data = JSON.parse(block.textContent), items = data.items, FIRST = 30, PAGE = 60;
    const [ID, MARK, FACETS, CAPTION, THUMB, LINK, KEYS, DETAILS] = [0, 1, 2, 3, 4, 5, 6, 7];
    const byId = new Map(items.map((item, index) => [item[ID], index]));
    const filters = document.getElementById("filters"), count = document.getElementById("count");
    const more = document.getElementById("more"), search = filters.querySelector("input[type=search]");
    const reset = filters.querySelector("[data-reset]"), sort = filters.querySelector("[data-sort]");
    const chosen = data.facets.map(() => new Set());
    const marks = ["accept", "review", "reject"], words = ["Accepted", "For review", "Rejected"];
    const make = (name, className, text) => {
      const element = document.createElement(name);
      if (className) element.className = className;
      if (text !== undefined) element.textContent = text;
      return element;
    };
    const mark = (index) => {
      const icon = document.getElementById("mark-" + marks[index]).content.firstElementChild.cloneNode(true);
      icon.removeAttribute("aria-hidden");
      icon.setAttribute("role", "img");
      icon.setAttribute("aria-label", words[index]);
      return icon;
    };
    const number = (n) => n.toString().replace(/\B(?=(\d{3})+$)/g, ",");
    const picture = (item, large) => {
      const small = item[THUMB] ? "data:image/jpeg;base64," + item[THUMB] : "";
      const first = large ? item[LINK] || small : small || item[LINK];
      if (!first) return make("span", "", "no picture kept");
      const image = make("img");
      image.alt = "";
      image.loading = large ? "eager" : "lazy";
      image.decoding = "async";
      image.onerror = () => {
        image.onerror = () => image.replaceWith(make("span", "", "picture not found beside the report"));
        if (small && image.src !== small) image.src = small; else image.onerror();
      };
      image.src = first;
      return image;
    };
    let shown = [], painted = 0;
    const card = (index) => {
      const item = items[index], entry = make("li"), button = make("button", "part"), text = make("div", "text");
      button.type = "button";
      const pic = make("div", "pic");
      pic.append(picture(item, false));
      const lines = make("div"), name = make("b"), isolated = make("bdi", "", item[ID]);
      name.append(isolated);
      name.title = item[ID];
      lines.append(name, make("small", "", item[CAPTION]));
      if (item[MARK] >= 0) text.append(mark(item[MARK]));
      text.append(lines);
      button.append(pic, text);
      button.addEventListener("click", () => open(index));
      entry.append(button);
      return entry;
    };
    const paint = () => {
      const end = Math.min(painted + (painted ? PAGE : FIRST), shown.length), piece = document.createDocumentFragment();
      for (; painted < end; painted++) piece.append(card(shown[painted]));
      grid.append(piece);
      more.hidden = painted >= shown.length;
    };
    const update = () => {
      const wanted = search.value.trim().toLowerCase();
      const passes = (item, but) => (wanted === "" || item[ID].toLowerCase().includes(wanted)) &&
        chosen.every((set, facet) => facet === but || set.size === 0 || set.has(item[FACETS][facet]));
      shown = [];
      items.forEach((item, index) => { if (passes(item, -1)) shown.push(index); });
      if (sort && sort.value !== "") {
        const key = Number(sort.value), sign = data.descending[key] ? -1 : 1;
        const value = (index) => items[index][KEYS][key];
        shown.sort((a, b) => {
          const x = value(a), y = value(b);
          return x === null || y === null ? (x === null) - (y === null) : sign * (x - y) || a - b;
        });
      }
      filters.querySelectorAll(".chip").forEach((chip) => {
        const facet = Number(chip.dataset.facet), value = Number(chip.dataset.value);
        let n = 0;
        for (const item of items) if (item[FACETS][facet] === value && passes(item, facet)) n++;
        chip.setAttribute("aria-pressed", chosen[facet].has(value));
        chip.querySelector("small").textContent = number(n);
      });
      filters.querySelectorAll("select[data-facet]").forEach((menu) => {
        const set = chosen[Number(menu.dataset.facet)];
        menu.value = set.size ? String([...set][0]) : "";
      });
      const all = shown.length === items.length;
      count.textContent = all ? number(items.length) + (items.length === 1 ? " part." : " parts.")
        : number(shown.length) + " of " + number(items.length) + " parts.";
      reset.hidden = all && !(sort && sort.value !== "");
      grid.replaceChildren();
      painted = 0;
      paint();
    };
    filters.addEventListener("click", (event) => {
      const chip = event.target.closest(".chip");
      if (chip) {
        const set = chosen[Number(chip.dataset.facet)], value = Number(chip.dataset.value);
        if (!set.delete(value)) set.add(value);
        update();
      } else if (event.target.closest("[data-reset]")) {
        chosen.forEach((set) => set.clear());
        search.value = "";
        if (sort) sort.value = "";
        update();
      }
    });
    filters.addEventListener("change", (event) => {
      const menu = event.target.closest("select[data-facet]");
      if (menu) {
        const set = chosen[Number(menu.dataset.facet)];
        set.clear();
        if (menu.value !== "") set.add(Number(menu.value));
      }
      update();
    });
    let pause;
    search.addEventListener("input", () => { clearTimeout(pause); pause = setTimeout(update, 120); });
    more.addEventListener("click", paint);

    const viewer = document.getElementById("viewer"), title = document.getElementById("viewer-title");
    const stage = document.getElementById("viewer-stage"), facts = document.getElementById("viewer-facts");
    let current = 0;
    const open = (index) => {
      const item = items[index];
      current = index;
      title.replaceChildren(...(item[MARK] >= 0 ? [mark(item[MARK])] : []), make("bdi", "", item[ID]));
      const image = picture(item, true);
      image.alt = "Picture of " + item[ID];
      stage.replaceChildren(image);
      facts.replaceChildren(...data.details.flatMap((name, detail) => {
        const value = item[DETAILS][detail];
        if (!value) return [];
        const pair = make("div");
        pair.append(make("dt", "", name), make("dd", "", value));
        return [pair];
      }));
      if (!viewer.open) viewer.showModal();
    };
    viewer.addEventListener("keydown", (event) => {
      const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
      const place = shown.indexOf(current) + step;
      if (step && place >= 0 && place < shown.length) { event.preventDefault(); open(shown[place]); }
    });
    viewer.addEventListener("click", (event) => { if (event.target === viewer) viewer.close(); });
    document.addEventListener("click", (event) => {
      const link = event.target.closest("[data-part]");
      if (link && byId.has(link.dataset.part)) open(byId.get(link.dataset.part));
    });
    window.addEventListener("beforeprint", () => { while (painted < Math.min(shown.length, 240)) paint(); });
    update();
    })();
    """#
}

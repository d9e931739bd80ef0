extension Explorer {
  /// Opens the cells of the confusion matrix, and moves the thresholds. Verdicts go as in `Policy`: numbers are rounded
  /// to 32 bits before they are compared, as the policy has them, and a score that is not finite is always rejected. Text
  /// goes in as text nodes only, never as markup.
  static let script = #"""
    (() => {
    "use strict";
    const block = document.getElementById("judged");
    if (!block) return;
    const data = JSON.parse(block.textContent), ids = data.ids, truth = data.truth, good = data.good, PAGE = 60;
    const scores = new Float32Array(Uint8Array.from(atob(data.scores), (c) => c.charCodeAt(0)).buffer);
    const verdicts = Uint8Array.from(data.verdicts, Number), words = ["accepted", "for review", "rejected"];
    const gallery = new Map(), parts = document.getElementById("parts"), get = (id) => document.getElementById(id);
    if (parts) for (const item of JSON.parse(parts.textContent).items) gallery.set(item[0], item);
    const make = (name, className, text) => {
      const element = document.createElement(name);
      if (className) element.className = className;
      if (text !== undefined) element.textContent = text;
      return element;
    };
    const number = (n) => n.toString().replace(/\B(?=(\d{3})+$)/g, ",");
    const plural = (n) => number(n) + (n === 1 ? " part" : " parts");
    const scoreText = (i) => !Number.isFinite(scores[i]) ? "no score"
      : (good < 0 ? "confidence " : "score ") + scores[i].toFixed(4);
    const hasPicture = (i) => data.thumbnails[i] || gallery.has(ids[i]) ? 1 : 0;
    const card = (i, text) => {
      const item = gallery.get(ids[i]), small = (item && item[4]) || data.thumbnails[i], link = item && item[5];
      const entry = make("li"), box = make(item ? "button" : "div", "part"), pic = make("div", "pic");
      if (item) { box.type = "button"; box.dataset.part = ids[i]; }
      if (small || link) {
        const image = make("img");
        image.alt = "";
        image.loading = "lazy";
        image.onerror = () => image.replaceWith(make("span", "", "picture not found"));
        image.src = small ? "data:image/jpeg;base64," + small : link;
        pic.append(image);
      } else pic.append(make("span", "", "no picture kept"));
      const lines = make("div"), line = make("div", "text"), name = make("b");
      name.append(make("bdi", "", ids[i]));
      name.title = ids[i];
      lines.append(name, make("small", "", text));
      line.append(lines);
      box.append(pic, line);
      entry.append(box);
      return entry;
    };

    const dialog = get("cell"), list = get("cell-list"), more = get("cell-more");
    let shown = [], painted = 0;
    const paint = () => {
      for (const end = Math.min(painted + PAGE, shown.length); painted < end; painted++) {
        const i = shown[painted];
        list.append(card(i, words[verdicts[i]] + ", " + scoreText(i)));
      }
      more.hidden = painted >= shown.length;
    };
    more.addEventListener("click", paint);
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    document.querySelectorAll("[data-cell]").forEach((cell) => {
      if (cell.textContent === "0") return;
      const [row, column] = cell.dataset.cell.split(" ").map(Number), button = make("button", "cell", cell.textContent);
      const name = data.labels[row] + (column < 0 ? ", no verdict" : ", taken for " + data.labels[column]);
      button.type = "button";
      button.setAttribute("aria-label", name + ": show " + plural(Number(cell.textContent.replace(/,/g, ""))));
      button.addEventListener("click", () => {
        shown = [];
        truth.forEach((t, i) => { if (t === row && data.predicted[i] === column) shown.push(i); });
        shown.sort((a, b) => hasPicture(b) - hasPicture(a) || a - b);
        get("cell-title").textContent = row === column ? data.labels[row] + ", judged so" : name;
        get("cell-count").textContent = plural(shown.length) + ".";
        list.replaceChildren();
        painted = 0;
        paint();
        dialog.showModal();
      });
      cell.replaceChildren(button);
    });

    const settings = data.explorer;
    if (!settings) return;
    const section = get("explorer");
    section.classList.add("on");
    const kind = truth.map((t) => t === good ? 0 : 1), total = [0, 0], finite = [[], []];
    kind.forEach((k, i) => { total[k]++; if (Number.isFinite(scores[i])) finite[k].push(scores[i]); });
    const sorted = finite.map((values) => Float32Array.from(values).sort());
    // Parts of a kind with a score below a threshold.
    const below = (k, t) => {
      const values = sorted[k];
      let low = 0, high = values.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (values[middle] < t) low = middle + 1; else high = middle;
      }
      return low;
    };
    // Good and defective parts, each accepted, for review, rejected.
    const count = (review, reject) => [0, 1].map((k) => {
      const a = below(k, Math.fround(review)), b = below(k, Math.fround(reject));
      return [a, b - a, total[k] - b];
    });
    const judge = (s, review, reject) => !Number.isFinite(s) ? 2 : s < review ? 0 : s < reject ? 1 : 2;
    const inForce = [[0, 0, 0], [0, 0, 0]];
    kind.forEach((k, i) => { inForce[k][verdicts[i]]++; });

    // One threshold between each pair of neighbouring scores, the number of the fewest digits, as `ThresholdSweep`.
    const between = (low, high) => {
      const middle = (low + high) / 2;
      for (let scale = 100; scale < 1e9; scale *= 10) {
        const value = Math.round(middle * scale) / scale, rounded = Math.fround(value);
        if (rounded > low && rounded <= high) return value;
      }
      return high;
    };
    const points = [0];
    {
      const all = Float32Array.from([...sorted[0], ...sorted[1]]).sort();
      let last = -1;
      for (const s of all) {
        if (last >= 0 && last < 1 && s > last) points.push(between(last, Math.min(s, 1)));
        last = s;
      }
      if (last >= 0 && last < 1) points.push(1);
    }

    // Exact interval of Clopper and Pearson by the incomplete beta function (DLMF 8.17.22) and bisection.
    const lnGamma = (x) => {
      const c = [676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
        -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7];
      let sum = 0.99999999999980993;
      c.forEach((value, i) => { sum += value / (x + i); });
      const t = x + 6.5;
      return 0.9189385332046727 + (x - 0.5) * Math.log(t) - t + Math.log(sum);
    };
    const beta = (x, a, b) => {
      if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
      if (x > (a + 1) / (a + b + 2)) return 1 - beta(1 - x, b, a);
      let c = 1, d = 1 / (1 - (a + b) * x / (a + 1)), h = d;
      for (let m = 1; m < 5000; m++) {
        const even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        const odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 / (1 + even * d); c = 1 + even / c; h *= c * d;
        d = 1 / (1 + odd * d); c = 1 + odd / c; h *= c * d;
        if (Math.abs(c * d - 1) < 1e-14) break;
      }
      return h / a * Math.exp(lnGamma(a + b) - lnGamma(a) - lnGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
    };
    const quantile = (p, a, b) => {
      let low = 0, high = 1;
      for (let i = 0; i < 50; i++) { const x = (low + high) / 2; if (beta(x, a, b) < p) low = x; else high = x; }
      return (low + high) / 2;
    };
    const known = new Map();
    const interval = (k, n) => {
      const key = k + " " + n;
      if (!known.has(key)) {
        known.set(key, [k === 0 ? 0 : quantile(0.025, k, n - k + 1), k === n ? 1 : quantile(0.975, k + 1, n - k)]);
      }
      return known.get(key);
    };

    const controls = ["reject", "review"].map((name) => ({ slide: get("what-if-" + name),
      value: get("what-if-" + name + "-value") }));
    const cost = () => {
      const field = (name) => { const v = get("what-if-" + name).valueAsNumber; return v >= 0 ? v : 0; };
      const typed = get("what-if-share").valueAsNumber / 100, n = total[0] + total[1];
      const share = typed >= 0 && typed <= 1 ? typed : settings.share ?? total[1] / n;
      if (total[1] === 0 && share > 0 || total[0] === 0 && share < 1) return null;
      const bad = total[1] ? share / total[1] : 0, fine = total[0] ? (1 - share) / total[0] : 0;
      const [escape, overkill, look] = ["escape", "overkill", "look"].map(field);
      return (c) => bad * (escape * c[1][0] + look * c[1][1]) + fine * (overkill * c[0][2] + look * c[0][1]);
    };
    const percent = (share) => (100 * share).toFixed(2) + "%";
    const money = (value) => value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
    // The sliders' scale is fine at both ends, where the scores are.
    const place = (t) => Math.asin(Math.sqrt(Math.min(Math.max(t, 0), 1))) * 2 / Math.PI;
    const threshold = (u) => {
      const t = Math.sin(u * Math.PI / 2) ** 2, end = Math.min(t, 1 - t);
      return end < 1e-9 ? Math.round(t) : Number(t.toFixed(Math.min(6, Math.max(2, 1 - Math.floor(Math.log10(end))))));
    };
    let state = { reject: settings.reject, review: settings.review };
    const svg = get("what-if-curve"), probe = get("what-if-probe");
    const draw = (name, attributes, text) => {
      const element = document.createElementNS("http://www.w3.org/2000/svg", name);
      for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
      if (text !== undefined) element.textContent = text;
      svg.append(element);
    };
    const curve = (price) => {
      svg.replaceChildren();
      if (!price) return;
      const at = (t) => price(count(Math.min(state.review, t), t)), LEFT = 58, RIGHT = 544, TOP = 20, BOTTOM = 130;
      const values = [];
      for (let i = 0; i <= 243; i++) values.push(at(Math.sin(i / 243 * Math.PI / 2) ** 2));
      let best = points[0], least = Infinity;
      for (const t of points) { const v = at(t); if (v < least) { least = v; best = t; } }
      const top = Math.max(...values, 1e-9), x = (u) => LEFT + (RIGHT - LEFT) * u;
      const y = (v) => BOTTOM - (BOTTOM - TOP) * Math.sqrt(Math.max(v, 0) / top);
      for (const part of [0, 1 / 16, 1 / 4, 1]) {
        draw("path", { class: "grid", d: `M${LEFT} ${y(part * top)}H${RIGHT}` });
        draw("text", { class: "tick", x: LEFT - 6, y: y(part * top) + 4, "text-anchor": "end" },
          (1000 * part * top).toLocaleString("en-US", { maximumSignificantDigits: 3 }));
      }
      for (const t of [0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1]) {
        draw("text", { class: "tick", x: x(place(t)), y: BOTTOM + 16, "text-anchor": "middle" }, t);
      }
      draw("text", { class: "title", x: (LEFT + RIGHT) / 2, y: 166, "text-anchor": "middle" },
        "cost of 1000 parts against the reject threshold");
      draw("path", { class: "line s1",
        d: values.map((v, i) => (i ? "L" : "M") + x(i / 243).toFixed(1) + " " + y(v).toFixed(1)).join("") });
      for (const name of ["reject", "review"]) {
        const u = x(place(state[name])).toFixed(1);
        draw("path", { class: "threshold " + name, d: `M${u} ${TOP - 6}V${BOTTOM}` });
      }
      const u = place(best);
      draw("circle", { class: "least", cx: x(u).toFixed(1), cy: y(least).toFixed(1), r: 4.5 });
      draw("text", { class: "note", x: x(u) + (u > 0.6 ? -8 : 8), y: Math.min(y(least) - 8, BOTTOM - 6),
        "text-anchor": u > 0.6 ? "end" : "start" }, "least " + money(1000 * least) + " at " + String(best));
    };
    // The pair of thresholds that costs least: what each decides alone adds up, so one pass finds it.
    const cheapest = (price) => {
      let first = { t: 0, v: Infinity }, pick = { v: Infinity };
      for (const t of points) {
        // Everything from `t` on looked at, and nothing from `t` on looked at: without what is the same for all pairs.
        const open = price(count(t, Infinity)), shut = price(count(-1, t)) - price(count(-1, Infinity));
        if (open < first.v) first = { t, v: open };
        if (first.v + shut < pick.v - 1e-12) pick = { v: first.v + shut, review: first.t, reject: t };
      }
      return pick;
    };
    const update = () => {
      const { reject, review } = state, price = cost(), now = count(review, reject);
      controls.forEach((control, i) => {
        const t = i ? review : reject;
        control.slide.value = String(Math.round(1000 * place(t)));
        control.slide.setAttribute("aria-valuetext", String(t));
        if (document.activeElement !== control.value) control.value.value = String(t);
      });
      const cells = [now[1][2], now[1][1], now[1][0], now[0][0], now[0][1], now[0][2]];
      cells.forEach((value, i) => {
        const n = total[i < 3 ? 1 : 0];
        section.querySelector(`[data-live="${i}"]`).textContent = number(value);
        section.querySelector(`[data-live-share="${i}"]`).textContent = n === 0 ? "none in the set"
          : percent(value / n) + ", " + interval(value, n).map(percent).join(" to ");
      });
      get("what-if-cost").textContent = price ? money(1000 * price(now)) : "unknown";
      get("what-if-cost-force").textContent = price ? money(1000 * price(inForce)) : "unknown";
      get("what-if-options").textContent = `--reject ${reject} --review ${review}`;
      get("what-if-cheapest").disabled = !price;
      curve(price);
      if (probe) {
        const [x0, x1, y0, y1] = settings.plot;
        probe.setAttribute("cx", x0 + (x1 - x0) * Math.sqrt(now[0][2] / total[0]));
        probe.setAttribute("cy", y0 + (y1 - y0) * Math.sqrt(now[1][0] / total[1]));
        probe.removeAttribute("hidden");
      }
      const low = Math.fround(review), high = Math.fround(reject), changes = [];
      for (let i = 0; i < scores.length; i++) {
        const verdict = judge(scores[i], low, high);
        if (verdict !== verdicts[i]) {
          changes.push({ i, verdict, rank: kind[i] && verdict === 0 ? 0 : !kind[i] && verdict === 2 ? 1 : 2 });
        }
      }
      changes.sort((a, b) => a.rank - b.rank || hasPicture(b.i) - hasPicture(a.i) || a.i - b.i);
      const said = [0, 1].map((rank) => changes.filter((c) => c.rank === rank).length);
      get("what-if-count").textContent = changes.length === 0 ? "No part changes sides against the policy in force."
        : plural(changes.length) + (changes.length === 1 ? " changes" : " change") + " sides against the policy in force: "
        + number(said[0]) + " to escape, " + number(said[1]) + " to overkill."
        + (changes.length > PAGE ? " The first " + PAGE + " are shown." : "");
      get("what-if-changes").replaceChildren(...changes.slice(0, PAGE).map((c) => card(c.i,
        data.labels[truth[c.i]] + ", " + scoreText(c.i) + ", " + words[verdicts[c.i]] + " \u2192 " + words[c.verdict])));
    };
    let waits = false;
    const later = () => {
      if (waits) return;
      waits = true;
      setTimeout(() => { waits = false; update(); }, 15);
    };
    // The review threshold never lies above the reject threshold: the one that is moved takes the other along.
    const set = (name, value) => {
      if (!(value >= 0 && value <= 1)) return;
      state[name] = value;
      if (state.review > state.reject) state[name === "reject" ? "review" : "reject"] = value;
      later();
    };
    const remember = () => {
      try { history.replaceState(null, "", `#reject=${state.reject}&review=${state.review}`); } catch { /* a file */ }
    };
    ["reject", "review"].forEach((name, i) => {
      const { slide, value } = controls[i];
      slide.addEventListener("input", () => set(name, threshold(Number(slide.value) / 1000)));
      value.addEventListener("input", () => set(name, value.valueAsNumber));
      value.addEventListener("blur", later);
      for (const input of [slide, value]) input.addEventListener("change", remember);
    });
    for (const name of ["escape", "overkill", "look", "share"]) get("what-if-" + name).addEventListener("input", later);
    get("what-if-force").addEventListener("click", () => {
      state = { reject: settings.reject, review: settings.review };
      remember();
      later();
    });
    get("what-if-cheapest").addEventListener("click", () => {
      const { reject, review } = cheapest(cost());
      state = { reject, review };
      remember();
      later();
    });
    const asked = (name) => {
      const found = new RegExp("[#&]" + name + "=([-0-9.e]+)").exec(location.hash), value = found ? Number(found[1]) : NaN;
      return value >= 0 && value <= 1 ? value : state[name];
    };
    state = { reject: asked("reject"), review: Math.min(asked("review"), asked("reject")) };
    update();
    })();
    """#
}

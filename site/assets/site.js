// What pages can do beyond being read: copy, remember, fill in, search. Every part works without the others.
"use strict";
{
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector, within = document) => within.querySelector(selector);

  const store = {
    get(key, otherwise) {
      try {
        const kept = localStorage.getItem(`labs.${key}`);
        return kept === null ? otherwise : JSON.parse(kept);
      } catch {
        return otherwise;
      }
    },
    set(key, value) {
      try {
        localStorage.setItem(`labs.${key}`, JSON.stringify(value));
      } catch {
        // A full or forbidden storage only means that nothing is remembered.
      }
    },
  };

  // Theme.
  one(".theme")?.addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    try {
      localStorage.setItem("labs.theme", root.dataset.theme);
    } catch {
      // As above.
    }
  });

  // Copy.
  const copied = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Pages in files may have no clipboard; the old way still works there.
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  };
  for (const block of all(".code")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = root.dataset.copy;
    button.addEventListener("click", async () => {
      await copied(one("pre code", block).textContent);
      button.textContent = root.dataset.copied;
      button.classList.add("done");
      setTimeout(() => {
        button.textContent = root.dataset.copy;
        button.classList.remove("done");
      }, 1600);
    });
    one("pre", block).before(button);
  }

  // Hints, one tier after another.
  for (const scope of all("article")) {
    const hints = all(".hint", scope);
    hints.forEach((hint, at) => {
      hint.classList.toggle("later", at > 0);
      hint.addEventListener("toggle", () => hints[at + 1]?.classList.remove("later"), { once: true });
    });
  }

  const columns = one(".columns");
  const lab = columns?.dataset.lab;

  // Values that one command prints and later ones need.
  if (lab) {
    const key = `values.${lab}`;
    const values = store.get(key, {});
    const show = (name) => {
      for (const place of all(`var[data-name="${name}"]`)) {
        place.textContent = values[name] || `<${name}>`;
        place.classList.toggle("filled", Boolean(values[name]));
      }
    };
    Object.keys(values).forEach(show);
    for (const input of all(".fill input")) {
      const { name } = input.dataset;
      input.value = values[name] || "";
      input.addEventListener("input", () => {
        values[name] = input.value.trim();
        store.set(key, values);
        show(name);
      });
    }
  }

  // Progress: marks of one's own, and what the server tells of the terminal.
  const progress = store.get("done", {});
  let passed = {};
  const reached = (name) => new Set([...(progress[name] || []), ...(passed[name] || [])]);
  const showProgress = () => {
    for (const card of all(".path [data-lab]")) {
      const done = reached(card.dataset.lab);
      const steps = card.dataset.steps.split(" ");
      const count = steps.filter((step) => done.has(step)).length;
      one("progress", card).value = count;
      one(".reached b", card).textContent = count;
      const next = steps.findIndex((step) => !done.has(step));
      const way = one(".reached a", card);
      way.hidden = !count || next < 0;
      way.href = `${card.dataset.lab}/${steps[next]}.html`;
      way.textContent = way.hidden ? "" : way.dataset.text.replace("{}", next + 1);
    }
    if (!lab) return;
    const done = reached(lab);
    for (const item of all(".side [data-step]")) item.classList.toggle("reached", done.has(item.dataset.step));
    const box = one(".mark input");
    if (!box) return;
    const live = (passed[lab] || []).includes(box.dataset.step);
    box.checked = done.has(box.dataset.step);
    box.disabled = live;
    const label = one(".mark label span");
    label.dataset.own ??= label.textContent;
    label.textContent = live ? one(".mark").dataset.live : label.dataset.own;
  };
  one(".mark input")?.addEventListener("change", (event) => {
    const { checked, dataset } = event.target;
    const steps = new Set(progress[lab] || []);
    steps[checked ? "add" : "delete"](dataset.step);
    progress[lab] = [...steps];
    store.set("done", progress);
    showProgress();
  });
  addEventListener("storage", (event) => {
    if (event.key !== "labs.done") return;
    Object.assign(progress, store.get("done", {}));
    showProgress();
  });
  showProgress();
  if ("live" in root.dataset) {
    const events = new EventSource(`${root.dataset.root}.live`);
    events.addEventListener("progress", (event) => {
      passed = JSON.parse(event.data);
      showProgress();
    });
    events.addEventListener("rebuilt", () => location.reload());
  }

  // The table of contents follows.
  const targets = all(".side a[href^='#']").map((link) => [document.getElementById(decodeURIComponent(link.hash.slice(1))), link]);
  const follow = () => {
    const line = innerHeight / 4;
    const past = targets.filter(([target]) => target && target.getBoundingClientRect().top <= line);
    for (const [, link] of targets) link.parentElement.classList.toggle("here", link === past.at(-1)?.[1]);
  };
  if (targets.length) {
    addEventListener("scroll", follow, { passive: true });
    follow();
  }

  // Another language, at the same place.
  for (const link of all(".tongues a")) {
    link.addEventListener("click", () => {
      const anchors = all("main [id]").filter((element) => element.getBoundingClientRect().top <= innerHeight / 3);
      const last = scrollY > 40 ? anchors.at(-1) : null;
      if (last) link.hash = last.id;
    });
  }

  // Arrow keys turn pages, unless they are needed for something else.
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (event.target.closest("input, textarea, select, [tabindex], dialog, [contenteditable]")) return;
    const way = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
    const link = way && one(`main a[rel="${way}"]`);
    if (link) link.click();
  });

  // Search.
  const dialog = one("dialog.search");
  const field = one("input", dialog);
  const list = one("ul", dialog);
  const state = one(".search-state", dialog);
  const load = () => {
    if (one("script[data-search]")) return;
    const script = document.createElement("script");
    script.src = dialog.dataset.index;
    script.dataset.search = "";
    script.addEventListener("load", () => find());
    document.head.append(script);
  };
  const open = () => {
    if (dialog.open) return;
    load();
    dialog.showModal();
    field.select();
  };
  // A word in a title weighs more than in the text, and at the beginning of a word more than within it.
  const weight = (entry, word) => {
    const [title, part, text] = entry;
    if (title.includes(word)) return title.startsWith(word) ? 60 : 40;
    if (part.includes(word)) return 15;
    const at = text.indexOf(word);
    if (at < 0) return 0;
    return at === 0 || /\W/.test(text[at - 1]) ? 8 : 4;
  };
  const excerpt = (text, words) => {
    const lower = text.toLowerCase();
    const first = Math.max(0, Math.min(...words.map((word) => lower.indexOf(word)).filter((at) => at >= 0)) - 40);
    const shown = document.createElement("span");
    // At words, where the language has any between spaces.
    const near = Number.isFinite(first) ? first : 0;
    const space = near ? text.slice(near, near + 30).search(/\s/) : -1;
    const start = near + space + 1;
    const cut = text.length > start + 150;
    let rest = cut ? text.slice(start, start + 150).replace(/\s\S{0,30}$/, "") : text.slice(start);
    if (start) shown.append("… ");
    while (rest) {
      const [at, word] = words
        .map((one) => [rest.toLowerCase().indexOf(one), one])
        .filter(([place]) => place >= 0)
        .sort(([a], [b]) => a - b)[0] || [rest.length, ""];
      shown.append(rest.slice(0, at));
      if (!word) break;
      const mark = document.createElement("mark");
      mark.textContent = rest.slice(at, at + word.length);
      shown.append(mark);
      rest = rest.slice(at + word.length);
    }
    if (cut) shown.append(" …");
    return shown;
  };
  const found = (words) =>
    (globalThis.labsIndex || [])
      .map((entry) => [entry, entry.slice(1).map((text) => text.toLowerCase())])
      .map(([entry, lower]) => [entry, words.map((word) => weight(lower, word))])
      .filter(([, weights]) => weights.every(Boolean))
      .map(([entry, weights]) => [entry, weights.reduce((a, b) => a + b, 0)])
      .sort(([, a], [, b]) => b - a)
      .map(([entry]) => entry);
  const find = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const entries = words.length ? found(words) : [];
    list.replaceChildren(
      ...entries.slice(0, 20).map(([path, title, part, text]) => {
        const item = document.createElement("li");
        const link = document.createElement("a");
        const name = document.createElement("b");
        const where = document.createElement("span");
        link.href = root.dataset.home + path;
        name.textContent = title;
        where.textContent = part;
        link.append(name, where, excerpt(text, words));
        item.append(link);
        return item;
      }),
    );
    state.dataset.hint ??= state.textContent;
    const said = entries.length ? `${entries.length} ${dialog.dataset.some}` : dialog.dataset.none;
    state.textContent = words.length ? said : state.dataset.hint;
  };
  field.addEventListener("input", find);
  one(".search-open").addEventListener("click", open);
  one("button", dialog).addEventListener("click", () => dialog.close());
  list.addEventListener("click", () => dialog.close());
  addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      open();
    }
  });
  dialog.addEventListener("keydown", (event) => {
    const links = all("a", list);
    const at = links.indexOf(document.activeElement);
    if (event.key === "ArrowDown") (links[at + 1] || links[0])?.focus();
    else if (event.key === "ArrowUp") (at > 0 ? links[at - 1] : field).focus();
    else if (event.key === "Escape") dialog.close();
    else if (event.key === "Enter" && document.activeElement === field) links[0]?.click();
    else return;
    event.preventDefault();
  });
}

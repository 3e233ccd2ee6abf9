// Interactive features: theme, copy buttons, hints, placeholder values, progress, search. Each works independently.
"use strict";
{
  const root = document.documentElement;
  const selectAll = (selector, within = document) => [...within.querySelectorAll(selector)];
  const select = (selector, within = document) => within.querySelector(selector);

  const storage = {
    get(key, fallback) {
      try {
        const stored = localStorage.getItem(`labs.${key}`);
        return stored === null ? fallback : JSON.parse(stored);
      } catch {
        return fallback;
      }
    },
    set(key, value) {
      try {
        localStorage.setItem(`labs.${key}`, JSON.stringify(value));
      } catch {
        // If the storage is full or forbidden, nothing is remembered.
      }
    },
  };

  // Theme.
  select(".theme")?.addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    try {
      localStorage.setItem("labs.theme", root.dataset.theme);
    } catch {
      // As above.
    }
  });

  // Copy.
  const copyText = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // A page opened from a file may have no clipboard API; the deprecated command works there.
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  };
  // Of a session with prompts, only the commands are copied.
  const prompt = /^(?:[$>]|\S+#) /;
  const codeToCopy = (block) => {
    const text = select("pre code", block).textContent;
    if (!block.classList.contains("console")) return text;
    return text.split("\n").filter((line) => prompt.test(line)).map((line) => line.replace(prompt, "")).join("\n");
  };
  for (const block of selectAll(".code")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = root.dataset.copy;
    button.addEventListener("click", async () => {
      await copyText(codeToCopy(block));
      button.textContent = root.dataset.copied;
      button.classList.add("done");
      setTimeout(() => {
        button.textContent = root.dataset.copy;
        button.classList.remove("done");
      }, 1600);
    });
    select("pre", block).before(button);
  }

  // Hints: each level is shown after the previous one was opened.
  for (const scope of selectAll("article")) {
    const hints = selectAll(".hint", scope);
    hints.forEach((hint, index) => {
      hint.classList.toggle("later", index > 0);
      hint.addEventListener("toggle", () => hints[index + 1]?.classList.remove("later"), { once: true });
    });
  }

  const columns = select(".columns");
  const lab = columns?.dataset.lab;

  // Values that one command prints and later commands need.
  if (lab) {
    const key = `values.${lab}`;
    const values = storage.get(key, {});
    const show = (name) => {
      for (const element of selectAll(`var[data-name="${name}"]`)) {
        element.textContent = values[name] || `<${name}>`;
        element.classList.toggle("filled", Boolean(values[name]));
      }
    };
    Object.keys(values).forEach(show);
    for (const input of selectAll(".fill input")) {
      const { name } = input.dataset;
      input.value = values[name] || "";
      input.addEventListener("input", () => {
        values[name] = input.value.trim();
        storage.set(key, values);
        show(name);
      });
    }
  }

  // Progress: the reader's own marks, and steps passed in the terminal, which `labs site serve` reports.
  const progress = storage.get("done", {});
  let passed = {};
  const completedSteps = (name) => new Set([...(progress[name] || []), ...(passed[name] || [])]);
  const showProgress = () => {
    for (const card of selectAll(".path [data-lab]")) {
      const done = completedSteps(card.dataset.lab);
      const steps = card.dataset.steps.split(" ");
      const count = steps.filter((step) => done.has(step)).length;
      select("progress", card).value = count;
      select(".reached b", card).textContent = count;
      const next = steps.findIndex((step) => !done.has(step));
      const link = select(".reached a", card);
      link.hidden = !count || next < 0;
      link.href = `${card.dataset.lab}/${steps[next]}.html`;
      link.textContent = link.hidden ? "" : link.dataset.text.replace("{}", next + 1);
    }
    if (!lab) return;
    const done = completedSteps(lab);
    for (const item of selectAll(".side [data-step]")) item.classList.toggle("reached", done.has(item.dataset.step));
    const box = select(".mark input");
    if (!box) return;
    const live = (passed[lab] || []).includes(box.dataset.step);
    box.checked = done.has(box.dataset.step);
    box.disabled = live;
    const label = select(".mark label span");
    label.dataset.own ??= label.textContent;
    label.textContent = live ? select(".mark").dataset.live : label.dataset.own;
  };
  select(".mark input")?.addEventListener("change", (event) => {
    const { checked, dataset } = event.target;
    const steps = new Set(progress[lab] || []);
    steps[checked ? "add" : "delete"](dataset.step);
    progress[lab] = [...steps];
    storage.set("done", progress);
    showProgress();
  });
  addEventListener("storage", (event) => {
    if (event.key !== "labs.done") return;
    Object.assign(progress, storage.get("done", {}));
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

  // The list of pages may be longer than the screen.
  const side = select(".side");
  const currentPage = side && select("[aria-current]", side);
  if (currentPage) side.scrollTop = currentPage.offsetTop - side.clientHeight / 3;

  // Highlight the current section in the list of steps.
  const targets = selectAll(".side a[href^='#']").map((link) => [document.getElementById(decodeURIComponent(link.hash.slice(1))), link]);
  const highlightCurrent = () => {
    const line = innerHeight / 4;
    const past = targets.filter(([target]) => target && target.getBoundingClientRect().top <= line);
    for (const [, link] of targets) link.parentElement.classList.toggle("here", link === past.at(-1)?.[1]);
  };
  if (targets.length) {
    addEventListener("scroll", highlightCurrent, { passive: true });
    highlightCurrent();
  }

  // The language switch keeps the position on the page.
  for (const link of selectAll(".tongues a")) {
    link.addEventListener("click", () => {
      const anchors = selectAll("main [id]").filter((element) => element.getBoundingClientRect().top <= innerHeight / 3);
      const last = scrollY > 40 ? anchors.at(-1) : null;
      if (last) link.hash = last.id;
    });
  }

  // Arrow keys turn pages, except where they have another function.
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (event.target.closest("input, textarea, select, [tabindex], dialog, [contenteditable]")) return;
    const rel = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
    const link = rel && select(`main a[rel="${rel}"]`);
    if (link) link.click();
  });

  // Search.
  const dialog = select("dialog.search");
  const field = select("input", dialog);
  const list = select("ul", dialog);
  const state = select(".search-state", dialog);
  const load = () => {
    if (select("script[data-search]")) return;
    const script = document.createElement("script");
    script.src = dialog.dataset.index;
    script.dataset.search = "";
    script.addEventListener("load", () => showResults());
    document.head.append(script);
  };
  const open = () => {
    if (dialog.open) return;
    load();
    dialog.showModal();
    field.select();
  };
  // Words are found however they are typed: without regard to case, accents, width (full, half) and composition (NFC,
  // NFKD). Marks of scripts in which they make other letters, such as Japanese, are no accents.
  const accents = "\\u0300-\\u036f\\u0483-\\u0487\\u0591-\\u05c7\\u0610-\\u061a\\u064b-\\u065f\\u1ab0-\\u1aff\\u1dc0-\\u1dff\\u20d0-\\u20ff\\ufe20-\\ufe2f";
  const dropped = new RegExp(`[${accents}\\p{DI}]`, "gu");
  const spellings = { ø: "o", ł: "l", đ: "d", ħ: "h", ð: "d", þ: "th", æ: "ae", œ: "oe", "⁄": "/" };
  for (const char of "‘’‛ʼ′") spellings[char] = "'";
  for (const char of "“”„‟″") spellings[char] = '"';
  for (const char of "‐‑‒–—―−") spellings[char] = "-";
  const spelled = new RegExp(`[${Object.keys(spellings).join("")}]`, "gu");
  // Uppercase in between: it spells out a sharp s, and both forms of a small sigma have the same capital letter.
  const foldChar = (char) => {
    const bare = char.normalize("NFKD").replace(dropped, "");
    return bare.toLowerCase().toUpperCase().toLowerCase().replace(spelled, (sign) => spellings[sign]);
  };
  const isAscii = /^[\0-\x7f]*$/;
  const fold = (text) => (isAscii.test(text) ? text.toLowerCase() : Array.from(text, foldChar).join(""));
  // What belongs to the character before it: marks, and the later parts of a Korean syllable.
  const rest = /[\p{M}\p{DI}\u1160-\u11ff]+/uy;
  const endOfChar = (text, at) => {
    const from = /[\udc00-\udfff]/.test(text[at] || "") ? at + 1 : at;
    rest.lastIndex = from;
    return rest.test(text) ? rest.lastIndex : from;
  };
  // Where words are in a text, as [start, end] in its own characters, of which folding may make fewer or more.
  const findWords = (text, words) => {
    const [starts, ends] = [[], []];
    let [folded, at] = ["", 0];
    for (const char of text) {
      const part = foldChar(char);
      starts.push(...Array(part.length).fill(at));
      at += char.length;
      ends.push(...Array(part.length).fill(at));
      folded += part;
    }
    const ranges = [];
    for (const word of words) {
      for (let start = folded.indexOf(word); start >= 0; start = folded.indexOf(word, start + word.length)) {
        ranges.push([starts[start], endOfChar(text, ends[start + word.length - 1])]);
      }
    }
    const merged = [];
    for (const [start, end] of ranges.sort(([a], [b]) => a - b)) {
      const last = merged.at(-1);
      if (last && start < last[1]) last[1] = Math.max(end, last[1]);
      else merged.push([start, end]);
    }
    return merged;
  };
  // A match in a title scores higher than one in the text, and one at the start of a word higher than one within it.
  const score = (entry, word) => {
    const [title, part, text] = entry;
    if (title.includes(word)) return title.startsWith(word) ? 60 : 40;
    if (part.includes(word)) return 15;
    const at = text.indexOf(word);
    if (at < 0) return 0;
    return at === 0 || /[^\p{L}\p{M}\p{N}_]/u.test(text[at - 1]) ? 8 : 4;
  };
  const excerpt = (text, words) => {
    const ranges = findWords(text, words);
    const element = document.createElement("span");
    // Start at a word if the language separates words with spaces.
    const near = Math.max(0, (ranges.length ? ranges[0][0] : 0) - 40);
    const space = near ? text.slice(near, near + 30).search(/\s/) : -1;
    const start = space < 0 && near ? endOfChar(text, near) : near + space + 1;
    const isCut = text.length > start + 150;
    const shown = isCut ? text.slice(start, start + 150).replace(/\s\S{0,30}$/, "") : text.slice(start);
    const end = endOfChar(text, start + shown.length);
    if (start) element.append("… ");
    let at = start;
    for (const [from, to] of ranges.filter(([from]) => from >= start && from < end)) {
      const mark = document.createElement("mark");
      mark.textContent = text.slice(from, Math.min(to, end));
      element.append(text.slice(at, from), mark);
      at = to;
    }
    element.append(text.slice(at, end));
    if (isCut) element.append(" …");
    return element;
  };
  let foldedIndex;
  const rankEntries = (words) => {
    const index = globalThis.labsIndex || [];
    if (globalThis.labsIndex) foldedIndex ??= index.map((entry) => entry.slice(1).map(fold));
    return index
      .map((entry, number) => [entry, words.map((word) => score(foldedIndex[number], word))])
      .filter(([, scores]) => scores.every(Boolean))
      .map(([entry, scores]) => [entry, scores.reduce((a, b) => a + b, 0)])
      .sort(([, a], [, b]) => b - a)
      .map(([entry]) => entry);
  };
  const showResults = () => {
    const words = fold(field.value).split(/\s+/).filter(Boolean);
    const entries = words.length ? rankEntries(words) : [];
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
    const summary = entries.length ? `${entries.length} ${dialog.dataset.some}` : dialog.dataset.none;
    state.textContent = words.length ? summary : state.dataset.hint;
  };
  field.addEventListener("input", showResults);
  select(".search-open").addEventListener("click", open);
  select("button", dialog).addEventListener("click", () => dialog.close());
  list.addEventListener("click", () => dialog.close());
  addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      open();
    }
  });
  dialog.addEventListener("keydown", (event) => {
    const links = selectAll("a", list);
    const at = links.indexOf(document.activeElement);
    if (event.key === "ArrowDown") (links[at + 1] || links[0])?.focus();
    else if (event.key === "ArrowUp") (at > 0 ? links[at - 1] : field).focus();
    else if (event.key === "Escape") dialog.close();
    else if (event.key === "Enter" && document.activeElement === field) links[0]?.click();
    else return;
    event.preventDefault();
  });
}

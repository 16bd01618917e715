// @ts-check
// What a page of the site does by itself. A classic script, so that pages opened from disk have it, too.

(() => {
  const { root = "", home = "" } = document.documentElement.dataset;
  const texts = JSON.parse(
    /** @type {HTMLElement} */ (document.getElementById("_texts")).textContent ?? "{}",
  );
  const served = location.protocol.startsWith("http");

  /** @param {string} id @returns {any} */
  const part = (id) => document.getElementById(id);

  /** An element with a class and a text. @param {string} tag @param {string} kind @param {string} text */
  function element(tag, kind, text = "") {
    const made = document.createElement(tag);
    made.className = kind;
    made.textContent = text;
    return made;
  }

  /** What the browser keeps, or nothing where that is forbidden. */
  const storage = (() => {
    try {
      localStorage.getItem("");
      return localStorage;
    } catch {
      return null;
    }
  })();

  // Light and dark. Widgets read JupyterLab's attribute for it.
  const dark = matchMedia("(prefers-color-scheme: dark)");

  function showTheme() {
    const { theme } = document.documentElement.dataset;
    const isDark = theme ? theme === "dark" : dark.matches;
    document.body.dataset.jpThemeLight = String(!isDark);
  }

  function switchTheme() {
    const { dataset } = document.documentElement;
    const next = (dataset.theme ?? (dark.matches ? "dark" : "light")) === "dark" ? "light" : "dark";
    // Back to what the system says is no choice of one's own, and follows the system from then on.
    if ((next === "dark") === dark.matches) delete dataset.theme;
    else dataset.theme = next;
    try {
      if (dataset.theme) storage?.setItem("lenet-edu:theme", dataset.theme);
      else storage?.removeItem("lenet-edu:theme");
    } catch {
      // It holds for this page then.
    }
    showTheme();
  }

  function setUpTheme() {
    showTheme();
    dark.addEventListener("change", showTheme);
    part("_theme-button").hidden = false;
    part("_theme-button").addEventListener("click", switchTheme);
  }

  // Search: every word must occur in a section; headings and whole words count for more.

  /** @typedef {{address: string, title: string, anchor: string, heading: string, text: string}} Section */
  /** @type {Promise<Section[]> | undefined} */
  let sections;

  /** Lower case, without accents, and as long as it was. @param {string} text */
  const plain = (text) =>
    Array.from(text, (letter) => {
      const bare = letter.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
      return bare.length === letter.length ? bare : letter;
    }).join("");

  function loadSections() {
    sections ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = `${home}search.js`;
      script.onload = () => {
        /** @type {[string, string, [string, string, string][]][]} */
        const pages = /** @type {any} */ (window).lenetSearch;
        resolve(
          pages.flatMap(([address, title, own]) =>
            own.map(([anchor, heading, text]) => ({ address, title, anchor, heading, text })),
          ),
        );
      };
      script.onerror = reject;
      document.head.append(script);
    });
    return sections;
  }

  /** @param {string} query */
  const wordsOf = (query) => plain(query).split(/\s+/).filter(Boolean);

  /** How well a section fits; 0: not at all. @param {Section} section @param {string[]} words */
  function fit(section, words) {
    const [heading, text] = [plain(`${section.title} ${section.heading}`), plain(section.text)];
    let sum = 0;
    for (const word of words) {
      const whole = new RegExp(`(?<![\\p{L}\\p{N}])${word.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")}`, "u");
      const points =
        (heading.includes(word) ? 4 : 0) +
        (whole.test(heading) ? 4 : 0) +
        (text.includes(word) ? 1 : 0) +
        (whole.test(text) ? 2 : 0);
      if (!points) return 0;
      sum += points;
    }
    return sum;
  }

  /** A text with its words marked. @param {string} text @param {string[]} words */
  function marked(text, words) {
    const pieces = document.createDocumentFragment();
    const searched = plain(text);
    let place = 0;
    while (place < text.length) {
      const hits = words
        .map((word) => ({ at: searched.indexOf(word, place), length: word.length }))
        .filter(({ at }) => at >= 0)
        .sort((a, b) => a.at - b.at || b.length - a.length);
      if (!hits.length) break;
      const { at, length } = hits[0];
      pieces.append(text.slice(place, at), element("mark", "", text.slice(at, at + length)));
      place = at + length;
    }
    pieces.append(text.slice(place));
    return pieces;
  }

  /** The text round the first word. @param {string} text @param {string[]} words */
  function excerpt(text, words) {
    const searched = plain(text);
    const places = words.map((word) => searched.indexOf(word)).filter((at) => at >= 0);
    const first = Math.max(0, (places.length ? Math.min(...places) : 0) - 60);
    const from = first && text.indexOf(" ", first) + 1;
    return `${from ? "… " : ""}${text.slice(from, from + 180)}${text.length > from + 180 ? " …" : ""}`;
  }

  async function search() {
    const query = part("_query").value.trim();
    const words = wordsOf(query);
    const all = words.length ? await loadSections() : [];
    if (query !== part("_query").value.trim()) return; // typed on meanwhile
    const hits = all
      .map((section, place) => ({ section, place, points: fit(section, words) }))
      .filter(({ points }) => points)
      .sort((a, b) => b.points - a.points || a.place - b.place);
    part("_count").textContent = !words.length
      ? ""
      : hits.length
        ? texts.search_some.replace("{count}", hits.length)
        : texts.search_none;
    part("_results").replaceChildren(
      ...hits.slice(0, 30).map(({ section }) => result(section, query, words)),
    );
  }

  /** @param {Section} section @param {string} query @param {string[]} words */
  function result({ address, title, anchor, heading, text }, query, words) {
    const link = document.createElement("a");
    link.href = `${root}${address}?find=${encodeURIComponent(query)}${anchor ? `#${anchor}` : ""}`;
    const where = element("span", "where");
    where.append(marked(heading && heading !== title ? `${title} › ${heading}` : title, words));
    const what = element("span", "what");
    what.append(marked(excerpt(text, words), words));
    link.append(where, what);
    const item = document.createElement("li");
    item.append(link);
    return item;
  }

  /** Mark on this page what was searched for when it was found. */
  function markFound() {
    const words = wordsOf(new URLSearchParams(location.search).get("find") ?? "");
    if (!words.length || !("highlights" in CSS)) return;
    const walker = document.createTreeWalker(part("_text"), NodeFilter.SHOW_TEXT);
    const ranges = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const text = plain(node.textContent ?? "");
      for (const word of words) {
        for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
          const range = new Range();
          range.setStart(node, at);
          range.setEnd(node, at + word.length);
          ranges.push(range);
        }
      }
    }
    CSS.highlights.set("search", new Highlight(...ranges));
  }

  function openSearch() {
    part("_search").showModal();
    part("_query").select();
    loadSections().catch(() => {});
  }

  function setUpSearch() {
    const [dialog, query] = [part("_search"), part("_query")];
    part("_search-button").hidden = false;
    part("_search-button").addEventListener("click", openSearch);
    query.addEventListener("input", search);
    dialog.addEventListener("click", (/** @type {MouseEvent} */ event) => {
      if (event.target === dialog) dialog.close();
      if (/** @type {Element} */ (event.target).closest("#_results a")) dialog.close();
    });
    dialog.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      const links = [...dialog.querySelectorAll("#_results a")];
      const place = links.indexOf(document.activeElement);
      if (event.key === "Enter" && event.target === query) {
        event.preventDefault();
        links[0]?.click();
      } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        (links[place + (event.key === "ArrowDown" ? 1 : -1)] ?? query).focus();
      }
    });
    addEventListener("keydown", (event) => {
      const target = /** @type {HTMLElement} */ (event.target);
      const types = target.matches?.("input, textarea, select, [contenteditable]");
      if (event.key === "/" && !types && !event.ctrlKey && !event.metaKey && !event.altKey && !dialog.open) {
        event.preventDefault();
        openSearch();
      }
    });
    markFound();
  }

  // Predictions hold their answer back until they are opened.
  function setUpSealed() {
    for (const details of document.querySelectorAll("details[data-sealed]")) {
      details.addEventListener(
        "toggle",
        () => {
          const bytes = Uint8Array.from(
            atob(/** @type {HTMLElement} */ (details).dataset.sealed ?? ""),
            (letter) => letter.charCodeAt(0),
          );
          details.insertAdjacentHTML("beforeend", new TextDecoder().decode(bytes));
        },
        { once: true },
      );
    }
  }

  // What scrolls sideways can be reached by keyboard.
  function setUpScrolling() {
    const watch = new ResizeObserver((entries) => {
      for (const { target } of entries) {
        if (target.scrollWidth > target.clientWidth) target.setAttribute("tabindex", "0");
        else target.removeAttribute("tabindex");
      }
    });
    for (const box of document.querySelectorAll(".scrolls")) watch.observe(box);
  }

  // The contents tell where the reader is.
  function setUpContents() {
    const links = [...document.querySelectorAll(".sections a")].map((link) => ({
      link,
      heading: part(decodeURIComponent(/** @type {HTMLAnchorElement} */ (link).hash.slice(1))),
    }));
    if (!links.length) return;
    let waiting = false;
    const show = () => {
      waiting = false;
      const line = innerHeight / 3;
      const passed = links.filter(({ heading }) => heading?.getBoundingClientRect().top < line);
      const current = passed.at(-1)?.link;
      for (const { link } of links) link.classList.toggle("current", link === current);
    };
    const later = () => {
      if (!waiting) requestAnimationFrame(show);
      waiting = true;
    };
    addEventListener("scroll", later, { passive: true });
    show();
    for (const { link } of links) link.addEventListener("click", () => part("_contents").hidePopover?.());
    const here = document.querySelector(".contents [aria-current]");
    const list = part("_contents");
    const showHere = () => {
      list.scrollTop = /** @type {HTMLElement} */ (here).offsetTop - list.clientHeight / 4;
    };
    list.addEventListener("toggle", showHere);
    showHere();
  }

  // A page has the same headings in each language: by its number the reader's section is found in another one.
  const headings = () => [...part("_text").querySelectorAll(":is(h2, h3)[id]:not([id^='_'])")];

  function setUpLanguages() {
    for (const link of document.querySelectorAll("a.language")) {
      link.addEventListener("click", () => {
        const passed = headings().filter((heading) => heading.getBoundingClientRect().top < innerHeight / 3);
        const place = /** @type {HTMLAnchorElement} */ (link);
        place.hash = passed.length ? `#_section-${passed.length}` : "";
      });
    }
    const number = Number(/^#_section-(\d+)$/.exec(location.hash)?.[1]);
    const heading = number ? headings()[number - 1] : undefined;
    if (!heading) return;
    history.replaceState(history.state, "", `#${heading.id}`);
    heading.scrollIntoView();
  }

  // Instruments come alive when they come near, and stay pictures where they cannot.
  const assets = new URL(`${root}assets/`, document.baseURI);
  const resources = {
    /** @param {string} name */
    url: (name) => new URL(name, assets).href,
    /** The bytes of a file among the site's assets. @param {string} name */
    async bytes(name) {
      const response = await fetch(new URL(name, assets));
      if (!response.ok)
        throw new Error(`${name} could not be loaded: ${response.status} ${response.statusText}.`);
      return new Uint8Array(await response.arrayBuffer());
    },
  };

  /** @type {Promise<void> | undefined} */
  let spoken;

  /** Let scripts speak the page's language. */
  function speak() {
    const { lang } = document.documentElement;
    const load = async () => {
      const { useTranslations } = await import(resources.url("system/language.js"));
      useTranslations(
        JSON.parse(new TextDecoder().decode(await resources.bytes(`translations/${lang}.json`))),
      );
    };
    spoken ??= lang === "en" ? Promise.resolve() : load();
    return spoken;
  }

  /** In place of the picture, which stays if this fails. @param {Element} figure */
  async function bringAlive(figure) {
    const description = JSON.parse(figure.querySelector("script")?.textContent ?? "null");
    try {
      await speak();
      const { mount } = await import(resources.url("widgets/twins/page.js"));
      const alive = await mount(figure.querySelector(".still"), description, resources);
      figure.toggleAttribute("data-alive", alive !== null);
    } catch (error) {
      if (figure.querySelector(".lenet-not-alive")) return; // it has said so itself
      const reason = error instanceof Error ? error.message : String(error);
      figure.append(element("p", "note", `${texts.instrument_failed} ${reason}`));
    }
  }

  function setUpInstruments() {
    const figures = document.querySelectorAll(".lenet-figure");
    if (!served) {
      for (const figure of figures) figure.append(element("p", "note", texts.instrument_picture));
      return;
    }
    const near = new IntersectionObserver(
      (entries) => {
        for (const { target, isIntersecting } of entries) {
          if (!isIntersecting) continue;
          near.unobserve(target);
          bringAlive(target);
        }
      },
      { rootMargin: "600px" },
    );
    for (const figure of figures) near.observe(figure);
  }

  /** How far the reader has come, with buttons to export and to clear it. */
  async function setUpProgress() {
    const place = part("_progress");
    if (!served || !place) return;
    await speak();
    const { progressPanel } = await import(resources.url("widgets/twins/progress.js"));
    place.append(progressPanel());
    place.hidden = false;
  }

  // Reading offline.
  async function setUpOffline() {
    const worker = navigator.serviceWorker;
    if (!served || !worker) return;
    worker.addEventListener("message", ({ data: { done, of } }) => {
      const share = texts.offline_some.replace("{done}", done).replace("{all}", of);
      part("_offline").textContent = done === of ? texts.offline_ready : share;
    });
    const registration = await worker.register(`${root}sw.js`);
    const offer = () => registration.waiting && worker.controller && offerUpdate(registration.waiting);
    registration.addEventListener("updatefound", () =>
      registration.installing?.addEventListener("statechange", offer),
    );
    offer();
    const { active } = await worker.ready;
    const saves = /** @type {any} */ (navigator).connection?.saveData;
    if (!saves) setTimeout(() => active?.postMessage("keep everything"), 1500);
  }

  /** @param {ServiceWorker} waiting */
  function offerUpdate(waiting) {
    if (document.querySelector(".update")) return;
    const box = element("div", "update", `${texts.update} `);
    box.setAttribute("role", "status");
    const button = element("button", "button", texts.reload);
    button.addEventListener("click", () => {
      navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
      waiting.postMessage("take over");
    });
    box.append(button);
    document.body.append(box);
  }

  setUpTheme();
  setUpSearch();
  setUpSealed();
  setUpScrolling();
  setUpContents();
  setUpLanguages();
  setUpInstruments();
  setUpProgress().catch(() => {}); // without instruments there is no progress either
  setUpOffline().catch(() => {}); // blocked storage: pages are read as on any site
})();

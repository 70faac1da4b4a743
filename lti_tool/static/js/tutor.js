/* The tutor's page keeps itself up to date: what has changed is changed in place, so that focus, scroll, search, filter and
   the open pair stay, and no row moves under the pointer. Without this script every link and form of the page works too. */
(function () {
  "use strict";
  const EVERY = 1500;
  const WIDE = 57.5;
  const find = function (selector) { return document.querySelector(selector); };
  const page = function () { return find("[data-cohort]"); };
  if (!page()) return;
  /* Whether there is room for the panel beside the table, as tutor.css says it: in the size of the text. */
  const isWide = function () {
    return page().clientWidth >= WIDE * parseFloat(getComputedStyle(document.documentElement).fontSize);
  };
  let etag = page().dataset.etag;
  let query = location.search;
  let last = Date.now();
  let asking = null;
  let over = false;
  /* The id of what gets the focus once an answer shows it: a later request may take the place of the one that was to bring it. */
  let focusNext = "";

  /* Tokens differ in each answer and are no change. */
  const same = function (one, other) {
    const plain = function (node) { return node.outerHTML.replace(/name="form_key" value="[^"]*"/g, ""); };
    return plain(one) === plain(other);
  };

  const keepFocus = function (change) {
    const held = document.activeElement;
    const id = held && held.id;
    change();
    if (id && document.activeElement !== held) {
      const again = document.getElementById(id);
      if (again) again.focus({ preventScroll: true });
    }
  };

  const keyed = function (list) {
    return new Map(Array.from(list.children).map(function (row) { return [row.dataset.key, row]; }));
  };

  /* How many rows stand elsewhere in the answer: all but the longest run that is already in its order. */
  const movedRows = function (shown, wanted) {
    const places = wanted.map(function (key) { return shown.indexOf(key); }).filter(function (place) { return place >= 0; });
    const ends = [];
    places.forEach(function (place) {
      let at = ends.findIndex(function (end) { return end >= place; });
      if (at < 0) at = ends.length;
      ends[at] = place;
    });
    return places.length - ends.length;
  };

  const updateList = function (list, wanted, sorted) {
    const old = keyed(list);
    const fresh = keyed(wanted);
    const before = Array.from(old.keys());
    if (sorted) {
      list.replaceChildren.apply(list, Array.from(wanted.children).map(function (row) {
        const held = old.get(row.dataset.key);
        return held && same(held, row) ? held : row;
      }));
      return 0;
    }
    old.forEach(function (row, key) {
      if (!fresh.has(key)) row.remove();
      else if (!same(row, fresh.get(key))) row.replaceWith(fresh.get(key).cloneNode(true));
    });
    let previous = null;
    Array.from(fresh.keys()).forEach(function (key) {
      const held = Array.from(list.children).find(function (row) { return row.dataset.key === key; });
      if (!held) {
        const row = fresh.get(key).cloneNode(true);
        if (previous) previous.after(row); else list.prepend(row);
        previous = row;
      } else previous = held;
    });
    return movedRows(before, Array.from(fresh.keys()));
  };

  const show = function (answer, sorted) {
    const wanted = new DOMParser().parseFromString(answer, "text/html").querySelector("[data-cohort]");
    const here = page();
    const layout = function (root) {
      return Array.from(root.querySelectorAll("[data-list], [data-part]")).map(function (part) {
        return part.dataset.list || part.dataset.part;
      }).join();
    };
    keepFocus(function () {
      if (layout(here) !== layout(wanted)) {
        const typed = find("#find");
        const text = typed && typed.value;
        const once = here.querySelector("[data-once]");
        if (once) wanted.querySelector("[data-once]").replaceWith(once);
        here.replaceWith(document.adoptNode(wanted));
        if (typed && find("#find")) find("#find").value = text;
      } else {
        let moved = 0;
        wanted.querySelectorAll("[data-list]").forEach(function (list) {
          const old = here.querySelector('[data-list="' + list.dataset.list + '"]');
          old.className = list.className;
          const count = updateList(old, list, sorted || list.dataset.list === "needs");
          if (list.dataset.list === "pairs") moved = count;
        });
        wanted.querySelectorAll("[data-part]").forEach(function (part) {
          const old = here.querySelector('[data-part="' + part.dataset.part + '"]');
          if (old && !same(old, part)) old.replaceWith(document.adoptNode(part));
        });
        here.className = wanted.className;
        const pairs = find("#pair-people");
        const pairsNow = wanted.querySelector("#pair-people");
        if (pairs && pairsNow) pairs.className = pairsNow.className;
        sayMoved(moved);
      }
    });
    /* What was just done is no news any more once something else has changed. */
    if (!sorted) document.querySelectorAll("main > .alert-success[role=status]").forEach(function (said) { said.remove(); });
    etag = page().dataset.etag = wanted.dataset.etag;
    place();
    const awaited = focusNext && document.getElementById(focusNext);
    if (!awaited) return;
    focusNext = "";
    awaited.focus({ preventScroll: awaited.id === "panel-title" });
  };

  const sayMoved = function (count) {
    const said = find("[data-moved]");
    if (!said) return;
    said.hidden = !count;
    said.querySelector("span").textContent = count === 1 ? said.dataset.one : said.dataset.many.replace("%s", count);
  };

  /* Beside the opened row, but never beyond the table: in a frame of full height nothing can stick. */
  const place = function () {
    const panel = find("#panel");
    const row = find(".pair-row.chosen");
    if (!panel) return;
    panel.style.marginTop = "";
    if (panel.hidden || !row || !isWide()) return;
    const table = find(".pairs-table");
    const free = table.offsetHeight - panel.offsetHeight;
    const top = row.getBoundingClientRect().top - table.getBoundingClientRect().top;
    panel.style.marginTop = Math.max(0, Math.min(top, free)) + "px";
  };

  const sayFresh = function () {
    const root = page();
    const said = find("[data-freshness]");
    const words = find("[data-freshness-words]");
    if (!said || !words || over) return;
    const seconds = Math.round((Date.now() - last) / 1000);
    const lost = seconds > 10;
    said.classList.toggle("lost", lost);
    find("[data-reload]").hidden = !lost;
    const time = new Date(last).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
    words.textContent = lost ? root.dataset.lost.replace("%s", time)
      : seconds < 1 ? root.dataset.justNow : root.dataset.updated.replace("%s", seconds);
    said.setAttribute("role", lost ? "status" : "presentation");
  };

  const ask = function (changed) {
    if (over || (asking && !changed) || (document.hidden && !changed)) return;
    if (asking) asking.abort();
    const mine = asking = new AbortController();
    const late = setTimeout(function () { mine.abort(); }, 8000);
    fetch(page().dataset.live + query, {
      headers: changed ? {} : { "If-None-Match": etag }, cache: "no-store", signal: mine.signal,
    }).then(function (answer) {
      if (answer.status === 410) {
        over = true;
        const said = find("[data-freshness]");
        said.classList.add("lost");
        said.setAttribute("role", "status");
        find("[data-freshness-words]").textContent = page().dataset.over;
        const fields = Array.from(document.querySelectorAll("main input:not([type=hidden]), main textarea"));
        if (fields.every(function (field) { return field.value === field.defaultValue; })) location.reload();
        return;
      }
      if (answer.status !== 304 && !answer.ok) return;
      last = Date.now();
      return answer.status === 304 ? undefined : answer.text().then(function (text) { show(text, Boolean(changed)); });
    }).catch(function () { /* Said by the clock once it has lasted. */ }).finally(function () {
      clearTimeout(late);
      if (asking === mine) asking = null;
    });
  };

  /* Another filter, search, order or pair: the same page with another query. */
  const go = function (search) {
    query = search;
    history.replaceState(null, "", location.pathname + search);
    document.querySelectorAll("[data-reload]").forEach(function (link) { link.href = location.href; });
    ask(true);
  };

  const withQuery = function (changes) {
    const wanted = new URLSearchParams(query);
    Object.keys(changes).forEach(function (name) {
      if (changes[name]) wanted.set(name, changes[name]); else wanted.delete(name);
    });
    wanted.delete("done");
    const text = wanted.toString();
    return text ? "?" + text : "";
  };

  const close = function (pair) {
    focusNext = "pair-" + pair;
    go(withQuery({ pair: "" }));
  };

  const closeMenu = function () {
    const menu = find("[data-menu][open]");
    if (menu) menu.open = false;
    return menu;
  };

  /* Whoever goes on meanwhile keeps the focus where they are. */
  ["pointerdown", "keydown", "input"].forEach(function (name) {
    document.addEventListener(name, function () { focusNext = ""; }, true);
  });

  document.addEventListener("click", function (event) {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target.closest("a");
    if (!link || !page().contains(link)) return;
    if (link.dataset.close) {
      event.preventDefault();
      close(link.dataset.close);
    } else if (link.dataset.pair && isWide()) {
      event.preventDefault();
      focusNext = "panel-title";
      go(withQuery({ pair: link.dataset.pair }));
    } else if ("go" in link.dataset) {
      event.preventDefault();
      go(new URL(link.href).search);
    }
  });

  document.addEventListener("keydown", function (event) {
    const menu = event.key === "Escape" && closeMenu();
    if (menu) {
      menu.querySelector("summary").focus();
      return;
    }
    const opened = find("[data-close]");
    if (event.key === "Escape" && opened && event.target.id !== "find") close(opened.dataset.close);
  });

  let typing = 0;
  document.addEventListener("input", function (event) {
    if (event.target.id !== "find") return;
    clearTimeout(typing);
    typing = setTimeout(function () { go(withQuery({ q: event.target.value.trim(), page: "" })); }, 180);
  });
  document.addEventListener("change", function (event) {
    if (event.target.id === "sort") go(withQuery({ sort: event.target.value, page: "" }));
  });
  document.addEventListener("submit", function (event) {
    if (!event.target.matches("[data-find]")) return;
    event.preventDefault();
    go(withQuery({ q: find("#find").value.trim(), sort: (find("#sort") || { value: new URLSearchParams(query).get("sort") }).value, page: "" }));
  });

  document.addEventListener("visibilitychange", function () { ask(); });
  window.addEventListener("resize", place);
  setInterval(ask, EVERY);
  setInterval(sayFresh, 1000);
  place();
  /* A panel that was opened where it had room: here the pair has a page of its own. */
  const chosen = find(".pair-row.chosen a.who");
  if (chosen && !isWide()) location.replace(chosen.href);
})();

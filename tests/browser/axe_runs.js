// In the present width: by how many pixels each theme is too wide, and what axe finds in it. One call for all themes: each
// has its price. The theme is this attribute and nothing else: `base.html`. `known`: the facts in which axe has found
// nothing, as hashes with a space between (FNV-1 and FNV-1a, https://datatracker.ietf.org/doc/html/rfc9923): facts are as
// long as pages.
async ([themes, tags, rules, known]) => {
  const seen = [];
  const root = document.documentElement;
  const literal = new RegExp('^(aria-(?!label$|roledescription$|placeholder$|valuetext$).*|autocomplete|checked|class|'
    + 'controls|disabled|for|headers|hidden|id|list|multiple|name|open|readonly|rel|required|role|scope|tabindex|'
    + 'target|type)$');
  const drawn = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|[0-9a-f]{24,}/g;
  const CONTROLS = 'a, button, input, select, textarea, summary, [tabindex], '
    + 'button checkbox link menuitem option radio slider switch tab'.replace(/\w+/g, '[role=$&],').slice(0, -1);
  const CLOSE = 24;
  const hash = (text) => {
    let [multipliedFirst, multipliedLast] = [2166136261, 2166136261];
    for (let at = 0; at < text.length; at += 1) {
      multipliedFirst = Math.imul(multipliedFirst, 16777619) ^ text.charCodeAt(at);
      multipliedLast = Math.imul(multipliedLast ^ text.charCodeAt(at), 16777619);
    }
    return (multipliedFirst >>> 0).toString(36) + (multipliedLast >>> 0).toString(36);
  };
  const structureOf = (elements, boxes) => {
    const numbers = new Map();
    const alike = (value) => {
      const text = value.trim();
      if (!text) return '';
      if (!numbers.has(text)) numbers.set(text, numbers.size);
      return `#${numbers.get(text)}`;
    };
    const attribute = ({name, value}) => {
      if (name === 'data-theme') return '';
      const kept = literal.test(name) || (name === 'href' && value.startsWith('#'));
      return `${name}=${kept ? value.replace(drawn, alike) : alike(value)}`;
    };
    const shown = (element) => {
      const box = boxes.get(element);
      return !box ? '-' : box.right + scrollX <= 0 || box.bottom + scrollY <= 0 ? 'o' : 'v';
    };
    const texts = (element) => Array.from(element.childNodes, (node) =>
      node.nodeType === Node.TEXT_NODE ? alike(node.textContent) : '').join('');
    return elements.map((element) => [element.tagName, element.parentElement?.tagName, shown(element),
      Array.from(element.attributes, attribute).sort().join(' '), texts(element)].join('|')).join('\n');
  };
  const languagesOf = () => [root, ...document.querySelectorAll('[lang], [xml\\:lang]')].map((element) =>
    [element.tagName, element.getAttribute('lang'), element.getAttribute('xml:lang')].join('|'));
  const meet = (one, other, by = 0) => one.left < other.right + by && other.left < one.right + by
    && one.top < other.bottom + by && other.top < one.bottom + by;
  const coloursOf = (boxes) => {
    const grounds = new Map();
    const ground = (element) => {
      if (!element) return '';
      if (!grounds.has(element)) {
        const style = getComputedStyle(element);
        const clear = style.backgroundColor === 'rgba(0, 0, 0, 0)' && style.backgroundImage === 'none';
        const plain = style.opacity === '1' && style.filter === 'none' && style.mixBlendMode === 'normal';
        const own = clear && plain ? '' : [style.backgroundColor, style.backgroundImage, style.opacity, style.filter,
          style.mixBlendMode].join();
        grounds.set(element, [ground(element.parentElement) + (own && `/${own}`), !clear]);
      }
      return grounds.get(element)[0];
    };
    const looks = new Map();
    const look = (element) => {
      if (!looks.has(element)) {
        const style = getComputedStyle(element);
        const size = parseFloat(style.fontSize);
        const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
        looks.set(element, [style.color, style.fill, style.textShadow, style.textDecorationLine,
          style.borderBottomStyle, style.borderBottomColor, style.fontWeight, large, ground(element)].join());
      }
      return looks.get(element);
    };
    const written = new Map();
    for (const element of boxes.keys()) {
      const texts = Array.from(element.childNodes).filter((node) => node.nodeType === Node.TEXT_NODE
        && node.textContent.trim());
      if (texts.length) {
        const range = document.createRange();
        written.set(element, texts.map((text) => {
          range.selectNodeContents(text);
          return range.getBoundingClientRect();
        }));
      } else if (element.matches('input, select, textarea')) {
        written.set(element, [boxes.get(element)]);
      }
    }
    const facts = new Set();
    for (const element of written.keys()) {
      const around = element.matches('a') ? element.parentElement : null;
      facts.add(look(element) + (around ? ` in ${written.has(around)} ${look(around)}` : ''));
    }
    const seeable = Array.from(boxes.keys()).filter((element) => ground(element) !== null
      && (written.has(element) || grounds.get(element)[1] || element.matches('img, svg *, canvas')));
    const heights = seeable.map((element) => [boxes.get(element), element]).sort(([one], [other]) => one.top - other.top);
    for (const [element, texts] of written) {
      for (const text of texts) {
        for (const [box, other] of heights) {
          if (box.top >= text.bottom) break;
          if (box.bottom > text.top && other !== element && meet(box, text) && !other.contains(element)) {
            facts.add(`${look(other)} meets ${look(element)}`);
          }
        }
      }
    }
    return facts;
  };
  const boxesOf = (boxes) => {
    const facts = new Set();
    for (const element of boxes.keys()) {
      const [wide, high] = [element.scrollWidth > element.clientWidth, element.scrollHeight > element.clientHeight];
      if (!wide && !high) continue;
      const {overflowX, overflowY} = getComputedStyle(element);
      const entered = element.matches('[tabindex]') || element.querySelector('a, button, input, select, textarea') !== null;
      if (overflowX + overflowY !== 'visiblevisible') facts.add(['scrolls', wide, high, overflowX, overflowY, entered].join());
    }
    const controls = Array.from(boxes.keys()).filter((element) => element.matches(CONTROLS));
    const sizes = controls.map((element) => boxes.get(element));
    const about = (element) => [element.tagName, element.getAttribute('role'), getComputedStyle(element).display].join();
    const upTo = (...values) => values.map((value) => Math.round(Math.min(value, CLOSE) * 10)).join();
    const isSmall = (box) => box.width < CLOSE || box.height < CLOSE;
    for (const [at, box] of sizes.entries()) {
      const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
      const near = [];
      for (const [index, other] of sizes.entries()) {
        if (index === at || controls[at].contains(controls[index]) || controls[index].contains(controls[at])) continue;
        const touch = meet(box, other);
        if (!(touch || (isSmall(box) && meet(box, other, CLOSE)))) continue;
        const toOther = Math.hypot(Math.max(other.left - x, x - other.right, 0), Math.max(other.top - y, y - other.bottom, 0));
        const toCentre = Math.hypot((other.left + other.right) / 2 - x, (other.top + other.bottom) / 2 - y);
        const exact = touch ? [other.x - box.x, other.y - box.y, box.width, box.height].map((value) => Math.round(value)) : [];
        near.push([about(controls[index]), upTo(other.width, other.height, toOther, toCentre), ...exact].join());
      }
      if (near.length || isSmall(box)) {
        facts.add([about(controls[at]), upTo(box.width, box.height), ...near.sort()].join(' near '));
      }
    }
    return facts;
  };
  const describe = () => {
    const elements = Array.from(document.querySelectorAll('*'));
    const boxes = new Map(elements.filter((element) => element.checkVisibility({visibilityProperty: true}))
      .map((element) => [element, element.getBoundingClientRect()]));
    const facts = {languages: languagesOf(), structure: [structureOf(elements, boxes)], colours: coloursOf(boxes),
      boxes: boxesOf(boxes)};
    return Object.fromEntries(Object.entries(facts).map(([kind, of]) => [kind, Array.from(of, hash)]));
  };
  const fine = Object.fromEntries(Object.entries(known).map(([kind, of]) => [kind, new Set(of.split(' '))]));
  const found = {languages: [], structure: [], colours: [], boxes: []};
  for (const theme of themes) {
    if (theme) root.dataset.theme = theme;
    const look = {overflow: root.scrollWidth - root.clientWidth, violations: []};
    if (tags) {
      const now = describe();
      const fresh = Object.keys(now).filter((kind) => now[kind].some((fact) => !fine[kind].has(fact)));
      if (fresh.length) {
        if (!window.axe) window.loadAxe();
        const among = Object.entries(rules).flatMap(([kind, of]) => of.map((id) => [id, {enabled: fresh.includes(kind)}]));
        const chosen = fresh.includes('structure')
          ? {runOnly: {type: 'tag', values: tags}, rules: Object.fromEntries(among)}
          : {runOnly: {type: 'rule', values: fresh.flatMap((kind) => rules[kind])}};
        look.violations = (await axe.run(document, {...chosen, resultTypes: ['violations'], preload: false})).violations;
      }
      const faulty = look.violations.map((violation) => violation.id);
      for (const kind of fresh) {
        if (rules[kind] ? rules[kind].some((rule) => faulty.includes(rule)) : faulty.length) continue;
        for (const fact of now[kind]) {
          if (!fine[kind].has(fact)) found[kind].push(fact);
          fine[kind].add(fact);
        }
      }
    }
    seen.push(look);
  }
  return [seen, Object.fromEntries(Object.entries(found).map(([kind, of]) => [kind, of.join(' ')]))];
}

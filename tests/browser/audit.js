// What is measured inside a page; put into it by test_looks.py.

const parse = (text) => {
  const numbers = text.match(/[\d.]+/g).map(Number);
  const colours = numbers.slice(0, 3).map((part) => (text.startsWith("color(") ? part * 255 : part));
  return [...colours, numbers[3] ?? 1];
};

const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);

const luminance = (colour) => {
  const [r, g, b] = colour.slice(0, 3).map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};

const behind = (element) => {
  const layers = [];
  for (let each = element; each; each = each.parentElement) layers.push(parse(getComputedStyle(each).backgroundColor));
  return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
};

const seen = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });

/** Contrast of every visible text with what lies behind it, as WCAG computes it; layers with transparency are blended. */
function contrasts() {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (!text || !seen(element) || element.closest(".skip-link, option, noscript")) continue;
    const background = behind(element);
    const ink = over(parse(getComputedStyle(element).color), background);
    const [light, dark] = [luminance(ink), luminance(background)].sort((a, b) => b - a);
    found.push({ text: text.slice(0, 40), ratio: (light + 0.05) / (dark + 0.05) });
  }
  return found;
}

/** Visible elements that reach beyond the right edge. */
function overflowing() {
  return [...document.querySelectorAll("main *, header *, footer *")]
    .filter((element) => element.checkVisibility() && !element.closest(".visually-hidden, thead, .skip-link"))
    .filter((element) => element.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
    .map((element) => element.outerHTML.slice(0, 100));
}

/** What a validator would say first. */
function faults() {
  const found = [];
  const all = (selector) => [...document.querySelectorAll(selector)];
  const ids = all("[id]").map((element) => element.id);
  for (const id of ids.filter((each, place) => ids.indexOf(each) !== place)) found.push(`id ${id} is not unique`);
  if (all("h1").length !== 1) found.push("there must be one h1");
  if (all("main").length !== 1) found.push("there must be one main");
  let level = 0;
  for (const heading of all("h1, h2, h3, h4")) {
    const next = Number(heading.tagName[1]);
    if (level && next > level + 1) found.push(`${heading.textContent} skips a level`);
    level = next;
  }
  for (const control of all("input:not([type=hidden]), select, textarea")) {
    if (!control.labels.length && !control.ariaLabel) found.push(`${control.name} has no label`);
  }
  for (const target of all("a[href], button")) {
    if (!(target.ariaLabel || target.textContent.trim())) found.push(`${target.outerHTML} has no name`);
  }
  for (const name of ["aria-labelledby", "aria-controls", "aria-describedby"]) {
    for (const element of all(`[${name}]`)) {
      const lost = element.getAttribute(name).split(" ").filter((id) => !document.getElementById(id));
      if (lost.length) found.push(`${name} points at ${lost}, which is not there`);
    }
  }
  for (const element of all("[style], script:not([src]), style")) found.push(`inline: ${element.outerHTML.slice(0, 80)}`);
  if (document.documentElement.lang !== "en") found.push("the language is not given");
  if (document.compatMode !== "CSS1Compat") found.push("quirks mode");
  if (!document.title.includes("Draft Queen")) found.push("the title does not say where we are");
  return found;
}

/** Whether the element with the focus, or the search box around it, has an outline of at least two pixels. */
function focusIsVisible() {
  return [document.activeElement, document.activeElement.closest(".search-box")].some((element) => {
    const style = element && getComputedStyle(element);
    return style && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  });
}

globalThis.audit = { contrasts, overflowing, faults, focusIsVisible };

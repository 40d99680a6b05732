// The search box as a combobox: "/" focuses it, arrows walk the options, Enter opens one, Escape closes the list.
// Without this module the box is a plain form that leads to /search.

const input = document.getElementById("q");
const list = document.getElementById("suggestions");

/** @returns {HTMLAnchorElement[]} */
const options = () => Array.from(list.querySelectorAll('[role="option"]'));
const selected = () => options().findIndex((option) => option.getAttribute("aria-selected") === "true");

// The text when the list was closed with Escape: a response that arrives later does not reopen it.
let closedAt = null;
// The option that was selected when a new response replaces the list.
let kept = null;

function open(shown) {
  const visible = shown && options().length > 0;
  list.hidden = !visible;
  input.setAttribute("aria-expanded", String(visible));
  if (!visible) select(-1);
}

function select(index) {
  options().forEach((option, position) => option.setAttribute("aria-selected", String(position === index)));
  const option = options()[index];
  if (option) {
    input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  } else {
    input.removeAttribute("aria-activedescendant");
  }
}

function move(step) {
  if (list.hidden) {
    closedAt = null;
    open(true);
  }
  const count = options().length;
  if (count === 0) return;
  // One place more than there are options: between the last and the first the box itself is selected again.
  select(((selected() + 1 + step + count + 1) % (count + 1)) - 1);
}

function onKey(event) {
  if (event.isComposing) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    move(event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key === "Enter" && !list.hidden && selected() >= 0) {
    event.preventDefault();
    options()[selected()].click();
  } else if (event.key === "Escape" && !list.hidden) {
    event.preventDefault();
    closedAt = input.value;
    open(false);
  }
}

function beforeSwap() {
  kept = options()[selected()]?.getAttribute("href") ?? null;
}

// The response to the last keystrokes may arrive after an arrow key: a selected option stays selected if the new list has it.
function afterSwap() {
  open(document.activeElement === input && input.value !== closedAt);
  const index = options().findIndex((option) => option.getAttribute("href") === kept);
  if (!list.hidden && kept !== null && index >= 0) select(index);
}

function onShortcut(event) {
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  input.focus();
  input.select();
}

if (input && list) {
  list.setAttribute("role", "listbox");
  for (const [name, value] of Object.entries({
    role: "combobox",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": list.id,
    "aria-keyshortcuts": "/",
  })) {
    input.setAttribute(name, value);
  }
  input.addEventListener("keydown", onKey);
  input.addEventListener("focus", () => open(true));
  input.addEventListener("input", () => {
    if (input.value !== closedAt) closedAt = null;
  });
  list.addEventListener("htmx:beforeSwap", beforeSwap);
  list.addEventListener("htmx:afterSwap", afterSwap);
  list.addEventListener("mousedown", (event) => event.preventDefault());
  input.form.addEventListener("focusout", (event) => {
    if (!input.form.contains(event.relatedTarget)) open(false);
  });
  document.addEventListener("keydown", onShortcut);
}

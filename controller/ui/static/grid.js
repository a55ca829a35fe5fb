// Draws the instances of a Job on a canvas: a cell each, its shape and colour are its state.
//
// The server writes data-grid: {link, groups: [{mark, tone, word, ids}]}, ids as in "0-3,7". Shapes
// are the paths of the <symbol>s m-<mark>, colours the custom properties --<tone>-mark.

const SIZES = [[100, 24], [1000, 16], [3000, 12], [Infinity, 9]]; // up to so many: pixels of a cell
const MARGIN = 0.16; // part of a cell that stays free on each side

const parts = new WeakMap(); // element -> what is drawn there

export function drawAll() {
  for (const element of document.querySelectorAll("[data-grid]")) draw(element);
}

export function redrawAll() {
  for (const element of document.querySelectorAll("[data-grid]")) {
    const grid = parts.get(element);
    if (grid) grid.drawn = "";
  }
  drawAll();
}

function draw(element) {
  let grid = parts.get(element);
  if (!grid) {
    grid = { element, canvas: element.querySelector("canvas"), tip: element.querySelector("output"), drawn: "", cells: [], states: [], at: -1 };
    parts.set(element, grid);
    listen(grid);
    new ResizeObserver(() => layout(grid)).observe(element);
  }
  if (grid.source !== element.dataset.grid) {
    grid.source = element.dataset.grid;
    read(grid, JSON.parse(grid.source));
  }
  layout(grid);
}

// The ids in ascending order, and the state of each.
function read(grid, { link, groups }) {
  const states = [];
  groups.forEach((group, number) => {
    for (const range of group.ids.split(",")) {
      const [first, last = first] = range.split("-").map(Number);
      for (let id = first; id <= last; id++) states[id] = number;
    }
  });
  grid.link = link;
  grid.groups = groups;
  grid.cells = Object.keys(states).map(Number);
  grid.states = states;
  grid.canvas.setAttribute("aria-label", groups.map((g) => `${count(g.ids)} ${g.word}`).join(", ") || "no instances");
}

function count(ids) {
  return ids.split(",").reduce((sum, range) => {
    const [first, last = first] = range.split("-").map(Number);
    return sum + last - first + 1;
  }, 0);
}

function layout(grid) {
  const width = grid.element.clientWidth;
  if (!width || !grid.cells) return;
  const cell = SIZES.find(([most]) => grid.cells.length <= most)[1];
  const columns = Math.max(1, Math.floor(width / cell));
  const rows = Math.ceil(grid.cells.length / columns);
  const ratio = window.devicePixelRatio || 1;
  const shape = `${columns} ${rows} ${cell} ${ratio} ${grid.cells.length}`;
  const key = `${shape} ${grid.source}`;
  if (grid.drawn === key) return;
  const same = grid.shape === shape && grid.drawn !== "" && grid.shown?.length === grid.cells.length;
  Object.assign(grid, { cell, columns, rows, ratio, shape });
  if (!same) {
    grid.canvas.width = Math.round(columns * cell * ratio);
    grid.canvas.height = Math.round(rows * cell * ratio);
    grid.canvas.style.width = `${columns * cell}px`;
    grid.canvas.style.height = `${rows * cell}px`;
    grid.shown = [];
  }
  paint(grid);
  if (!grid.drawn) performance.mark("grid");
  grid.drawn = key;
  mark(grid);
}

// Only the cells whose state is another than what is shown.
function paint(grid) {
  const { canvas, cell, columns, ratio } = grid;
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  const sprites = grid.groups.map((group) => sprite(group, cell, ratio));
  const looks = grid.groups.map((group) => `${group.mark} ${group.tone}`);
  grid.cells.forEach((id, index) => {
    const state = grid.states[id];
    if (grid.shown[index] === looks[state]) return;
    const x = (index % columns) * cell;
    const y = Math.floor(index / columns) * cell;
    if (grid.shown[index] !== undefined) context.clearRect(x, y, cell, cell);
    context.drawImage(sprites[state], x, y, cell, cell);
    grid.shown[index] = looks[state];
  });
}

function sprite({ mark, tone }, cell, ratio) {
  const made = document.createElement("canvas");
  made.width = made.height = Math.round(cell * ratio);
  const context = made.getContext("2d");
  const scale = (made.width * (1 - 2 * MARGIN)) / 12;
  context.translate(made.width * MARGIN, made.width * MARGIN);
  context.scale(scale, scale);
  context.fillStyle = colour(tone);
  const path = document.querySelector(`#m-${mark} path`);
  context.fill(new Path2D(path.getAttribute("d")), "evenodd");
  return made;
}

// A custom property holds light-dark(…); only a colour that is in use is computed.
function colour(tone) {
  const probe = document.createElement("span");
  probe.className = `mark t-${tone}`;
  probe.hidden = true;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

// What the pointer or the keyboard is at.
function mark(grid) {
  const { tip, at, cell, columns, element } = grid;
  const id = grid.cells[at];
  if (id === undefined) {
    tip.textContent = "";
    return;
  }
  tip.textContent = `${id} ${grid.groups[grid.states[id]].word}`;
  const x = (at % columns) * cell + cell;
  const y = Math.floor(at / columns) * cell;
  tip.style.left = `${Math.max(0, Math.min(x + 4, element.clientWidth - tip.offsetWidth))}px`;
  tip.style.top = `${y + cell + 3}px`;
}

function listen(grid) {
  const { canvas } = grid;
  const under = (event) => {
    const box = canvas.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left) / grid.cell);
    const row = Math.floor((event.clientY - box.top) / grid.cell);
    const index = row * grid.columns + column;
    return column >= 0 && column < grid.columns && index < grid.cells.length ? index : -1;
  };
  const go = (index) => {
    grid.at = index;
    mark(grid);
  };
  canvas.addEventListener("pointermove", (event) => go(under(event)));
  canvas.addEventListener("pointerleave", () => go(-1));
  canvas.addEventListener("blur", () => go(-1));
  canvas.addEventListener("focus", () => canvas.matches(":focus-visible") && grid.at < 0 && go(0));
  canvas.addEventListener("click", (event) => open(grid, under(event)));
  canvas.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -grid.columns, ArrowDown: grid.columns };
    const last = grid.cells.length - 1;
    if (event.key in steps) go(Math.max(0, Math.min(last, grid.at + steps[event.key])));
    else if (event.key === "Home") go(0);
    else if (event.key === "End") go(last);
    else if (event.key === "Enter") open(grid, grid.at);
    else return;
    event.preventDefault();
    event.stopPropagation();
    grid.tip.scrollIntoView({ block: "nearest" });
  });
}

function open(grid, index) {
  const id = grid.cells[index];
  if (id !== undefined) location.assign(grid.link + id);
}

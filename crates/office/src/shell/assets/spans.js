// Selecting a run of sessions in a pupil's year grid, by dragging or with Shift and the arrow keys, and entering one code for all of it.
// The form below the grid sends the run to the page that previews a change of many marks. Without script that page is asked by a link.

import { singleKeys } from './frame.js';

const form = document.querySelector('[data-span]');
const says = document.querySelector('[data-span-says]');
let anchor = null, end = null, dragged = false;

const cellOf = (target) => target instanceof Element ? target.closest('[data-year] tbody td') : null;
const link = (cell) => cell?.querySelector('a') ?? null;
/** `2026-11-24-AM`, from the address that the cell opens. */
const slot = (cell) => link(cell).pathname.split('/').slice(-2).join('-');
const opened = (table) => [...table.tBodies[0].querySelectorAll('td')].filter(link).sort((a, b) => slot(a) < slot(b) ? -1 : 1);

/** The sessions between where the run began and where it ends, in order of time. */
function run() {
  if (!anchor || !end) return [];
  const cells = opened(anchor.closest('table'));
  const [from, to] = [cells.indexOf(anchor), cells.indexOf(end)].sort((a, b) => a - b);
  return cells.slice(from, to + 1);
}

function show() {
  for (const cell of document.querySelectorAll('[data-year] td.here')) cell.classList.remove('here');
  const cells = run();
  for (const cell of cells) cell.classList.add('here');
  form.hidden = cells.length === 0;
  form.elements.at.value = cells.map(slot).join(' ');
  const name = (cell) => link(cell).getAttribute('aria-label').split(' ').slice(0, 4).join(' ');
  says.textContent = cells.length === 0 ? '' : cells.length === 1 ? `1 session: ${name(cells[0])}.` : `${cells.length} sessions: ${name(cells[0])} to ${name(cells.at(-1))}.`;
}

function clear() { anchor = end = null; show(); }

/** The next cell in this direction that opens; none at the edge. */
function beside(cell, key) {
  let next = cell;
  do {
    if (key === 'ArrowLeft') next = next.previousElementSibling;
    else if (key === 'ArrowRight') next = next.nextElementSibling;
    else next = (key === 'ArrowUp' ? next.parentElement.previousElementSibling : next.parentElement.nextElementSibling)?.cells[next.cellIndex] ?? null;
  } while (next && !link(next));
  return next;
}

if (form) {
  document.querySelector('[data-span-hint]')?.removeAttribute('hidden');
  for (const table of document.querySelectorAll('[data-year]')) {
    table.addEventListener('dragstart', (event) => event.preventDefault());
    table.addEventListener('pointerdown', (event) => {
      const cell = cellOf(event.target);
      if (event.button !== 0 || event.pointerType === 'touch' || !link(cell)) return;
      dragged = event.shiftKey && anchor !== null;
      if (!dragged) anchor = cell;
      end = cell;
      if (dragged) show();
    });
    table.addEventListener('pointerover', (event) => {
      const cell = cellOf(event.target);
      if (!(event.buttons & 1) || !anchor || event.pointerType === 'touch' || !link(cell) || cell === end || cell.closest('table') !== anchor.closest('table')) return;
      dragged = true;
      end = cell;
      show();
    });
    // A run that was dragged is no click on its last cell.
    table.addEventListener('click', (event) => {
      if (!dragged) { clear(); return; }
      event.preventDefault();
      event.stopPropagation();
      dragged = false;
      link(end)?.focus();
    }, true);
    table.addEventListener('keydown', (event) => {
      const cell = cellOf(event.target);
      if (!link(cell) || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key.startsWith('Arrow')) {
        const next = beside(cell, event.key);
        event.preventDefault();
        if (!next) return;
        if (event.shiftKey) { anchor ??= cell; end = next; show(); } else if (anchor) clear();
        link(next).focus();
      } else if (event.key === 'Escape' && anchor) {
        clear();
      } else if (/^[a-z/\\]$/i.test(event.key) && singleKeys()) {
        event.preventDefault();
        event.stopPropagation();
        if (!anchor) { anchor = end = cell; show(); }
        form.elements.code.value = event.key.toUpperCase();
        form.elements.code.focus();
      }
    });
  }
  form.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    const back = link(end);
    clear();
    back?.focus();
  });
}

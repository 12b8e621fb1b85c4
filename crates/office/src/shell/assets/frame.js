// What every page does with script: keys, look, drawer, hiding the screen, printing, signing out with marks waiting.
// Pages work without it. It never writes HTML from text; panels are moved in from pages of our own server.

const root = document.documentElement;
root.classList.add('js');
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const one = (selector, within = document) => within.querySelector(selector);

// A browser is one person at one school at a time: a tab that was left open elsewhere goes to the first page of this one.
const pageOf = one('meta[name="person"]')?.content;
/** Ends the session here, and takes the registers off this device; where the school cannot be told, it is told at the next page. */
async function endSession() {
  localStorage.setItem('rollbook-signing-out', pageOf);
  await import('./device.js').then(({ wipe }) => wipe()).catch(() => {});
  const told = await fetch('/sign-out', { method: 'POST', redirect: 'manual' }).catch(() => null);
  location.assign(told ? '/sign-in?said=signed-out' : '/offline#signed-out');
}
const leaving = pageOf && localStorage.getItem('rollbook-signing-out') === pageOf;
if (leaving) endSession();

if (pageOf) {
  try { localStorage.setItem('rollbook-page-of', pageOf); } catch { /* storage is switched off: the server still looks */ }
  addEventListener('storage', (event) => { if (event.key === 'rollbook-page-of' && event.newValue !== pageOf) location.replace('/'); });
}

/** Makes an element: make('p', {class: 'soft'}, 'text', child). */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value !== null) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** Opens a dialog with these contents and removes it when it closes. Resolves with its return value. */
export function ask(contents, { kind = '', label = null } = {}) {
  const before = document.activeElement;
  const dialog = make('dialog', { class: kind, 'aria-label': label }, ...contents);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((answer) => {
    dialog.addEventListener('close', () => {
      const value = dialog.returnValue;
      dialog.remove();
      if (before && before.isConnected) before.focus({ preventScroll: true });
      answer(value);
    });
  });
}

/** The close button of a panel, first in it so that it has the focus. */
const closing = () => make('form', { method: 'dialog', class: 'close' }, make('button', { class: 'quiet' }, 'Close ', make('kbd', {}, 'Esc')));

/** A form whose buttons close the dialog with their value. */
export function answers(...buttons) {
  return make('form', { method: 'dialog', class: 'acts' },
    ...buttons.map(([value, words, kind]) => make('button', { value, class: kind ?? 'quiet' }, words)));
}

/** Whether typing goes into a field or a grid, where letters are not commands. */
export function isTyping(target) {
  return target instanceof Element
    && (target.isContentEditable || target.closest('input, select, textarea, [role="grid"], [role="listbox"]') !== null);
}

/** Whether single-letter keys are on (WCAG 2.1.4: they can be switched off, in the footer). */
export const singleKeys = () => one('[data-single-keys]')?.checked ?? true;

// Keys for this screen.
function showKeys() {
  const list = one('#keys dl');
  if (!list) return;
  const extra = one('[data-help]');
  ask([closing(), make('h2', {}, 'Keys'), list.cloneNode(true), ...(extra ? [make('hr'), extra.cloneNode(true)] : [])], { label: 'Keys for this screen' });
}

// Hiding the screen: Esc twice. The page stays as it is behind.
let lastEscape = 0;
function hideScreen() {
  const title = document.title;
  document.title = 'Rollbook';
  ask([make('p', {}, 'The screen is hidden.'), answers(['show', 'Show it again', ''])], { kind: 'blank', label: 'The screen is hidden' })
    .then(() => { document.title = title; });
}

document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') {
    const now = Date.now();
    if (now - lastEscape < 500 && !one('dialog.blank')) { event.preventDefault(); hideScreen(); }
    lastEscape = now;
    return;
  }
  if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === 'k') {
    if (event.target instanceof Element && event.target.closest('[role="grid"]')) return; // a register jumps to a name
    const box = one('[data-find] input');
    if (box) { event.preventDefault(); box.focus(); box.select(); }
    return;
  }
  if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === 'z' && !isTyping(event.target)) {
    const undo = one('[data-undo]');
    if (undo) { event.preventDefault(); undo.click(); }
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || one('dialog[open]')) return;
  const inGrid = event.target instanceof Element && event.target.closest('[role="grid"]');
  if (event.key === '?' && (inGrid || !isTyping(event.target)) && singleKeys()) { event.preventDefault(); showKeys(); return; }
  if (isTyping(event.target) || !singleKeys()) return;
  if (event.key === '/') {
    const box = one('[data-find] input');
    if (box) { event.preventDefault(); box.focus(); box.select(); }
  } else if (/^[a-z0-9]$/i.test(event.key)) {
    // A page's own letter: <button data-key="r">. Shown in the button's text.
    const act = all(`[data-key="${event.key.toLowerCase()}"]`).find((element) => element.offsetParent !== null);
    if (act) { event.preventDefault(); act.click(); }
  }
});

// The switch of single-letter keys is kept on this device.
const keySwitch = one('[data-single-keys]');
if (keySwitch) {
  keySwitch.checked = localStorage.getItem('single-keys') !== 'off';
  keySwitch.addEventListener('change', () => localStorage.setItem('single-keys', keySwitch.checked ? 'on' : 'off'));
}

// Look: at once, and kept in the cookie that the server reads.
for (const form of all('[data-look]')) {
  form.addEventListener('change', () => {
    const { theme, density } = Object.fromEntries(new FormData(form));
    root.dataset.theme = theme;
    one('link[data-dark]').media = { light: 'not all', dark: 'screen' }[theme] ?? 'screen and (prefers-color-scheme: dark)';
    root.dataset.density = density;
    document.cookie = `look=${theme}.${density}; path=/; max-age=31536000; samesite=lax`;
  });
}

// The drawer: a page of ours in the panel at the right.
async function openDrawer(link) {
  let body;
  try {
    const answer = await fetch(link.href, { headers: { accept: 'text/html' } });
    if (!answer.ok || answer.redirected) throw new Error('not a panel');
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    body = one('main', page);
  } catch { body = null; }
  if (!body) { location.assign(link.href); return; }
  const heading = one('h1, h2', body)?.textContent ?? link.textContent;
  link.setAttribute('aria-expanded', 'true');
  await ask([closing(), ...[...body.childNodes].map((node) => document.importNode(node, true))], { kind: 'drawer', label: heading });
  link.removeAttribute('aria-expanded');
}

document.addEventListener('click', (event) => {
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (link && event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !link.closest('dialog')) {
    if (link.hasAttribute('data-drawer') || link.closest('[data-year]')) { event.preventDefault(); openDrawer(link); return; }
    if (link.hasAttribute('data-print')) { event.preventDefault(); print(); return; }
  }
  // A click beside the panel or an open menu closes it.
  if (event.target instanceof HTMLDialogElement && event.target.classList.contains('drawer')) {
    const edge = event.target.getBoundingClientRect();
    if (event.clientX < edge.left) event.target.close();
  }
  for (const menu of all('details.menu[open]')) if (!menu.contains(event.target)) menu.open = false;
});

// A year that is wider than the screen shows its newest marks first.
for (const grid of all('[data-year]')) {
  const newest = Math.max(0, ...all('tbody a', grid).map((link) => link.parentElement.offsetLeft + link.parentElement.offsetWidth));
  const pane = grid.closest('.scroll');
  if (pane && newest > pane.clientWidth) pane.scrollLeft = newest - pane.clientWidth;
}

// The year grid says under the pointer what it says to a screen reader.
for (const grid of all('[data-year]')) {
  grid.addEventListener('pointerover', (event) => {
    const link = event.target.closest('a[aria-label]');
    if (link && !link.title) link.title = link.getAttribute('aria-label');
  });
  grid.addEventListener('keydown', (event) => {
    const cell = event.target.closest('td');
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!cell || !step) return;
    event.preventDefault();
    const rows = [...grid.tBodies[0].rows];
    let row = rows.indexOf(cell.parentElement), at = cell.cellIndex, next;
    do { row += step[1]; at += step[0]; next = rows[row]?.cells[at]; } while (next && !one('a', next));
    if (next) one('a', next).focus();
  });
}

// A page that came back from a form begins at its problems, or at what was done: there the next Tab goes on from.
const notice = one('main > .notice[role="status"]');
if (notice) notice.tabIndex = -1;
(one('[data-focus]') ?? notice)?.focus();

// Signing out never drops what waits on this device.
for (const form of all('[data-sign-out]')) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    try {
      const { outbox } = await import('./outbox.js');
      const waiting = await outbox.flushWithin(4000);
      if (waiting.length === 0) { await endSession(); return; }
      const list = make('ul', {}, ...waiting.map((entry) => make('li', {}, `${entry.title}: ${entry.count} ${entry.count === 1 ? 'mark' : 'marks'}${entry.trouble ? `, ${entry.trouble}` : ''}`)));
      const answer = await ask([
        make('h2', {}, 'Some marks have not reached the school yet'), list,
        make('p', {}, 'They are kept on this device, encrypted. Only you can send them: sign in here again, on this device.'),
        answers(['stay', 'Stay signed in', ''], ['go', 'Sign out, marks wait here']),
      ], { label: 'Marks waiting' });
      if (answer === 'go') await endSession();
    } catch { await endSession(); }
  });
}

if (one('[data-find]')) import('./typeahead.js');
if (one('[data-progress]')) import('./progress.js');
if (pageOf && !leaving) import('./ahead.js');

// At the door nobody is signed in: no register stays, and marks that wait are not forgotten.
const door = one('form[action="/sign-in"]');
if (door) {
  localStorage.removeItem('rollbook-signing-out');
  import('./device.js').then(async ({ owners, wipe }) => {
    await wipe();
    const waiting = await owners();
    if (waiting.size === 0) return;
    const days = [...new Set([...waiting.values()].map((made) => new Date(made).toLocaleDateString('en-GB', { weekday: 'short', day: 'numeric', month: 'short' })))];
    door.before(make('div', { class: 'notice heed', role: 'status' }, make('p', {}, `Marks typed on this device on ${days.join(', ')} have not reached the school. Whoever typed them sends them by signing in here.`)));
  }).catch(() => {});
}

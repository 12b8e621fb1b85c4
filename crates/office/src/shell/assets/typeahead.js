// The find box: a combobox over GET /find?q=, which answers [{label, detail, href}] within the person's own scope.
// The pages of the navigation are found too. Without script the same form opens a page of results.

import { make } from './frame.js';

const form = document.querySelector('[data-find]');
const box = form.querySelector('input');
const list = make('ul', { class: 'results', id: 'find-results', role: 'listbox', 'aria-label': 'Found', hidden: '' });
const said = make('span', { class: 'sr', role: 'status' });
form.append(list, said);
for (const [name, value] of [['role', 'combobox'], ['aria-expanded', 'false'], ['aria-controls', 'find-results'], ['aria-autocomplete', 'list'], ['type', 'text']]) box.setAttribute(name, value);

const pages = [...document.querySelectorAll('.bar nav a')].map((link) => ({ label: link.firstChild.textContent.trim(), detail: 'page', href: link.href }));
if (matchMedia('(pointer: coarse)').matches) box.placeholder = box.placeholder.replace(/\s*Ctrl\+K/, ''); // there is no Ctrl+K on a phone
let options = [], at = -1, asked = 0, timer;

function show(found) {
  options = found;
  at = found.length > 0 ? 0 : -1;
  list.replaceChildren(...found.map((entry, index) => {
    const option = make('li', { role: 'option', id: `find-${index}`, 'aria-selected': String(index === at) },
      make('span', {}, entry.label), make('span', { class: 'soft' }, entry.detail ?? ''));
    option.addEventListener('pointerdown', (event) => { event.preventDefault(); at = index; open(); });
    return option;
  }));
  list.hidden = found.length === 0;
  box.setAttribute('aria-expanded', String(!list.hidden));
  point();
}

function point() {
  [...list.children].forEach((option, index) => option.setAttribute('aria-selected', String(index === at)));
  if (at >= 0) { box.setAttribute('aria-activedescendant', `find-${at}`); list.children[at].scrollIntoView({ block: 'nearest' }); }
  else box.removeAttribute('aria-activedescendant');
}

function open() { if (options[at]) location.assign(options[at].href); }

async function find() {
  const words = box.value.trim();
  const mine = ++asked;
  if (words === '') { show([]); said.textContent = ''; return; }
  const ours = pages.filter((page) => page.label.toLowerCase().startsWith(words.toLowerCase()));
  let pupils = [];
  try {
    const answer = await fetch(`/find?q=${encodeURIComponent(words)}`, { headers: { accept: 'application/json' } });
    if (answer.ok && !answer.redirected) pupils = await answer.json();
  } catch { /* without the network the pages of the navigation are still found */ }
  if (mine !== asked) return; // a later question has been asked meanwhile
  const found = [...pupils, ...ours].slice(0, 12);
  show(found);
  said.textContent = found.length === 0 ? 'Nothing found' : `${found.length} found`;
}

box.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(find, 80); });
box.addEventListener('blur', () => show([]));
box.addEventListener('keydown', (event) => {
  if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
    event.preventDefault();
    if (options.length > 0) { at = Math.min(options.length - 1, Math.max(0, at + (event.key === 'ArrowDown' ? 1 : -1))); point(); }
  } else if (event.key === 'Enter' && options[at]) {
    event.preventDefault();
    open();
  } else if (event.key === 'Escape') {
    if (list.hidden) box.value = '';
    show([]);
  }
});

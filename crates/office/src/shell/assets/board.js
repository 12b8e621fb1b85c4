// The board of the morning: keys along the rows, outcomes in a digit, and the parts of the page read again whenever the record moves.
// Every act is the form that stands on the page; without script the same buttons post the same forms.

import { isTyping, singleKeys } from './frame.js';
import { follow } from './live.js';

const board = document.querySelector('[data-board]');
/** The page that is a board: its rows are opened and saved without leaving it. */
const home = location.pathname;
const said = () => board.querySelector('[data-said]');
const tell = (words) => { const line = said(); if (line) line.textContent = words; };

/** Puts the parts of a page that differ in place of those shown. What is being typed, and where the reader stands, stays. */
function put(page, { keepRow }) {
  const fresh = page.querySelector('[data-board]');
  if (!fresh) return;
  board.dataset.seq = fresh.dataset.seq;
  const held = document.activeElement;
  const place = held?.closest?.('tr[data-row]')?.dataset.row;
  const shape = (root) => [...root.querySelectorAll('[data-part]')].map((part) => part.dataset.part).join();
  if (!keepRow && shape(fresh) !== shape(board)) {
    const link = board.querySelector('[data-link]')?.textContent ?? '';
    board.replaceChildren(...[...fresh.childNodes].map((node) => document.importNode(node, true)));
    const line = board.querySelector('[data-link]');
    if (line) line.textContent = link;
  } else {
    for (const part of fresh.querySelectorAll('[data-part]')) {
      if (keepRow && part.dataset.part === 'row') continue;
      const shown = board.querySelector(`[data-part="${part.dataset.part}"]`);
      if (shown && shown.outerHTML !== part.outerHTML) shown.replaceWith(document.importNode(part, true));
    }
  }
  if (held && !held.isConnected && place) board.querySelector(`tr[data-row="${place}"] a`)?.focus();
}

const parse = async (answer) => new DOMParser().parseFromString(await answer.text(), 'text/html');

let reading = false;
let again = false;
/** Reads the page again. One reading at a time; what moves meanwhile is read after it. */
async function read() {
  if (reading) { again = true; return; }
  reading = true;
  try {
    const href = location.href;
    const answer = await fetch(href, { headers: { accept: 'text/html' } });
    // Another row was opened meanwhile: what came back is of the one before it.
    if (href !== location.href) { again = true; return; }
    if (answer.redirected && new URL(answer.url).pathname !== home) { location.reload(); return; }
    if (answer.ok) {
      const page = await parse(answer);
      const form = board.querySelector('[data-outcome]');
      const typing = form && [...form.querySelectorAll('input:not([type="radio"], [type="checkbox"], [type="hidden"]), textarea')].some((field) => field.value !== '');
      const chosen = form?.querySelector('[name="outcome"]:checked') || board.querySelector('.board-row')?.contains(document.activeElement);
      put(page, { keepRow: Boolean(typing || chosen) });
    }
  } catch { live(false); } finally {
    reading = false;
    if (again) { again = false; setTimeout(read, 100); }
  }
}

/** Goes to a page of the board without leaving it. */
async function go(href, { push = true } = {}) {
  const answer = await fetch(href, { headers: { accept: 'text/html' } });
  if (!answer.ok || new URL(answer.url).pathname !== home) { location.assign(href); return; }
  await arrive(answer, push);
}

async function arrive(answer, push) {
  const page = await parse(answer);
  const url = new URL(answer.url);
  url.searchParams.delete('did');
  if (push) history.pushState(null, '', url); else history.replaceState(null, '', url);
  put(page, { keepRow: false });
  tell(page.querySelector('.notice p')?.textContent ?? '');
  rest();
}

/** Where the reader stands after a row was opened or saved: on the row, so that digits are outcomes. */
function rest() {
  const row = board.querySelector('tr.at a') ?? board.querySelector('tr[data-row] a');
  row?.focus({ preventScroll: true });
  board.querySelector('tr.at')?.scrollIntoView({ block: 'nearest' });
}

/** Sends a form of the board and shows what came of it. */
async function send(form, button) {
  const fields = new FormData(form, button);
  const answer = await fetch(form.action, {
    method: 'POST', body: new URLSearchParams(fields), headers: { accept: 'application/json, text/html' },
  });
  if (answer.ok && new URL(answer.url).pathname === home) { await arrive(answer, false); return; }
  if (answer.ok) { location.assign(answer.url); return; }
  const refusal = await answer.json().catch(() => ({ message: 'It could not be saved. Try again.' }));
  tell(refusal.message);
  read();
}

let sending = false;
board.addEventListener('submit', async (event) => {
  const form = event.target;
  if (!form.matches('[data-swap], [data-outcome]')) return;
  event.preventDefault();
  if (sending) return;
  sending = true;
  try { await send(form, event.submitter); } catch { tell('The network did not answer. Nothing is known to be saved: look before you enter it again.'); } finally { sending = false; }
});

board.addEventListener('click', (event) => {
  const link = event.target.closest?.('tr[data-row] th a, [data-close]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  go(link.href);
});
addEventListener('popstate', () => go(location.href, { push: false }));

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
  const typing = isTyping(event.target);
  if (event.key === 'Escape' && board.querySelector('[data-close]') && !typing) { go(board.querySelector('[data-close]').href); return; }
  if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
    const links = [...board.querySelectorAll('tr[data-row] th a')];
    if (links.length === 0 || (typing && !event.target.matches('[data-code]'))) return;
    const at = links.findIndex((link) => link === document.activeElement);
    const to = at < 0 ? 0 : Math.min(links.length - 1, Math.max(0, at + (event.key === 'ArrowDown' ? 1 : -1)));
    event.preventDefault();
    links[to].focus();
    return;
  }
  const form = board.querySelector('[data-outcome]');
  const inRadio = event.target instanceof HTMLInputElement && event.target.type === 'radio';
  if (form && /^[1-9]$/.test(event.key) && singleKeys() && (!typing || inRadio)) {
    const choice = form.querySelector(`[data-digit="${event.key}"]`);
    if (!choice) return;
    event.preventDefault();
    choice.checked = true;
    const code = form.querySelector('[data-code]');
    // Only an accepted reason takes a code; for everything else Enter is next.
    if (code && choice.value === 'reached') code.focus(); else { if (code) code.value = ''; form.querySelector('button').focus(); }
    return;
  }
  if (form && event.key === 'Enter' && inRadio) { event.preventDefault(); form.requestSubmit(); }
});

/** Whether the board follows the record by itself. */
function live(is) {
  const line = board.querySelector('[data-link]');
  if (line) line.textContent = is ? 'live' : 'not live: asked again every few seconds';
}
follow((number) => { if (String(number) !== board.dataset.seq) read(); }, live);
// Times pass without anything being recorded.
setInterval(() => { if (!document.hidden) read(); }, 60_000);

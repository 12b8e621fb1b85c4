// The round of visits: keys along its rows, a row moved by Shift and an arrow, and the page read again when the record moves or time passes.
// Every act is a form that stands on the page; without script the same buttons post the same forms.

import { isTyping } from './frame.js';
import { follow } from './live.js';

const round = document.querySelector('[data-round]');
const links = () => [...round.querySelectorAll('tr[data-row] th a')];

// A row that was opened or moved is the one to go on from.
round.querySelector('tr.at th a')?.focus({ preventScroll: true });
const here = new URL(location.href);
if (here.searchParams.has('did')) {
  here.searchParams.delete('did');
  history.replaceState(null, '', here);
}

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]') || isTyping(event.target)) return;
  const way = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!way || links().length === 0) return;
  event.preventDefault();
  if (event.shiftKey) {
    const button = document.activeElement?.closest?.('tr[data-row]')?.querySelector(`[data-move="${way < 0 ? 'up' : 'down'}"]`);
    button?.click();
    return;
  }
  const all = links();
  const at = all.indexOf(document.activeElement);
  all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + way))].focus();
});

let reading = false;
/** Reads the page again and puts what differs in its place. Where the reader stands, stays. */
async function again() {
  if (reading || document.hidden || isTyping(document.activeElement)) return;
  reading = true;
  try {
    const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
    const page = answer.ok ? new DOMParser().parseFromString(await answer.text(), 'text/html') : null;
    const fresh = page?.querySelector('[data-round]');
    if (!fresh || isTyping(document.activeElement)) return;
    round.dataset.seq = fresh.dataset.seq;
    if (fresh.innerHTML === round.innerHTML) return;
    const row = document.activeElement?.closest?.('tr[data-row]')?.dataset.row;
    round.replaceChildren(...[...fresh.childNodes].map((node) => document.importNode(node, true)));
    if (row) round.querySelector(`tr[data-row="${row}"] th a`)?.focus({ preventScroll: true });
  } catch { /* The network is away: the next reading tries again. */ } finally { reading = false; }
}

follow((number) => { if (String(number) !== round.dataset.seq) again(); });
// A pair is overdue without anything being recorded.
setInterval(again, 30_000);

// On every page of somebody who is signed in: keeps today's registers on this device, sends what waits, and says what needs them.

import { make } from './frame.js';
import { keep, keepSheet, kept, owners, settled, store, wipe } from './device.js';

const person = document.querySelector('meta[name="person"]').content;
const open = document.querySelector('[data-register]')?.dataset.path ?? null;
const FRESH_FOR = 5 * 60 * 1000;

/** Asks the server for today's registers, and for those that are open beside one's own. */
export async function fetchAhead() {
  const found = await kept();
  const paths = new Set((found?.registers ?? []).map((register) => register.page));
  if (open) paths.add(open);
  const answer = await fetch(`/offline/registers?open=${encodeURIComponent([...paths].join(','))}`, { headers: { accept: 'application/json' } });
  if (!answer.ok) return;
  const given = await answer.json();
  if (given.of === person) await keep(given);
}

/** Pages that work without a network, where this person may open them: fetched now and then, so that they are here when the network is not. */
async function fetchSheets() {
  for (const page of ['/door', '/fire']) {
    if (!document.querySelector(`.bar nav a[href="${page}"]`) || location.pathname === page) continue;
    const entry = await settled((await store('sheets')).get(page));
    if (entry && entry.owner === person && Date.now() + entry.ahead - entry.told < FRESH_FOR) continue;
    const answer = await fetch(`${page}/ahead`, { headers: { accept: 'application/json' } });
    if (answer.ok) await keepSheet(page, await answer.json());
  }
}

/** Says on the page of registers what is kept here, and offers to install. */
async function tell() {
  const place = document.querySelector('[data-on-device]');
  const found = place && await kept();
  if (!found) return;
  const time = new Date(found.at + found.ahead).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: 'Europe/London' });
  const count = found.registers.length;
  place.replaceChildren(make('p', {}, `Without a network: ${count} ${count === 1 ? 'register' : 'registers'} of today can be taken on this device, as of ${time}. They are encrypted here and go when you sign out, or when the day ends.`));
  addEventListener('beforeinstallprompt', (event) => {
    event.preventDefault();
    const button = make('button', { type: 'button', class: 'quiet' }, 'Install Rollbook on this device');
    button.addEventListener('click', () => { event.prompt(); button.remove(); });
    place.append(button);
  });
}

/** What an earlier page left is sent from any page; what was not taken is said on it. */
async function send() {
  if (open || !(await owners()).has(person)) return;
  const [{ outbox }, { marks, signedOut, troubles }] = await Promise.all([import('./outbox.js'), import('./waiting.js')]);
  const banner = make('div', { 'data-waiting': '' });
  document.querySelector('main').prepend(banner);
  const show = async () => {
    const entries = await outbox.entries();
    const count = entries.filter((entry) => !entry.trouble).reduce((sum, entry) => sum + entry.changes.length, 0);
    const parts = troubles(entries);
    if (outbox.state === 'signed-out') parts.unshift(signedOut(location.pathname));
    else if (count > 0) parts.unshift(make('div', { class: 'notice heed', role: 'status' }, make('p', {}, `${marks(count)} typed on this device ${count === 1 ? 'waits' : 'wait'} to be sent.`)));
    banner.replaceChildren(...parts);
  };
  outbox.addEventListener('waiting', show);
  show();
}

async function begin() {
  await wipe(person); // another person's registers have no place here any more
  await send();
  const [entry] = await settled((await store('registers')).getAll());
  const isFresh = entry && Date.now() - entry.at < FRESH_FOR && Date.now() >= entry.at;
  const hasOpen = !open || (await kept())?.registers.some((register) => register.page === open);
  if (!isFresh || !hasOpen) await fetchAhead();
  await fetchSheets();
  await tell();
}

if ('serviceWorker' in navigator) {
  navigator.serviceWorker.register('/worker.js', { updateViaCache: 'none' }).catch(() => {});
  // A page that was being loaded while the worker took the others over is not the worker's yet: it asks to be.
  navigator.serviceWorker.ready.then(({ active }) => { if (!navigator.serviceWorker.controller) active.postMessage('claim'); });
}
begin().catch(() => {}); // no safe place here: the pages work all the same

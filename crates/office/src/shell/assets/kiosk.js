// The kiosk at the entrance: a pupil scans a card, or touches the tutor group and three letters of a name, and is in.
//
// No pupil is kept on this device: a card goes to the school as it was scanned, and names come from the school for what was touched. Without a
// network both wait in the outbox as they are, under a name of their own, and count once, from when they were typed.

import { make } from './frame.js';
import { keepSheet, sheet, wipe } from './device.js';

const PATH = '/kiosk';
const root = document.querySelector('[data-kiosk]');
// What waits here belongs to the kiosks of this school, and to nobody who signs in. Said before the outbox looks whose it is; on the page for no
// network it is said already.
if (!document.querySelector('meta[name="person"]')) document.head.append(make('meta', { name: 'person', content: root.dataset.kiosk }));
const owner = document.querySelector('meta[name="person"]').content;
const { outbox } = await import('./outbox.js');
const LOOK_EVERY = 60_000;
/** A scanner types faster than this. */
const SCANNER_MS = 120;
const SHORTEST_CARD = 3;
const LETTERS = 3;
/** So long the answer is waited for before the page says that it is kept here. */
const PATIENCE = 2_500;
const THANKS_FOR = 9_000;
const THANKS_AFTER_REASON = 3_500;
const BACK_TO_START = 30_000;

const newKey = () => `${Date.now().toString(36)}-${[...crypto.getRandomValues(new Uint8Array(9))].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
const clock = (time) => new Date(time).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: 'Europe/London' });
const now = () => Date.now() + (here?.ahead ?? 0);

let here = null, ended = false, leaving;
/** The arrival that is on the screen: what was sent of it, and what the school said. */
let shown = null;

const place = make('div', { class: 'kiosk-place' });
const foot = make('p', { class: 'soft kiosk-foot', role: 'status' });

const button = (words, act, kind = '') => { const one = make('button', { type: 'button', class: kind }, words); one.addEventListener('click', act); return one; };

/** Puts a screen up; it goes back to the first by itself. */
function put(name, focus, ...children) {
  clearTimeout(leaving);
  root.dataset.screen = name;
  place.replaceChildren(...children);
  (typeof focus === 'string' ? place.querySelector(focus) : focus)?.focus({ preventScroll: true });
}

const later = (time) => { clearTimeout(leaving); leaving = setTimeout(start, time); };

function start() {
  shown = null;
  if (ended) { over(); return; }
  const box = make('input', { id: 'card', autocomplete: 'off', spellcheck: 'false', inputmode: 'none', 'data-card': '' });
  put('start', box, make('h1', {}, 'Late? Scan your card'), make('p', { class: 'kiosk-clock', 'data-clock': '' }, clock(now())),
    make('label', { for: 'card', class: 'soft' }, 'Card or code'), box,
    make('div', { class: 'kiosk-acts' }, button('No card? Touch your name', chooseForm)));
  showWaiting();
}

function over() {
  put('ended', null, make('h1', {}, 'This kiosk has ended'), make('p', {}, 'Please go to the office to sign in.'));
  showWaiting();
}

function chooseForm() {
  const forms = here?.forms ?? [];
  put('form', 'button', make('h1', {}, 'Your tutor group?'), make('div', { class: 'kiosk-keys' }, ...forms.map((form) => button(form, () => chooseLetters(form, '')))), back());
  later(BACK_TO_START);
}

const back = () => make('div', { class: 'kiosk-acts' }, button('Back to the start', start, 'quiet'));

function chooseLetters(form, letters) {
  const keys = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'].map((letter) => button(letter, () => {
    const all = letters + letter;
    if (all.length >= LETTERS) choose(form, all); else chooseLetters(form, all);
  }));
  const undo = button('Delete', () => chooseLetters(form, letters.slice(0, -1)), 'quiet');
  const whole = button('That is my whole name', () => choose(form, letters), 'quiet');
  const typed = letters.padEnd(LETTERS, '·').split('').join(' ');
  put('letters', 'button', make('h1', {}, 'The first three letters of your name'), make('p', { class: 'soft' }, `${form}. Forename or surname.`),
    make('p', { class: 'kiosk-typed', role: 'status', 'aria-label': letters || 'nothing touched' }, typed), make('div', { class: 'kiosk-keys letters' }, ...keys),
    make('div', { class: 'kiosk-acts' }, ...(letters ? [undo, whole] : []), button('Back to the start', start, 'quiet')));
  later(BACK_TO_START);
}

async function choose(form, letters) {
  const touched = { form, letters };
  put('choose', null, make('h1', {}, 'One moment'));
  let found;
  try {
    const answer = await fetch('/kiosk/find', { method: 'POST', headers: { 'content-type': 'application/json', accept: 'application/json' }, body: JSON.stringify(touched) });
    if (answer.status === 401) { ended = true; start(); return; }
    if (!answer.ok) throw new Error(String(answer.status));
    ({ found } = await answer.json());
  } catch { found = null; }
  if (root.dataset.screen !== 'choose') return; // somebody scanned a card meanwhile
  if (found === null) {
    put('choose', 'button', make('h1', {}, `${letters} in ${form}?`), make('p', {}, 'The school cannot be reached just now. You can sign in all the same.'),
      make('div', { class: 'kiosk-acts' }, button('Yes, that is me', () => arrive({ touched })), button('No', start, 'quiet')));
  } else if (found.length === 0) {
    put('choose', 'button', make('h1', {}, 'Nobody found'), make('p', {}, `No name in ${form} begins with ${letters}. Try again, or go to the office.`),
      make('div', { class: 'kiosk-acts' }, button('Try again', chooseForm), button('Back to the start', start, 'quiet')));
  } else {
    put('choose', 'button', make('h1', {}, 'Which is you?'), make('div', { class: 'kiosk-names' }, ...found.map((one) => button(`${one.name} ${form}`, () => arrive({ pupil: one.e })))),
      make('div', { class: 'kiosk-acts' }, button('I am not here', () => unknown(), 'quiet'), button('Back to the start', start, 'quiet')));
  }
  later(BACK_TO_START);
}

function unknown() {
  put('thanks', 'button', make('h1', {}, 'Please go to the office'), make('p', {}, 'They sign you in there.'), back());
  later(THANKS_FOR);
}

const send = (one) => outbox.add(PATH, 'Kiosk', [{ enrolment: one.key, card: one.card, pupil: one.pupil, touched: one.touched, made: one.made, reason: one.reason ?? null, undo: one.undo || undefined, code: one.at }]);

async function arrive(who) {
  const one = { key: newKey(), made: Date.now(), at: clock(now()), ...who };
  shown = one;
  thanks(one, { state: 'waiting', words: 'One moment', then: '', asks_why: false });
  setTimeout(() => {
    if (shown === one && !one.told) thanks(one, { state: 'kept', words: `Thank you. You are noted at ${one.at}.`, then: 'Go straight to your lesson.', asks_why: true });
  }, PATIENCE);
  await send(one);
}

/** What the school says to whoever stands there; with the reasons, where it asks for one. */
function thanks(one, told) {
  const reasons = told.asks_why ? (here?.reasons ?? []).map((reason) => {
    const pick = button(reason, () => { one.reason = reason; send(one); thanks(one, { ...told, reason }); later(THANKS_AFTER_REASON); }, one.reason === reason ? '' : 'quiet');
    pick.setAttribute('aria-pressed', String(one.reason === reason));
    return pick;
  }) : [];
  const mine = ['in', 'office', 'kept', 'early'].includes(told.state) && !one.undo;
  put('thanks', null, make('h1', { 'data-told': told.state, tabindex: '-1' }, told.words), make('p', { class: 'kiosk-then' }, told.then),
    ...(reasons.length > 0 ? [make('h2', {}, one.reason ? 'Thank you for telling us.' : 'Why were you late?'), make('div', { class: 'kiosk-names', role: 'group', 'aria-label': 'Why were you late?' }, ...reasons)] : []),
    make('div', { class: 'kiosk-acts' }, button('Done', start), ...(mine ? [button('That is not me', () => { one.undo = true; send(one); thanks(one, { state: 'undone', words: 'That is taken back.', then: 'Try again, or go to the office.', asks_why: false }); }, 'quiet')] : []),
      ...(told.state === 'unknown' ? [button('Touch your name', chooseForm, 'quiet')] : [])));
  place.querySelector('h1').focus({ preventScroll: true });
  later(THANKS_FOR);
}

outbox.addEventListener('results', ({ detail }) => {
  if (detail.path !== PATH || !shown) return;
  const result = detail.results.find((one) => one.enrolment === shown.key);
  // A later word about it is still on its way: what the school says to that one counts.
  if (!result?.shown || shown.undo || (shown.told && shown.reason)) return;
  const first = !shown.told;
  shown.told = true;
  if (first) thanks(shown, result.shown);
});

async function showWaiting() {
  const entries = (await outbox.entries()).filter((entry) => entry.path === PATH);
  const count = entries.reduce((sum, entry) => sum + entry.changes.length, 0);
  const said = `${count} ${count === 1 ? 'arrival is' : 'arrivals are'} kept on this device`;
  const words = count === 0 ? '' : outbox.state === 'signed-out' || ended ? `${said} and ${count === 1 ? 'goes' : 'go'} in when a kiosk is started here again.`
    : outbox.state === 'offline' ? `No network: ${said} and ${count === 1 ? 'goes' : 'go'} in by ${count === 1 ? 'itself' : 'themselves'}.` : '';
  foot.textContent = [here ? `${here.school}, ${here.place}.` : '', words].join(' ').trim();
}

outbox.addEventListener('waiting', showWaiting);

// A scanner types anywhere on the page and ends with Enter.
let scanned = '', scannedAt = 0;
document.addEventListener('keydown', (event) => {
  const box = place.querySelector('[data-card]');
  if (event.key === 'Enter') {
    const card = (box && document.activeElement === box ? box.value : scanned).trim();
    scanned = '';
    if (card.length < SHORTEST_CARD || ended) return;
    event.preventDefault();
    arrive({ card });
  } else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey && document.activeElement !== box) {
    scanned = (event.timeStamp - scannedAt < SCANNER_MS ? scanned : '') + event.key;
    scannedAt = event.timeStamp;
  }
});
// A touch beside everything leaves the scanner where it types.
document.addEventListener('pointerup', (event) => { if (!(event.target instanceof Element && event.target.closest('button, input, a'))) place.querySelector('[data-card]')?.focus(); });

async function look() {
  try {
    const answer = await fetch('/kiosk/ahead', { headers: { accept: 'application/json' } });
    if (answer.status === 401) { ended = true; if (!shown) start(); return; }
    if (!answer.ok) return;
    const given = await answer.json();
    await keepSheet(PATH, given).catch(() => {});
    here = { ...given, ahead: given.now - Date.now() };
    // The page for no network gives way to the whole page once the school is reached and nobody stands there.
    if (document.querySelector('[data-network]') && root.dataset.screen === 'start') location.reload();
  } catch { /* as before, from this device */ }
}

async function begin() {
  if (!document.querySelector('link[href$="/door.css"]')) document.head.append(make('link', { rel: 'stylesheet', href: new URL('door.css', import.meta.url).pathname }));
  root.classList.add('kiosk');
  await look();
  if (!here) here = await sheet(PATH).catch(() => null);
  wipe(owner).catch(() => {}); // what the person who started it had on this device
  root.replaceChildren(place, foot);
  start();
  setInterval(look, LOOK_EVERY);
  setInterval(() => { const at = place.querySelector('[data-clock]'); if (at) at.textContent = clock(now()); }, 1000);
}

// The worker keeps this page for a morning without a network.
navigator.serviceWorker?.register('/worker.js', { updateViaCache: 'none' }).catch(() => {});
navigator.serviceWorker?.ready.then(({ active }) => { if (!navigator.serviceWorker.controller) active.postMessage('claim'); });
begin();

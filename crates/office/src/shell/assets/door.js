// The late door: three letters and Enter sign a pupil in; a digit gives the reason of the last one; a card's number is typed by its scanner.
//
// The page draws itself from what the server gave ahead (GET /door/ahead), which is kept on this device until the day ends, so it works the
// same without a network. Each arrival has a name of its own and goes through the outbox: it is sent until it is answered, and counts once.

import { make } from './frame.js';
import { keepSheet, sheet } from './device.js';
import { outbox } from './outbox.js';
import { signedOut, troubles } from './waiting.js';

const PATH = '/door';
const root = document.querySelector('[data-door]');
const LOOK_EVERY = 60_000;
/** A scanner types faster than this; a person's digit stands alone for longer. */
const SCANNER_MS = 250;

const fold = (text) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().replace(/’/g, "'").replace(/ł/g, 'l').replace(/ø/g, 'o').replace(/đ/g, 'd');
const words = (text) => fold(text).split(/[\s,-]+/).filter((word) => word !== '');
const clock = (time) => new Date(time).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: 'Europe/London' });
const newKey = () => `${Date.now().toString(36)}-${[...crypto.getRandomValues(new Uint8Array(9))].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
const times = (number) => (number === 1 ? 'once' : `${number} times`);

let here, found = [], at = 0, scanning;
const arrivals = new Map();

const box = make('input', { id: 'who', autocomplete: 'off', spellcheck: 'false', role: 'combobox', 'aria-expanded': 'false', 'aria-controls': 'who-found', 'aria-autocomplete': 'list', autofocus: '' });
const list = make('ul', { class: 'results', id: 'who-found', role: 'listbox', 'aria-label': 'Pupils', hidden: '' });
const last = make('section', { class: 'last', 'aria-live': 'polite', 'aria-label': 'The last arrival' });
const log = make('div');
const banner = make('div', { 'data-waiting': '' });

/** The school's moment: the server's clock, as far as this device knows it. */
const now = () => Date.now() + (here?.ahead ?? 0);
const running = () => here.sessions.findLast((one) => one.opens <= now());
const isIn = (pupil) => pupil.here || [...arrivals.values()].some((one) => one.e === pupil.e && !one.undone && one.session === running()?.name);

/** Whom the typed letters may mean: whoever is not in yet first, then by surname. */
function sought(text) {
  const card = here.pupils.filter((pupil) => pupil.card === text.trim());
  if (card.length > 0) return card;
  const typed = words(text);
  if (typed.length === 0) return [];
  const fits = here.pupils.filter((pupil) => { const names = words(pupil.find); return typed.every((word) => names.some((name) => name.startsWith(word))); });
  const rank = (pupil) => (isIn(pupil) ? 2 : 0) + (pupil.find.startsWith(typed[0]) ? 0 : 1);
  return fits.map((pupil) => [rank(pupil), pupil]).sort((a, b) => a[0] - b[0]).slice(0, 8).map(([, pupil]) => pupil);
}

function show() {
  list.replaceChildren(...found.map((pupil, index) => {
    const option = make('li', { role: 'option', id: `who-${index}`, 'aria-selected': String(index === at) }, make('span', {}, pupil.name),
      make('span', { class: 'soft' }, `${pupil.form}${isIn(pupil) ? ' · in' : ''}`));
    option.addEventListener('pointerdown', (event) => { event.preventDefault(); signIn(pupil); });
    return option;
  }));
  list.hidden = found.length === 0;
  box.setAttribute('aria-expanded', String(found.length > 0));
  if (found.length > 0) box.setAttribute('aria-activedescendant', `who-${at}`); else box.removeAttribute('aria-activedescendant');
}

function clear() { box.value = ''; found = []; at = 0; show(); }

/** Something that is wrong with what was typed. */
function say(text) {
  delete last.dataset.key;
  last.replaceChildren(make('p', { class: 'notice grave' }, text));
}

/** What an arrival makes by the school's times, until the server has said it. */
function guess() {
  const session = running();
  if (!session || now() <= session.opens) return '';
  return now() < session.closes ? 'L' : now() < session.ends ? 'U' : '';
}

/** One arrival at a time goes to the outbox, with all that is known of it: a later word about it takes the place of an earlier one. */
function send(one) {
  return outbox.add(PATH, 'Late door', [{ enrolment: one.key, pupil: one.e, made: one.made, reason: one.reason ?? null, undo: one.undone || undefined, code: `${one.name} at ${one.at}` }]);
}

async function signIn(pupil) {
  clear();
  const known = [...arrivals.values()].find((one) => one.e === pupil.e && !one.undone && one.session === (running()?.name ?? one.session));
  if (known) { tell(known, `Signed in already at ${known.at}.`); return; }
  const one = { key: newKey(), e: pupil.e, name: pupil.name, form: pupil.form, at: clock(now()), session: running()?.name ?? '', code: guess(), minutes: null, outcome: 'waiting', said: '', reason: null,
    lates: pupil.lates + 1, counted: '', reached: '', next: '', gently: pupil.gently, undone: false, made: Date.now() };
  arrivals.set(one.key, one);
  tell(one);
  draw();
  await send(one);
}

async function because(reason) {
  const one = latest();
  if (!one) return;
  one.reason = reason;
  one.made ??= Date.now();
  tell(one);
  draw();
  await send(one);
}

async function takeBack() {
  const one = latest();
  if (!one) return;
  one.undone = true;
  one.made ??= Date.now();
  tell(one);
  draw();
  await send(one);
}

/** The arrival that keys speak of: the last one typed here, or the one that was picked. */
const latest = () => { const one = arrivals.get(last.dataset.key); return one && !one.undone ? one : undefined; };

/** The last arrival, large: who, when, what it makes, how often, what comes next, and the reasons by their keys. */
function tell(one, first = '') {
  const face = { L: 'l', U: 'u' }[one.code] ?? 'm';
  const state = one.outcome === 'waiting' ? 'Kept on this device until the school is reached.' : one.said;
  const lines = [one.undone ? 'Taken back.' : first, state].filter((text) => text);
  const steps = [`Late ${times(one.lates)} this half-term${one.counted ? `; ${one.counted}` : ''}.`, one.reached && `${one.reached}.`, one.next && `Next, ${one.next}.`].filter((text) => text);
  const reasons = here.reasons.map((reason, index) => {
    const button = make('button', { type: 'button', class: one.reason === reason ? '' : 'quiet', 'aria-pressed': String(one.reason === reason) }, make('kbd', {}, index + 1), ` ${reason}`);
    button.addEventListener('click', () => { because(reason); box.focus(); });
    return button;
  });
  const undo = make('button', { type: 'button', class: 'quiet' }, 'Take back ', make('kbd', {}, 'Ctrl+Z'));
  undo.addEventListener('click', () => { takeBack(); box.focus(); });
  const slip = make('a', { class: 'button quiet', href: `/door/slip/${one.key}?print=yes`, target: '_blank', rel: 'opener' }, 'Print a slip');
  last.dataset.key = one.key;
  last.dataset.outcome = one.outcome;
  last.replaceChildren(
    make('h2', {}, `${one.name} `, make('small', {}, `${one.form}, ${one.at} `), make('span', { class: `mk ${face}` }, one.code || '·'), ...(one.gently ? [' ', make('a', { class: 'flag', href: '/pupils' }, 'ask gently')] : [])),
    ...lines.map((text) => make('p', {}, text)), make('p', { class: 'soft' }, steps.join(' ')),
    ...(one.undone ? [] : [make('div', { class: 'acts', role: 'group', 'aria-label': 'Reason' }, ...reasons)]),
    ...(one.undone ? [] : [make('p', { class: 'acts' }, undo, ...(one.outcome === 'waiting' ? [] : [slip]))]));
}

/** The name of an arrival, which shows it again: for its reason, or to take it back. */
function pick(one) {
  const button = make('button', { type: 'button', class: 'link' }, one.name);
  button.addEventListener('click', () => { tell(arrivals.get(one.key) ?? one); box.focus(); });
  return button;
}

/** Today's arrivals, the newest first. */
function draw() {
  const rows = [...arrivals.values()].sort((a, b) => b.at.localeCompare(a.at) || (b.made ?? 0) - (a.made ?? 0)).slice(0, 60).map((one) => make('tr', {},
    make('th', { scope: 'row' }, pick(one)), make('td', { 'data-label': 'Tutor group' }, one.form), make('td', { 'data-label': 'Arrived' }, one.at),
    make('td', { 'data-label': 'Mark' }, make('span', { class: `mk ${{ L: 'l', U: 'u' }[one.code] ?? 'm'}` }, one.code || '·')), make('td', { 'data-label': 'Reason' }, one.reason ?? ''),
    make('td', { 'data-label': 'In the register' }, one.undone ? 'taken back' : one.outcome === 'waiting' ? 'waits on this device' : one.said)));
  if (rows.length === 0) { log.replaceChildren(); return; }
  const heads = ['Pupil', 'Tutor group', 'Arrived', 'Mark', 'Reason', 'In the register'].map((label) => make('th', { scope: 'col' }, label));
  log.replaceChildren(make('div', { class: 'scroll' }, make('table', { class: 'list stacked' }, make('caption', {}, 'Today, the newest first'), make('thead', {}, make('tr', {}, ...heads)), make('tbody', {}, ...rows))));
}

box.addEventListener('input', () => {
  clearTimeout(scanning);
  const digit = /^[1-9]$/.exec(box.value) && here.reasons[Number(box.value) - 1];
  if (digit && latest()) {
    scanning = setTimeout(() => { if (/^[1-9]$/.test(box.value)) { clear(); because(digit); } }, SCANNER_MS);
    return;
  }
  at = 0;
  found = sought(box.value);
  show();
});

box.addEventListener('keydown', (event) => {
  if ((event.key === 'ArrowDown' || event.key === 'ArrowUp') && found.length > 0) {
    event.preventDefault();
    at = Math.min(found.length - 1, Math.max(0, at + (event.key === 'ArrowDown' ? 1 : -1)));
    show();
  } else if (event.key === 'Enter') {
    event.preventDefault();
    clearTimeout(scanning);
    const chosen = found[at] ?? sought(box.value)[0];
    const isCard = chosen?.card === box.value.trim();
    if (isCard && found.length > 1) say('Two pupils have this card on record. Sign in by name, and put the record right.');
    else if (chosen) signIn(chosen);
    else if (box.value.trim()) { say(`Nobody on roll today is called “${box.value.trim()}”, and it is nobody’s card.`); box.select(); }
  } else if (event.key === 'Escape') clear();
  else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'z' && box.value === '') { event.preventDefault(); takeBack(); }
});

/** Takes what the server gave over what was there, but for what still waits here. */
function take(given) {
  here = given;
  for (const one of given.arrivals) if (!arrivals.get(one.key)?.made || arrivals.get(one.key).outcome !== 'waiting') arrivals.set(one.key, { ...one, made: arrivals.get(one.key)?.made });
}

async function fetchDoor() {
  const answer = await fetch('/door/ahead', { headers: { accept: 'application/json' } });
  if (!answer.ok) throw new Error(String(answer.status));
  const given = await answer.json();
  await keepSheet(PATH, given).catch(() => {});
  return { ...given, ahead: given.now - Date.now() };
}

/** What waits here and was typed before this page was loaded. */
async function takeWaiting() {
  for (const entry of (await outbox.entries()).filter((one) => one.path === PATH)) {
    for (const change of entry.changes) {
      const pupil = here.pupils.find((one) => one.e === change.pupil);
      const known = arrivals.get(change.enrolment);
      if (pupil && !known) arrivals.set(change.enrolment, { key: change.enrolment, e: pupil.e, name: pupil.name, form: pupil.form, at: clock(change.made + here.ahead), session: '', code: '', outcome: 'waiting', said: '',
        reason: change.reason, lates: pupil.lates + 1, counted: '', reached: '', next: '', gently: pupil.gently, undone: Boolean(change.undo), made: change.made });
    }
  }
}

async function showWaiting() {
  const entries = (await outbox.entries()).filter((entry) => entry.path === PATH);
  const parts = troubles(entries);
  const count = entries.filter((entry) => !entry.trouble).reduce((sum, entry) => sum + entry.changes.length, 0);
  if (outbox.state === 'signed-out') parts.unshift(signedOut(PATH));
  else if (outbox.state === 'offline' && count > 0) parts.unshift(make('div', { class: 'notice heed', role: 'status' }, make('p', {}, `No network: ${count} ${count === 1 ? 'arrival is' : 'arrivals are'} kept on this device and ${count === 1 ? 'goes' : 'go'} in by ${count === 1 ? 'itself' : 'themselves'}.`)));
  banner.replaceChildren(...parts);
}

outbox.addEventListener('waiting', showWaiting);
outbox.addEventListener('results', ({ detail }) => {
  if (detail.path !== PATH) return;
  for (const result of detail.results) {
    if (!result.shown) continue;
    const before = arrivals.get(result.enrolment);
    const one = { ...result.shown, made: before?.made };
    // A reason that was given since this was sent is still on its way.
    if (before?.reason && !one.reason) one.reason = before.reason;
    arrivals.set(one.key, one);
    if (last.dataset.key === one.key) tell(one);
  }
  draw();
});

async function begin() {
  if (!document.querySelector('link[href$="/door.css"]')) document.head.append(make('link', { rel: 'stylesheet', href: new URL('door.css', import.meta.url).pathname }));
  try { take(await fetchDoor()); } catch { take((await sheet(PATH)) ?? { pupils: [], arrivals: [], reasons: [], sessions: [], ahead: 0 }); }
  await takeWaiting();
  root.replaceChildren(banner, make('div', { class: 'door-box' }, make('label', { for: 'who' }, 'Who has come late?'), make('div', { class: 'find' }, box, list)), last, log);
  draw();
  showWaiting();
  box.focus();
  setInterval(async () => { if (document.visibilityState === 'visible') { try { take(await fetchDoor()); draw(); } catch { /* as before, from this device */ } } }, LOOK_EVERY);
}

begin();

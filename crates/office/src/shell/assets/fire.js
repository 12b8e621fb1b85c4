// The fire list: forms as tiles with how many are still to be found, a tap ticks somebody off, and several phones count as one.
//
// It draws itself from what the server gave ahead (GET /fire/ahead), which is kept on this device until the day ends. A tick is a word under a
// name of its own and goes through the outbox: with or without a network, once. Of two words about one person the later counts, on the school's
// clock, and of two at the same moment the one that says "not found".

import { make } from './frame.js';
import { keepSheet, sheet } from './device.js';
import { outbox } from './outbox.js';
import { signedOut, troubles } from './waiting.js';

const PATH = '/fire';
const root = document.querySelector('[data-fire]');
const LOOK_EVERY = 3_000;
const FRESH_EVERY = 60_000;
const OWN_CALL = 'rollbook-fire-call';

let here, open = null, sheetTold = 0;
/** `pupil 12` to {seen, at}: what this device knows, its own ticks among it. */
const ticks = new Map();
const keyOf = (person) => `${person.who} ${person.id}`;
const newKey = () => `${Date.now().toString(36)}-${[...crypto.getRandomValues(new Uint8Array(9))].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
const now = () => Date.now() + (here?.ahead ?? 0);
const isFound = (person) => ticks.get(keyOf(person))?.seen === true;
const isLookedFor = (person) => person.place === 'in' || person.place === 'unknown';

/** The roll call under way as this device names it: {key, drill, began (by this device's clock)}; nothing while there is none. */
let call = null;
/** An ended roll call that was put aside here. */
let aside = null;
const ownCall = () => { try { const kept = JSON.parse(sessionStorage.getItem(OWN_CALL) ?? localStorage.getItem(OWN_CALL)); return kept?.day === here.day ? kept : null; } catch { return null; } };
const keepCall = () => { try { if (call) localStorage.setItem(OWN_CALL, JSON.stringify({ ...call, day: here.day })); else localStorage.removeItem(OWN_CALL); } catch { /* this page knows it all the same */ } };

const head = make('div', { class: 'fire-head' });
const banner = make('div', { 'data-waiting': '' });
const tiles = make('div', { class: 'tiles' });
const people = make('div');
const said = make('p', { class: 'sr', role: 'status' });

function say(word) {
  const one = { enrolment: newKey(), call: call.key, drill: call.drill, began: call.began, made: Date.now(), code: word.what === 'tick' ? `${word.name}: ${word.seen ? 'found' : 'not found'}` : word.what, ...word };
  return outbox.add(PATH, 'Fire list', [one]);
}

function begin(drill) {
  call = { key: newKey(), drill, began: Date.now(), ended: false };
  ticks.clear();
  keepCall();
  draw();
  say({ what: 'begin' });
}

function end() {
  const note = head.querySelector('input')?.value ?? '';
  say({ what: 'end', note });
  call.ended = true;
  keepCall();
  draw();
}

function tick(person) {
  if (!call || call.ended) return;
  const seen = !isFound(person);
  ticks.set(keyOf(person), { seen, at: now() });
  said.textContent = `${person.name} ${seen ? 'found' : 'not found'}`;
  draw();
  say({ what: 'tick', who: person.who, id: person.id, seen, name: person.name });
}

const minutes = (time) => { const seconds = Math.max(0, Math.floor(time / 1000)); return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`; };

function forms() {
  const found = new Map();
  for (const person of here.people) { if (!found.has(person.form)) found.set(person.form, []); found.get(person.form).push(person); }
  const last = (name) => (name === 'Staff' ? 1 : name === 'Visitors' ? 2 : 0);
  return [...found].sort(([a], [b]) => last(a) - last(b) || a.localeCompare(b, 'en', { numeric: true }));
}

const button = (words, act, kind = '') => { const one = make('button', { type: 'button', class: kind }, ...words); one.addEventListener('click', act); return one; };

function drawHead() {
  const wanted = here.people.filter(isLookedFor);
  const missing = wanted.filter((person) => !isFound(person)).length;
  if (!call) {
    head.replaceChildren(make('p', {}, make('b', {}, wanted.length), ' to be found: on site, or nobody knows (R-035).'),
      make('p', { class: 'acts' }, button(['Alarm: begin the roll call'], () => begin(false), 'grave'), button(['Begin a drill'], () => begin(true), 'quiet')));
    return;
  }
  const kind = call.drill ? 'Drill' : 'Roll call';
  const clock = make('span', { 'data-clock': '' }, call.ended ? 'ended' : minutes(Date.now() - call.began));
  const words = missing === 0 ? ' everybody is found' : ` of ${wanted.length} not found yet`;
  const note = head.querySelector('input') ?? make('input', { 'aria-label': 'Note for the record', placeholder: 'Note for the record', maxlength: '400' });
  head.replaceChildren(make('p', { class: 'big', 'data-missing': missing }, make('b', { class: missing === 0 ? 'good' : 'loud' }, missing), `${words}. ${kind}: `, clock),
    call.ended ? make('p', { class: 'acts' }, button(['Begin another'], () => { aside = call.id ?? null; call = null; keepCall(); ticks.clear(); draw(); }, 'quiet')) : make('p', { class: 'acts' }, note, button(['End'], end, 'quiet')));
}

function drawTiles() {
  const shown = forms().map(([name, own]) => {
    const missing = own.filter((person) => isLookedFor(person) && !isFound(person)).length;
    const one = button([make('b', {}, missing), ` ${name}`], () => { open = open === name ? null : name; draw(); if (open) people.querySelector('h2')?.focus(); }, `tile${missing === 0 ? ' done' : ''}`);
    one.setAttribute('aria-expanded', String(open === name));
    one.setAttribute('aria-label', `${missing} ${name}, to be found`);
    one.dataset.person = `form ${name}`;
    return one;
  });
  tiles.replaceChildren(...shown);
}

const WORDS = { in: '', unknown: 'nobody knows', out: 'signed out', away: 'not expected' };

function drawPeople() {
  const own = forms().find(([name]) => name === open)?.[1];
  if (!own) { people.replaceChildren(); return; }
  const order = (person) => (isLookedFor(person) ? 0 : 1);
  const rows = [...own].sort((a, b) => order(a) - order(b)).map((person) => {
    const one = button([make('span', { class: 'box', 'aria-hidden': 'true' }, isFound(person) ? '✓' : ''), make('span', { class: 'grow' }, person.name), make('span', { class: 'soft' }, WORDS[person.place])], () => tick(person), `person${isFound(person) ? ' found' : ''}`);
    one.setAttribute('aria-pressed', String(isFound(person)));
    one.dataset.person = keyOf(person);
    if (!call || call.ended) one.setAttribute('disabled', '');
    return make('li', {}, one);
  });
  people.replaceChildren(make('h2', { tabindex: '-1' }, open), make('ul', { class: 'people' }, ...rows));
}

function draw() {
  const focused = document.activeElement?.dataset?.person ?? document.activeElement?.getAttribute?.('aria-label');
  drawHead();
  drawTiles();
  drawPeople();
  if (focused) [...root.querySelectorAll('button, input')].find((one) => (one.dataset.person ?? one.getAttribute('aria-label')) === focused)?.focus({ preventScroll: true });
}

/** Takes what the school knows over what this device knows: the later word about a person counts. */
function take({ call: told, ticks: known }) {
  // One that was over before this phone began its own, or that was put aside here, is another.
  const isOld = told && told.ended !== null && (told.id === aside || (call && !call.id && told.ended < call.began + here.ahead));
  const theirs = isOld ? null : told;
  if (isOld) known = [];
  if (theirs && (!call || call.ended || call.id === theirs.id || !call.id)) {
    const isAnother = call?.id && call.id !== theirs.id;
    if (isAnother && call.ended && theirs.ended === null) { ticks.clear(); call = null; }
    // Words of this device go to the roll call under its own name, or under one that the school puts to the one under way.
    if (!call || theirs.ended !== null || call.id === theirs.id || !call.id) call = { key: call?.key ?? newKey(), drill: theirs.drill, began: theirs.began - here.ahead, ended: theirs.ended !== null, id: theirs.id };
    if (theirs.ended !== null && now() - theirs.ended > 10 * 60 * 1000) call = null;
    keepCall();
  }
  if (!call) return;
  const seen = new Set();
  for (const one of known) {
    const key = `${one.who} ${one.id}`;
    seen.add(key);
    const own = ticks.get(key);
    if (!own || own.at < one.at) ticks.set(key, { seen: true, at: one.at, told: true });
    else own.told = true;
  }
  // What the school had told and tells no more was taken back by somebody.
  for (const [key, own] of ticks) if (own.told && own.seen && !seen.has(key)) ticks.set(key, { seen: false, at: own.at });
}

async function fetchList() {
  const answer = await fetch('/fire/ahead', { headers: { accept: 'application/json' } });
  if (!answer.ok) throw new Error(String(answer.status));
  const given = await answer.json();
  await keepSheet(PATH, given).catch(() => {});
  sheetTold = Date.now();
  return { ...given, ahead: given.now - Date.now() };
}

async function look() {
  if (document.visibilityState !== 'visible') return;
  try {
    if (Date.now() - sheetTold > FRESH_EVERY) { here = await fetchList(); take(here); } else {
      const answer = await fetch('/fire/ticks', { headers: { accept: 'application/json' } });
      if (answer.ok) take(await answer.json());
    }
  } catch { /* as before, from this device */ }
  draw();
}

/** What was ticked here and has not reached the school. */
async function takeWaiting() {
  for (const entry of (await outbox.entries()).filter((one) => one.path === PATH)) {
    for (const word of entry.changes) {
      if (word.what !== 'tick') continue;
      const at = word.made + here.ahead;
      const own = ticks.get(`${word.who} ${word.id}`);
      if (!own || own.at < at) ticks.set(`${word.who} ${word.id}`, { seen: word.seen, at });
    }
  }
}

async function showWaiting() {
  const entries = (await outbox.entries()).filter((entry) => entry.path === PATH);
  const parts = troubles(entries);
  const count = entries.filter((entry) => !entry.trouble).reduce((sum, entry) => sum + entry.changes.length, 0);
  if (outbox.state === 'signed-out') parts.unshift(signedOut(PATH));
  else if (outbox.state === 'offline' && count > 0) parts.unshift(make('div', { class: 'notice heed', role: 'status' }, make('p', {}, `No network: ${count} ${count === 1 ? 'tick is' : 'ticks are'} kept on this phone and ${count === 1 ? 'goes' : 'go'} in by ${count === 1 ? 'itself' : 'themselves'}. Go by what you see; other phones may have found more.`)));
  banner.replaceChildren(...parts);
}

outbox.addEventListener('waiting', showWaiting);
outbox.addEventListener('results', ({ detail }) => { if (detail.path === PATH) look(); });

async function start() {
  if (!document.querySelector('link[href$="/door.css"]')) document.head.append(make('link', { rel: 'stylesheet', href: new URL('door.css', import.meta.url).pathname }));
  try { here = await fetchList(); } catch { here = (await sheet(PATH)) ?? { people: [], ticks: [], call: null, ahead: 0 }; }
  call = ownCall();
  take(here);
  await takeWaiting();
  root.replaceChildren(banner, head, tiles, people, said);
  draw();
  showWaiting();
  setInterval(look, LOOK_EVERY);
  setInterval(() => { const clock = head.querySelector('[data-clock]'); if (clock && call && !call.ended) clock.textContent = minutes(Date.now() - call.began); }, 1000);
}

start();

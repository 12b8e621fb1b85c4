// What this device keeps in its own database, all of it encrypted: what waits to be sent (outbox.js), and today's registers of one person.
//
// Each person at each school has an AES-GCM key that the browser holds and no script can read out. Registers are kept for one person at a
// time, until the day ends, that person signs out, the sign-in page is shown, or somebody else's page is opened. What waits to be sent stays
// until it was sent. docs/operating.md says what this protects from and what not.
//
// Stores: keys {owner, key}; entries {n, owner, …, iv, cipher}; registers {owner, day, until, ahead, iv, cipher}; sheets {page, owner, day, …}:
// what one page (the late door) is drawn from, kept as registers are.

export const settled = (request) => new Promise((done, failed) => {
  request.onsuccess = () => done(request.result);
  request.onerror = () => failed(request.error);
});

export const finished = (transaction) => new Promise((done, failed) => {
  transaction.oncomplete = done;
  transaction.onerror = transaction.onabort = () => failed(transaction.error);
});

let opened;
/** The database; fails where the browser has none, or the page was not served securely. */
export function base() {
  opened ??= (async () => {
    if (!globalThis.indexedDB || !globalThis.crypto?.subtle) throw new Error('no safe place on this device');
    const request = indexedDB.open('rollbook', 3);
    request.onupgradeneeded = () => {
      const made = request.result.objectStoreNames;
      if (!made.contains('keys')) request.result.createObjectStore('keys', { keyPath: 'owner' });
      if (!made.contains('entries')) request.result.createObjectStore('entries', { keyPath: 'n', autoIncrement: true }).createIndex('owner', 'owner');
      if (!made.contains('sheets')) request.result.createObjectStore('sheets', { keyPath: 'page' });
      if (!made.contains('registers')) request.result.createObjectStore('registers', { keyPath: 'owner' });
    };
    const database = await settled(request);
    database.onversionchange = () => database.close();
    return database;
  })();
  return opened;
}

export const store = async (name, mode = 'readonly') => (await base()).transaction(name, mode).objectStore(name);

/** The key of a person, made when it is first needed. */
export async function keyOf(owner) {
  const found = await settled((await store('keys')).get(owner));
  if (found) return found.key;
  const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
  try { await settled((await store('keys', 'readwrite')).add({ owner, key })); } catch { return keyOf(owner); } // another tab was first
  return key;
}

const bound = (owner) => new TextEncoder().encode(owner);

/** This value as {iv, cipher}, which only this person's key opens. */
export async function seal(owner, value) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const plain = new TextEncoder().encode(JSON.stringify(value));
  return { iv, cipher: await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: bound(owner) }, await keyOf(owner), plain) };
}

export async function unseal(owner, { iv, cipher }) {
  const plain = await crypto.subtle.decrypt({ name: 'AES-GCM', iv, additionalData: bound(owner) }, await keyOf(owner), cipher);
  return JSON.parse(new TextDecoder().decode(plain));
}

// Registers -----------------------------------------------------------------------------------------------------------

/** Keeps what the server gave ahead, in place of what was kept before. */
export async function keep(given) {
  const { of: owner, day, until, now, codes, registers } = given;
  if (registers.length === 0) { await wipe(); return; }
  // An answer that came while the server was telling is newer than what it told.
  const before = await kept();
  for (const register of before?.owner === owner ? registers : []) {
    const known = new Map(before.registers.find((one) => one.page === register.page)?.rows.map((row) => [row.e, row]));
    for (const row of register.rows) {
      const other = known.get(row.e);
      if (other && other.base > row.base) Object.assign(row, { code: other.code, minutes: other.minutes, base: other.base });
    }
  }
  const sealed = await seal(owner, { codes, registers });
  const entry = { owner, day, until, ahead: now - Date.now(), at: Date.now(), ...sealed };
  const transaction = (await base()).transaction('registers', 'readwrite');
  transaction.objectStore('registers').clear();
  transaction.objectStore('registers').put(entry);
  await finished(transaction);
}

/** What is kept: {owner, day, ahead, at, codes, registers}, or nothing. What the day has left behind is taken off the device. */
export async function kept() {
  const [entry] = await settled((await store('registers')).getAll());
  if (!entry) return null;
  const now = Date.now() + entry.ahead;
  if (now >= entry.until || now < entry.until - 25 * 60 * 60 * 1000) { await wipe(); return null; } // of another day
  const { owner, day, ahead, at } = entry;
  try { return { owner, day, ahead, at, ...await unseal(owner, entry) }; } catch { await wipe(); return null; }
}

/** Puts what the server has answered about a register into the kept copy of it. */
export async function answered(page, results) {
  const found = await kept();
  const register = found?.registers.find((one) => one.page === page);
  if (!register) return;
  for (const result of results) {
    const row = register.rows.find((one) => one.e === result.enrolment);
    if (row) Object.assign(row, { code: result.code || null, minutes: result.minutes ?? null, base: result.base });
  }
  const entry = await settled((await store('registers')).get(found.owner));
  if (!entry) return; // taken off meanwhile
  Object.assign(entry, await seal(found.owner, { codes: found.codes, registers: found.registers }));
  await settled((await store('registers', 'readwrite')).put(entry));
}

/** Keeps what a page is drawn from. */
export async function keepSheet(page, given) {
  const { of: owner, until, now } = given;
  const entry = { page, owner, until, told: now, ahead: now - Date.now(), ...await seal(owner, given) };
  await settled((await store('sheets', 'readwrite')).put(entry));
}

/** What is kept for a page, with how far the school's clock is ahead of this device's; nothing of another day. */
export async function sheet(page) {
  const entry = await settled((await store('sheets')).get(page));
  if (!entry) return null;
  const now = Date.now() + entry.ahead;
  if (now >= entry.until || now < entry.until - 25 * 60 * 60 * 1000) { await settled((await store('sheets', 'readwrite')).delete(page)); return null; }
  try { return { owner: entry.owner, ahead: entry.ahead, ...await unseal(entry.owner, entry) }; } catch { return null; }
}

/** No key goes while something is being sealed with it. */
const beside = (mode, work) => (navigator.locks ? navigator.locks.request('rollbook-keys', { mode }, work) : work());

/** Does what seals and stores, with the keys staying where they are meanwhile. */
export const withKeys = (work) => beside('shared', work);

/** Takes the registers of everybody but this person off the device, and the keys of those for whom nothing waits to be sent. */
export const wipe = (butOf = null) => beside('exclusive', () => wiped(butOf));

async function wiped(butOf) {
  const transaction = (await base()).transaction(['registers', 'sheets', 'entries', 'keys'], 'readwrite');
  const sheets = transaction.objectStore('sheets');
  for (const { page, owner } of await settled(sheets.getAll())) if (owner !== butOf) sheets.delete(page);
  const waiting = new Set((await settled(transaction.objectStore('entries').getAll())).map((entry) => entry.owner));
  for (const [name, spared] of [['registers', (owner) => owner === butOf], ['keys', (owner) => owner === butOf || waiting.has(owner)]]) {
    const owners = await settled(transaction.objectStore(name).getAllKeys());
    for (const owner of owners) if (!spared(owner)) transaction.objectStore(name).delete(owner);
  }
  await finished(transaction);
}

/** Who has something waiting on this device: owner to when the oldest of it was typed. */
export async function owners() {
  const found = new Map();
  for (const { owner, made } of await settled((await store('entries')).getAll())) found.set(owner, Math.min(made, found.get(owner) ?? made));
  return found;
}

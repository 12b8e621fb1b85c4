// The outbox: what a person has typed and the school has not yet answered.
//
// Each change is written to the device (device.js) before anything is sent, encrypted with its person's key, and bound to that person: nobody
// else's session sends it. Changes of one register are gathered for a moment,
// sealed under one change id, and sent until answered; a repeat carries the same id, so the server applies it once. What the
// server refuses, or finds changed meanwhile, stays here until the person has decided. Nothing is dropped in silence. What came too late is
// with the office (`held`). Both moments go along, typed and sent: the server reckons from them how long it waited, whatever the clock says.
//
// Entries: {n, owner, path, made, sealed: {id, device_at} | null, trouble: text | null, iv, cipher}; cipher holds {title, changes, behalf, theirs}.

import { answered, base, finished, keyOf, seal, settled, store, unseal, withKeys } from './device.js';

const owner = document.querySelector('meta[name="person"]')?.content ?? '';
const gatherFor = 250;
const channel = 'BroadcastChannel' in self ? new BroadcastChannel('rollbook-outbox') : null;

const newId = () => crypto.randomUUID?.()
  ?? [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
/** Entries on the device's disk, encrypted. */
class Disk {
  static async open() { await keyOf(owner); return new Disk(); }

  async close({ title, changes, behalf, theirs, ...open }) { return { ...open, owner, ...await seal(owner, { title, changes, behalf, theirs }) }; }

  async read({ iv, cipher, ...open }) { return { ...open, ...await unseal(owner, { iv, cipher }) }; }

  async all() {
    const kept = await settled((await store('entries')).index('owner').getAll(owner));
    return Promise.all(kept.sort((a, b) => a.n - b.n).map((entry) => this.read(entry)));
  }

  /** Adds, replaces and removes entries in one step: after a crash all of it is there or none. */
  change(steps) { return withKeys(() => this.changed(steps)); }

  async changed({ put = [], drop = [] }) {
    const closed = await Promise.all(put.map((entry) => this.close(entry)));
    const transaction = (await base()).transaction('entries', 'readwrite', { durability: 'strict' });
    const entries = transaction.objectStore('entries');
    for (const n of drop) entries.delete(n);
    for (const entry of closed) entries.put(entry);
    await finished(transaction);
  }
}

/** Entries in memory only: a browser without IndexedDB, or a page that is not served securely. */
class Memory {
  entries = [];
  next = 1;
  async all() { return structuredClone(this.entries); }
  async change({ put = [], drop = [] }) {
    this.entries = this.entries.filter((entry) => !drop.includes(entry.n));
    for (const entry of put) {
      const n = entry.n ?? this.next++;
      this.entries = [...this.entries.filter((kept) => kept.n !== n), { ...entry, n }].sort((a, b) => a.n - b.n);
    }
  }
}

/** Two changes of one cell, the later on top of the version that the earlier was based on. */
const gather = (changes) => {
  const cells = new Map();
  for (const change of changes) {
    const earlier = cells.get(change.enrolment);
    cells.set(change.enrolment, { ...change, base: earlier?.base ?? change.base });
  }
  return [...cells.values()];
};

class Outbox extends EventTarget {
  /** 'sending' when all goes well, else 'offline', 'signed-out'. */
  state = 'sending';
  savedAt = '';
  keepsOnDevice = true;
  /** Changes on their way to the device's disk. */
  keeping = 0;
  #timer; #wait = 0; #queue = Promise.resolve(); #asked = false;

  constructor() {
    super();
    this.ready = Disk.open().catch(() => { this.keepsOnDevice = false; return new Memory(); }).then((store) => { this.store = store; });
    addEventListener('online', () => this.#soon(0));
    document.addEventListener('visibilitychange', () => this.#soon(0));
    addEventListener('beforeunload', (event) => { if (this.keeping > 0 || (!this.keepsOnDevice && this.store?.entries.length > 0)) event.preventDefault(); });
    channel?.addEventListener('message', ({ data }) => { if (data.owner === owner) this.#tell(data.kind, data.detail, false); });
    if (owner) this.#soon(0); // what an earlier page or session left
  }

  #tell(kind, detail, everywhere = true) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
    if (everywhere) channel?.postMessage({ owner, kind, detail });
  }

  /** One step after another: no two touch the entries at once in this page. */
  #step(work) {
    const result = this.#queue.then(() => this.ready).then(work);
    this.#queue = result.catch(() => {});
    return result;
  }

  /** Keeps these changes of one register and sends them soon. Resolves when they are safe on the device. */
  async add(path, title, changes, behalf = null) {
    if (!this.#asked) { this.#asked = true; navigator.storage?.persist?.().catch(() => {}); }
    this.keeping += 1;
    try {
      await this.#step(() => this.store.change({ put: [{ path, made: Date.now(), sealed: null, trouble: null, title, changes, behalf }] }));
    } finally { this.keeping -= 1; }
    this.#tell('waiting', {});
    this.#soon(gatherFor);
  }

  /** All entries of this person, oldest first. */
  entries() { return this.#step(() => this.store.all()); }

  /** Takes an entry off the device: only when the person has decided so. */
  async drop(n) { await this.#step(() => this.store.change({ drop: [n] })); this.#tell('waiting', {}); }

  /** Sends an entry in trouble again, as a new change based on the version that the person has now seen. */
  async again(n) {
    await this.#step(async () => {
      const entry = (await this.store.all()).find((kept) => kept.n === n);
      if (!entry) return;
      const bases = new Map((entry.theirs ?? []).map((their) => [their.enrolment, their.base]));
      const changes = entry.changes.map((change) => ({ ...change, base: bases.get(change.enrolment) ?? change.base }));
      await this.store.change({ drop: [n], put: [{ path: entry.path, made: Date.now(), sealed: null, trouble: null, title: entry.title, changes, behalf: entry.behalf }] });
    });
    this.#tell('waiting', {});
    this.#soon(0);
  }

  /** Tries to send everything for so many milliseconds; resolves with what still waits. */
  async flushWithin(time) {
    clearTimeout(this.#timer);
    await Promise.race([this.#send(), new Promise((done) => setTimeout(done, time))]);
    return (await this.entries()).map(({ title, changes, trouble }) => ({ title, count: changes.length, trouble }));
  }

  #soon(delay) { clearTimeout(this.#timer); this.#timer = setTimeout(() => this.#send(), delay); }

  /** One page of this person sends at a time, whichever it is. */
  #send() {
    if (!owner) return Promise.resolve();
    return navigator.locks ? navigator.locks.request(`rollbook-outbox-${owner}`, () => this.#sendAll()) : this.#sendAll();
  }

  async #sendAll() {
    for (;;) {
      const entry = await this.#step(() => this.#sealNext());
      if (!entry) { this.#become('sending'); return; }
      let answer, body;
      try {
        answer = await fetch(`${entry.path}/save`, {
          method: 'POST', redirect: 'manual', keepalive: entry.changes.length < 100,
          headers: { 'content-type': 'application/json', accept: 'application/json', 'rollbook-page-of': owner },
          body: JSON.stringify({ change_id: entry.sealed.id, device_at: entry.sealed.device_at, sent_at: new Date().toISOString(), on_behalf_of: entry.behalf ?? null, changes: entry.changes }),
        });
        body = await answer.json().catch(() => null);
      } catch { this.#later('offline'); return; }
      if (answer.status === 401 || answer.type === 'opaqueredirect') { this.#later('signed-out'); return; }
      if (answer.ok && Array.isArray(body?.results)) { this.#wait = 0; await this.#answered(entry, body); continue; }
      if ([400, 403, 404, 409, 413, 422].includes(answer.status)) {
        // Refused as a whole: each change stands by itself, for its person to decide on.
        const ground = answer.status === 404 ? 'This register is not open to you any more, or is not there. Tell the office what you know.'
          : body?.message ?? `The school's server did not take it (${answer.status}).`;
        const results = entry.changes.map(({ enrolment, base: seen }) => ({ enrolment, outcome: 'refused', message: ground, base: seen, unknown: true }));
        await this.#answered(entry, { saved_at: this.savedAt, results });
        continue;
      }
      this.#later('offline');
      return;
    }
  }

  #later(state) {
    this.#become(state);
    this.#wait = Math.min(Math.max(1000, this.#wait * 2), state === 'signed-out' ? 60000 : 30000);
    this.#soon(this.#wait);
  }

  #become(state) {
    this.state = state;
    this.#tell('waiting', {}, false);
  }

  /** The oldest entry that may go: one sealed before, or all gathered changes of one register sealed now. */
  async #sealNext() {
    const open = (await this.store.all()).filter((entry) => !entry.trouble);
    if (open.length === 0) return null;
    if (open[0].sealed) return open[0];
    const same = open.filter((entry) => entry.path === open[0].path && entry.behalf === open[0].behalf && !entry.sealed);
    const entry = {
      ...same[0], changes: gather(same.flatMap(({ changes }) => changes)),
      sealed: { id: newId(), device_at: new Date(same.at(-1).made).toISOString() },
    };
    await this.store.change({ put: [entry], drop: same.slice(1).map(({ n }) => n) });
    return entry;
  }

  async #answered(entry, body) {
    const results = new Map(body.results.map((result) => [result.enrolment, result]));
    // Before the entry goes: a page that is just being loaded finds either the entry or its answer.
    await answered(entry.path, body.results.filter((result) => !result.unknown)).catch(() => {}); // no copy is kept here
    const detail = await this.#step(async () => {
      const put = [], drop = [entry.n];
      for (const change of entry.changes) {
        const result = results.get(change.enrolment) ?? { enrolment: change.enrolment, outcome: 'refused', message: 'The server did not answer for this mark.', base: change.base };
        if (['saved', 'unchanged', 'held'].includes(result.outcome)) continue;
        put.push({ path: entry.path, made: entry.made, title: entry.title, behalf: entry.behalf, sealed: null, trouble: result.message || result.outcome, changes: [change], theirs: [result] });
      }
      const later = new Set();
      for (const waiting of (await this.store.all()).filter((kept) => kept.path === entry.path && !kept.sealed && !kept.trouble)) {
        const changes = waiting.changes.map((change) => {
          later.add(change.enrolment);
          const result = results.get(change.enrolment);
          return result && (result.outcome === 'saved' || result.outcome === 'unchanged') ? { ...change, base: result.base } : change;
        });
        put.push({ ...waiting, changes });
      }
      await this.store.change({ put, drop });
      return { path: entry.path, savedAt: body.saved_at, results: body.results, later: [...later] };
    });
    this.savedAt = body.saved_at;
    this.#tell('results', detail);
    this.#tell('waiting', {});
  }
}

/** The outbox of the signed-in person. Events: 'results' {path, savedAt, results, later}, 'waiting'. */
export const outbox = new Outbox();

// The register as a keyed grid. Saves as you type, through the outbox.
//
// Keys for thirty pupils with two absent and one late at random places: A (every blank present), then for each exception the digits of
// its row and its letter. A digit goes down to the next row whose number ends in it (one key if it is within ten rows);
// two digits go to any row. Going down the list the three jumps cost 5 keys at most: a jump of more than ten rows costs 2, and
// three of those do not fit into thirty rows. With A and the three letters: 9 at most, 7.5 on average
// over all places (the cursor moves down after a letter, so a neighbour costs nothing). L takes its minutes from the clock.
//
// One tab stop; arrows move inside, without wrapping. Each cell is plain text and takes typing (ARIA grid pattern).

import { kept } from './device.js';
import { answers, ask, make } from './frame.js';
import { outbox } from './outbox.js';
import { marks, signedOut, troubles } from './waiting.js';

const form = document.querySelector('[data-register]');
const { path, title, present } = form.dataset;
const table = form.querySelector('table.grid');
const said = form.querySelector('[data-said]');
const saved = form.querySelector('[data-saved]');
const banner = form.querySelector('[data-banner]');
const serverAhead = Number(form.dataset.now) - Date.now();
const now = () => Date.now() + serverAhead;
const begins = Number(form.dataset.begins), closes = Number(form.dataset.closes), ends = Number(form.dataset.ends);
let state = form.dataset.state;
const firstSaved = saved.textContent;
const isLesson = 'lesson' in form.dataset;
const byPlanWords = isLesson ? 'by the attendance register' : 'by plan';

const codes = new Map([...form.querySelectorAll('dt[data-code]')].map((term) => [term.dataset.code, {
  code: term.dataset.code, face: term.dataset.face, tally: term.dataset.tally, meaning: term.dataset.meaning,
  refused: term.dataset.refused ?? null, needsNote: 'needsNote' in term.dataset, late: 'late' in term.dataset,
  subCodes: term.dataset.subCodes?.split('|') ?? [],
}]));

const rows = [...table.tBodies[0].rows].map((line, index) => {
  const name = line.querySelector('.c-name').textContent.trim();
  const [surname, ...others] = name.split(',').map((part) => part.trim());
  return {
    index, line, name, words: [surname, ...others].flatMap((part) => [part, ...part.split(/[\s-]+/)]).map(plain).filter(Boolean),
    said: [...others, surname].join(' '), enrolment: Number(line.dataset.e), base: Number(line.dataset.base),
    code: line.dataset.code || null, planned: line.dataset.planned || null, minutes: line.dataset.minutes ? Number(line.dataset.minutes) : null,
    note: line.querySelector('[data-note]').textContent.trim() || null,
    sub: 'subUnknown' in line.dataset ? null : line.dataset.subCode ?? '', // null: not known here, so the server leaves it as it stands
    mood: '', trouble: null, told: null,
  };
});
const byEnrolment = new Map(rows.map((row) => [row.enrolment, row]));

/** The code of the mark, or of the plan while there is none. */
function stands(row) { return row.code ?? row.planned; }

function plain(text) { return text.normalize('NFD').replace(/[^\p{L}\s-]/gu, '').toLowerCase().trim(); }

// Grid roles, one tab stop.
const columns = ['c-no', 'c-name', 'c-last', 'c-mark', 'c-min', 'c-note'];
const cellOf = (row, column) => row.line.querySelector(`.${columns[column]}`);
table.setAttribute('role', 'grid');
for (const row of rows) for (const cell of row.line.cells) cell.tabIndex = -1;
let typed = null; // the row whose mark was just typed, while the cursor is where typing left it
let at = { row: Math.max(0, rows.findIndex((row) => !stands(row))), column: 3 };

const say = (text) => { said.textContent = text; };

function go(row, column = at.column, focus = true) {
  typed = null;
  rows[at.row]?.line.classList.remove('at');
  cellOf(rows[at.row], at.column).tabIndex = -1;
  at = { row: Math.min(rows.length - 1, Math.max(0, row)), column: Math.min(columns.length - 1, Math.max(0, column)) };
  const cell = cellOf(rows[at.row], at.column);
  rows[at.row].line.classList.add('at');
  cell.tabIndex = 0;
  if (focus) { cell.focus({ preventScroll: true }); rows[at.row].line.scrollIntoView({ block: 'nearest' }); }
}

// Showing ------------------------------------------------------------------------------------------------------------

function draw(row, pending = '') {
  const mark = row.line.querySelector('.c-mark .mk');
  const byPlan = !pending && row.code === null && row.planned !== null;
  const choice = codes.get(stands(row));
  mark.className = `mk ${pending ? 'pending' : stands(row) ? choice?.face ?? 'a' : 'm'}${byPlan ? ' plan' : ''}`;
  mark.textContent = pending || stands(row) || '·';
  if (byPlan) mark.append(make('span', { class: 'sr' }, ` ${byPlanWords}`));
  row.line.querySelector('.c-min span').textContent = row.minutes ?? '';
  const words = row.trouble ?? row.told ?? row.note ?? '';
  row.line.querySelector('[data-note]').textContent = words;
  const name = row.line.querySelector('[data-sub-name]');
  if (name) name.textContent = row.sub ?? '';
  row.line.classList.toggle('waiting', row.mood === 'waiting');
  row.line.classList.toggle('refused', row.mood === 'trouble');
  for (const button of row.line.querySelectorAll('.taps button[data-tap]')) button.setAttribute('aria-pressed', String(button.dataset.tap === row.code));
}

function tally() {
  const counts = new Map();
  for (const row of rows) {
    const kind = codes.get(stands(row))?.tally ?? (stands(row) ? 'here' : 'blank');
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  for (const item of form.querySelectorAll('[data-tally] li')) {
    const count = counts.get(item.dataset.kind) ?? 0;
    item.querySelector('b').textContent = count;
    if (['elsewhere', 'not-expected'].includes(item.dataset.kind)) item.hidden = count === 0;
  }
  return counts.get('blank') ?? 0;
}

async function showWaiting() {
  const entries = await outbox.entries();
  const mine = entries.filter((entry) => entry.path === path);
  const waiting = mine.filter((entry) => !entry.trouble).reduce((sum, entry) => sum + entry.changes.length, 0);
  const trouble = entries.filter((entry) => entry.trouble && !(entry.path === path && entry.theirs));
  const away = outbox.state === 'offline';
  saved.className = `saved${waiting && outbox.state !== 'sending' ? ' waiting' : ''}`;
  saved.textContent = outbox.keeping ? 'Saving' : waiting === 0 ? (outbox.savedAt ? `Saved ${outbox.savedAt}` : firstSaved)
    : away ? `No network: ${marks(waiting)} ${outbox.keepsOnDevice ? 'kept on this device' : 'only in this page, keep it open'}`
      : outbox.state === 'signed-out' ? `${marks(waiting)} kept on this device` : `Saving ${marks(waiting)}`;
  const parts = [];
  if (outbox.state === 'signed-out') parts.push(signedOut(path));
  parts.push(...troubles(trouble));
  banner.replaceChildren(...parts);
}

// Changing -----------------------------------------------------------------------------------------------------------

const undos = [];
const cellNow = (row) => ({ code: row.code, minutes: row.minutes, note: row.note, sub: row.sub });

async function reasonFor() {
  if (state !== 'amend') return null;
  const box = form.querySelector('[data-reason]');
  if (box.value.trim()) return box.value.trim();
  const field = make('input', { name: 'why', list: 'reasons', maxlength: '200', 'aria-label': 'Reason' });
  const answer = await ask([make('h2', {}, 'Why is the closed register changed?'),
    make('form', { method: 'dialog', class: 'field' }, field, make('p', { class: 'acts' }, make('button', { value: 'ok' }, 'Use this reason'), make('button', { value: '', class: 'quiet' }, 'Go back')))], { label: 'Reason' });
  if (answer !== 'ok' || !field.value.trim()) { say('Nothing changed: an amendment needs a reason.'); return undefined; }
  box.value = field.value.trim();
  return box.value;
}

/** A sub-code goes with its code: another code has none until one is chosen. */
const subOf = (row, cell) => ('sub' in cell ? cell.sub : cell.code === row.code || row.sub === null ? row.sub : '');

/** The sub-code that stands by an answer; where none is known here it stays so. */
const answeredSub = (row, standing) => (row.sub === null ? null : standing.sub_code ?? '');

/** Sets cells: [[row, {code, minutes, note, sub?}], …]. One set is one undo. Resolves whether it was done. */
async function set(cells, { undoing = false } = {}) {
  const reason = state === 'amend' ? await reasonFor() : null;
  if (reason === undefined) return false;
  const before = cells.map(([row]) => [row, cellNow(row)]);
  for (const [row, cell] of cells) { Object.assign(row, cell, { sub: subOf(row, cell) }, { mood: 'waiting', trouble: null, told: null }); draw(row); }
  if (!undoing) undos.push(before);
  tally();
  const changes = cells.map(([row]) => ({ enrolment: row.enrolment, code: row.code, minutes: row.minutes, note: row.note, sub_code: row.sub, reason, base: row.base }));
  saved.textContent = 'Saving';
  outbox.add(path, title, changes, form.querySelector('[data-behalf]')?.value.trim() || null).catch(() => say('This device could not keep the mark. Wait for the network before you go on.'));
  return true;
}

function blanks() { const left = tally(); return `${left} left`; }

const faces = { a: 'attending elsewhere', h: 'authorised absence', u: 'unauthorised absence', n: 'not yet explained', x: 'not a possible session' };

function describe(row) {
  const late = row.minutes === null ? '' : ` ${row.minutes} minutes`;
  const choice = codes.get(row.code);
  const words = row.code === null ? (row.planned ? `${row.planned} ${byPlanWords}` : 'no mark') : row.code === present ? 'present' : choice?.late ? `${choice.code === 'L' ? 'late' : 'late after closing'}${late}` : `${row.code}, ${(isLesson ? choice?.meaning : faces[choice?.face]) ?? ''}`;
  return `${row.said}, ${words}${row.sub ? `, ${row.sub}` : ''}, ${blanks()}`;
}

function minutesByClock(choice) {
  const until = choice.code === 'L' ? closes : ends;
  const time = now();
  return time >= begins && time <= until ? Math.max(1, Math.floor((time - begins) / 60000)) : null;
}

/** Enters a code on a row. Moves down unless minutes are still to be typed. */
async function enter(row, code, { askMinutes = false, move = true } = {}) {
  const choice = codes.get(code);
  if (!choice) { say(`${code} is not a code on this day.`); draw(row); return; }
  if (state === 'read-only') { say('You can read this register, not change it.'); return; }
  if (choice.refused) { draw(row); say(`${code}: ${choice.refused}`); return; }
  let note = row.note;
  if (choice.needsNote && !note) {
    note = await askNote(row, choice);
    if (!note) { draw(row); say(`${code} needs a note. Nothing changed.`); return; }
  }
  const minutes = choice.late && !askMinutes ? minutesByClock(choice) : null;
  if (!await set([[row, { code, minutes, note }]])) { draw(row); return; }
  if (choice.late && minutes === null) {
    minuteMode = { row, digits: '' };
    say(`${row.said}, late. Type the minutes.`);
    return;
  }
  say(`${describe(row)}${choice.subCodes.length > 0 ? '. Full stop: sub-code' : ''}`);
  if (move) go(row.index + 1, 3);
  typed = row;
}

/** The full stop: the sub-code of the mark just typed, or of the row that the cursor is on. A digit chooses. */
async function chooseSubCode() {
  const row = typed ?? rows[at.row];
  const names = codes.get(row.code)?.subCodes ?? [];
  if (state === 'read-only') { say('You can read this register, not change it.'); return; }
  if (names.length === 0) { say(row.code === null ? `${row.said} has no mark. Type it first.` : `${row.code} has no sub-codes.`); return; }
  const buttons = ['', ...names].map((name, index) => make('button', { value: String(index), class: name === (row.sub ?? '') ? '' : 'quiet' }, make('kbd', {}, String(index)), ` ${name || 'none'}`));
  const choice = make('form', { method: 'dialog', class: 'acts' }, ...buttons);
  choice.addEventListener('keydown', (event) => {
    const button = /^\d$/.test(event.key) ? buttons[Number(event.key)] : null;
    if (button) { event.preventDefault(); button.click(); }
  });
  const back = at.row;
  const answer = await ask([make('h2', {}, `${row.name}: ${row.code}`), make('p', {}, 'Which of the school\'s own? It changes no figure (R-141).'), choice], { label: 'Sub-code' });
  if (answer !== '') {
    const sub = ['', ...names][Number(answer)];
    if (sub !== row.sub && await set([[row, { ...cellNow(row), sub }]])) say(describe(row));
  }
  go(back, 3);
}

function clear(row) {
  if (state === 'read-only' || row.code === null) return;
  set([[row, { code: null, minutes: null, note: row.note }]]).then((done) => done && say(describe(row)));
}

async function fill() {
  const blank = rows.filter((row) => !stands(row) && row.mood !== 'trouble');
  if (state === 'read-only') return;
  const refused = codes.get(present)?.refused;
  if (refused) { say(refused); return; }
  if (blank.length === 0) { say('No blanks left. Marks and plans stay. Nothing was changed.'); return; }
  if (await set(blank.map((row) => [row, { code: present, minutes: null, note: row.note }]))) {
    say(`${blank.length} marked present; marks and plans already there kept. Ctrl+Z undoes.`);
  }
}

async function undo() {
  const last = undos.pop();
  if (!last) { say('Nothing to undo.'); return; }
  if (!await set(last, { undoing: true })) { undos.push(last); return; }
  say(last.length === 1 ? `Undone: ${describe(last[0][0])}` : `Undone: ${last.length} marks as before, ${blanks()}`);
  if (last.length === 1) go(last[0][0].index);
}

// Panels -------------------------------------------------------------------------------------------------------------

async function askNote(row, choice) {
  const note = make('input', { name: 'note', maxlength: '500', required: '', 'aria-label': 'Note' });
  const answer = await ask([make('h2', {}, `${row.name}: ${choice.code}`), make('p', {}, `${choice.meaning}. A note goes with it.`),
    make('form', { method: 'dialog', class: 'field' }, note, make('p', { class: 'acts' }, make('button', { value: 'ok' }, 'Save'), make('button', { value: '', class: 'quiet', formnovalidate: '' }, 'Go back')))], { label: 'Note' });
  return answer === 'ok' ? note.value.trim() : '';
}

async function panel(row) {
  if (row.trouble) { decide(row); return; }
  const facts = [...row.line.querySelectorAll('.c-note .flag, .c-note .planned, .c-note .soft')].map((part) => make('p', {}, part.textContent.trim()));
  const select = make('select', { id: 'panel-code' }, make('option', { value: '' }, 'no mark'),
    ...[...codes.values()].map((choice) => make('option', { value: choice.code, ...(choice.refused ? { disabled: '' } : {}) }, `${choice.code}  ${choice.meaning}`)));
  select.value = row.code ?? '';
  const minutes = make('input', { id: 'panel-minutes', inputmode: 'numeric', maxlength: '3' });
  minutes.value = row.minutes ?? '';
  const note = make('textarea', { id: 'panel-note', maxlength: '500' });
  note.value = row.note ?? '';
  const subs = make('select', { id: 'panel-sub-code' });
  const offer = () => {
    const names = codes.get(select.value)?.subCodes ?? [];
    const own = select.value === row.code && row.sub && !names.includes(row.sub) ? [row.sub] : [];
    subs.replaceChildren(make('option', { value: '' }, 'none'), ...[...own, ...names].map((name) => make('option', { value: name }, name)));
    subs.value = select.value === row.code ? row.sub ?? '' : '';
    subs.parentElement.hidden = subs.options.length < 2;
  };
  select.addEventListener('change', () => offer());
  const field = (id, words, control, width = '') => make('div', { class: `field ${width}` }, make('label', { for: id }, words), control);
  const readOnly = state === 'read-only';
  for (const control of [select, minutes, note, subs]) control.disabled = readOnly;
  const subField = field('panel-sub-code', 'Sub-code', subs);
  offer();
  const answer = await ask([make('h2', {}, row.name), ...facts,
    make('form', { method: 'dialog' }, field('panel-code', 'Mark', select), subField, field('panel-minutes', 'Minutes late', minutes, 'tiny'), field('panel-note', 'Note', note),
      make('p', { class: 'acts' }, ...(readOnly ? [] : [make('button', { value: 'ok' }, 'Save')]), make('button', { value: '', class: 'quiet', formnovalidate: '' }, 'Go back')))], { kind: 'drawer', label: 'Mark and note' });
  if (answer !== 'ok') return;
  const given = Number.parseInt(minutes.value, 10);
  const cell = { code: select.value || null, minutes: Number.isNaN(given) ? null : given, note: note.value.trim() || null };
  if (row.sub !== null) cell.sub = subs.value;
  if (codes.get(cell.code)?.needsNote && !cell.note) { say(`${cell.code} needs a note. Nothing changed.`); return; }
  if (!codes.get(cell.code)?.late) cell.minutes = null;
  const same = Object.entries(cell).every(([key, value]) => row[key] === value);
  if (!same && await set([[row, cell]])) say(describe(row));
}

/** A change that the server refused, or that met another's: both are shown, and the person decides. */
async function decide(row) {
  const entry = (await outbox.entries()).find((kept) => kept.n === row.troubleEntry) ?? (await outbox.entries()).find((kept) => kept.path === path && kept.theirs?.[0]?.enrolment === row.enrolment);
  if (!entry) { Object.assign(row, { mood: '', trouble: null }); draw(row); return; }
  const [mine] = entry.changes, [theirs] = entry.theirs;
  const show = (cell) => `${cell.code || 'no mark'}${cell.minutes ? `, ${cell.minutes} minutes` : ''}${codes.get(cell.code) ? `: ${codes.get(cell.code).meaning}` : ''}`;
  const conflict = theirs.outcome === 'conflict';
  const answer = await ask([
    make('h2', {}, row.name), make('p', {}, theirs.message || 'This mark was not taken.'),
    make('dl', { class: 'facts' }, make('dt', {}, 'You typed'), make('dd', {}, show(mine)),
      make('dt', {}, 'It stands as'), make('dd', {}, `${show(theirs)}${theirs.by ? ` (${theirs.by}${theirs.at ? `, ${theirs.at}` : ''})` : ''}`)),
    answers(['theirs', conflict ? 'Keep theirs' : 'Leave it as it stands', ''], [conflict ? 'mine' : 'retry', conflict ? 'Use mine' : 'Try mine again'], ['later', 'Decide later']),
  ], { label: 'Two versions of one mark' });
  if (answer === 'theirs') {
    Object.assign(row, { code: theirs.code || null, minutes: theirs.minutes ?? null, sub: answeredSub(row, theirs), base: theirs.base, mood: '', trouble: null });
    await outbox.drop(entry.n);
    say(describe(row));
  } else if (answer === 'mine' || answer === 'retry') {
    Object.assign(row, { code: mine.code, minutes: mine.minutes, note: mine.note, sub: answeredSub(row, mine), base: theirs.base, mood: 'waiting', trouble: null });
    await outbox.again(entry.n);
  }
  draw(row);
  tally();
  go(row.index);
}

// Keys ---------------------------------------------------------------------------------------------------------------

let pending = null;    // {row, text}: the first letter of C1, J1, Y3
let minuteMode = null; // {row, digits}: after L when the clock does not know
let jump = null;       // letters of a name after ' or Ctrl+K
let digits = { text: '', time: 0 };

const longer = (text) => [...codes.keys()].some((code) => code.length > text.length && code.startsWith(text));

function letter(row, text, event) {
  if (longer(text)) {
    pending = { row, text };
    draw(row, `${text}…`);
    const ends = [...codes.keys()].filter((code) => code.startsWith(text) && code !== text).map((code) => code.slice(text.length));
    say(`${text}: then ${ends.join(', ')}${codes.has(text) ? `, or Enter for ${text} alone` : ''}`);
    return;
  }
  pending = null;
  enter(row, text, { askMinutes: event?.shiftKey && codes.get(text)?.late });
}

/** Takes the pending letter alone, if it is a code or can mean only one. */
function takePending() {
  const { row, text } = pending;
  pending = null;
  const whole = codes.has(text) ? [text] : [...codes.keys()].filter((code) => code.startsWith(text));
  if (whole.length === 1) { enter(row, whole[0]); return; }
  draw(row);
  say(`${text} needs a digit. Nothing changed.`);
}

function minuteKey(event) {
  const { row } = minuteMode;
  if (/^\d$/.test(event.key) && minuteMode.digits.length < 3) {
    minuteMode.digits += event.key;
    row.minutes = Number(minuteMode.digits);
    draw(row);
    return true;
  }
  if (event.key === 'Backspace') {
    minuteMode.digits = minuteMode.digits.slice(0, -1);
    row.minutes = minuteMode.digits ? Number(minuteMode.digits) : null;
    draw(row);
    return true;
  }
  endMinutes();
  if (event.key === 'Enter' || event.key === ' ' || event.key === 'ArrowDown') { go(row.index + 1, 3); return true; }
  return event.key === 'Escape';
}

function endMinutes() {
  if (!minuteMode) return;
  const { row, digits: typed } = minuteMode;
  minuteMode = null;
  if (typed) { const before = undos.pop(); set([[row, cellNow(row)]], { undoing: true }); if (before) undos.push(before); }
  say(describe(row));
}

function digit(key) {
  const time = Date.now();
  const recent = time - digits.time < 2000 ? digits.text : '';
  const number = Number(recent.slice(-1) + key);
  let target;
  if (recent && recent.slice(-1) !== key && number >= 10 && number <= rows.length) {
    target = number - 1;
    digits = { text: '', time: 0 };
  } else {
    // The next row down that ends in this digit; this row counts unless the same digit has just brought us here.
    const from = recent.slice(-1) === key ? at.row + 1 : at.row;
    const ends = (index) => (index + 1) % 10 === Number(key);
    target = rows.findIndex((row) => row.index >= from && ends(row.index));
    if (target < 0) target = rows.findIndex((row) => ends(row.index));
    digits = { text: recent + key, time };
  }
  if (target < 0) { say(`There is no row ${key}.`); return; }
  go(target, 3);
  say(`${rows[target].number ?? target + 1} ${rows[target].said}`);
}

function jumpKey(event) {
  if (event.key === 'Escape') { jump = null; say('Jump given up.'); return true; }
  if (event.key === 'Enter') { jump = null; say(rows[at.row].said); return true; }
  if (event.key === 'Backspace') jump.text = jump.text.slice(0, -1);
  else if (/^[\p{L}]$/u.test(event.key) || (event.key === ' ' && jump.text)) jump.text += plain(event.key) || ' ';
  else { jump = null; return false; }
  const found = jump.text === '' ? [] : rows.filter((row) => row.words.some((word) => word.startsWith(jump.text)));
  const surnames = found.filter((row) => row.words[0].startsWith(jump.text));
  if (jump.text && found.length === 0) { say(`No name begins with ${jump.text}.`); jump.text = jump.text.slice(0, -1); return true; }
  const best = surnames[0] ?? found[0];
  if (best) go(best.index, 3);
  if (found.length === 1) { jump = null; say(best.said); return true; }
  say(`Go to ${jump.text}…  ${found.length > 1 ? `${found.length} names; more letters, or Enter for ${best.said}` : 'type letters of a name'}`);
  return true;
}

const moves = {
  ArrowUp: () => go(at.row - 1), ArrowDown: () => go(at.row + 1), ArrowLeft: () => go(at.row, at.column - 1), ArrowRight: () => go(at.row, at.column + 1),
  PageUp: () => go(at.row - 10), PageDown: () => go(at.row + 10),
  Home: (event) => (event.ctrlKey ? go(0, 3) : go(at.row, 0)), End: (event) => (event.ctrlKey ? go(rows.length - 1, 3) : go(at.row, columns.length - 1)),
};

function key(event) {
  if (event.isComposing || event.altKey || event.metaKey || document.querySelector('dialog[open]')) return false;
  const row = rows[at.row];
  if (minuteMode && minuteKey(event)) return true;
  if (jump && jumpKey(event)) return true;
  if (event.ctrlKey) {
    const pressed = event.key.toLowerCase();
    if (pressed === 'z' && !event.shiftKey) { undo(); return true; }
    if (pressed === 'k') { jump = { text: '' }; say('Go to: type letters of a name.'); return true; }
    if (moves[event.key]) { moves[event.key](event); return true; }
    return false;
  }
  if (pending) {
    const text = pending.text + event.key;
    if (codes.has(text)) { pending = null; enter(row, text); return true; }
    if (event.key === 'Enter' || event.key === ' ') { takePending(); return true; }
    if (moves[event.key]) { takePending(); if (event.key !== 'ArrowDown') moves[event.key](event); return true; }
    const { text: first } = pending;
    pending = null;
    draw(row);
    if (event.key === 'Escape') { say(`${first} given up.`); return true; }
    if (/^\d$/.test(event.key)) { say(`${text} is not a code on this day.`); return true; }
  }
  if (moves[event.key]) { moves[event.key](event); return true; }
  switch (event.key) {
    case ' ': case '/': case '\\': enter(row, present); return true;
    case 'Delete': case 'Backspace': clear(row); return true;
    case "'": jump = { text: '' }; say('Go to: type letters of a name.'); return true;
    case '.': chooseSubCode(); return true;
    case 'Enter':
      if (at.column === 1) cellOf(row, 1).querySelector('a')?.click(); else panel(row);
      return true;
    default:
  }
  if (/^\d$/.test(event.key)) {
    if (at.column === 4 && codes.get(row.code)?.late) { minuteMode = { row, digits: '' }; return minuteKey(event); }
    digit(event.key);
    return true;
  }
  if (/^[a-z#]$/i.test(event.key)) {
    const text = event.key.toUpperCase();
    if (text === 'A' && !codes.has('A') && !longer('A')) { fill(); return true; }
    letter(row, text, event);
    return true;
  }
  return false;
}

table.addEventListener('keydown', (event) => {
  if (!/^\d$/.test(event.key)) digits = { text: '', time: 0 };
  if (event.target.closest('button')) return;
  if (key(event)) { event.preventDefault(); if (event.key !== 'Escape') event.stopPropagation(); }
});

table.addEventListener('focusin', (event) => {
  const cell = event.target.closest('td, th');
  const row = rows.find((candidate) => candidate.line === cell?.parentElement);
  const column = columns.findIndex((name) => cell?.classList.contains(name));
  if (row && column >= 0 && (row.index !== at.row || column !== at.column)) { endMinutes(); go(row.index, column, false); }
});
table.addEventListener('focusout', () => endMinutes());
table.addEventListener('click', (event) => {
  const cell = event.target.closest('.c-mark, .c-min, .c-note, .c-no, .c-last');
  const row = rows.find((candidate) => candidate.line === cell?.parentElement);
  if (!row) return;
  go(row.index, columns.findIndex((name) => cell.classList.contains(name)));
  if (cell.classList.contains('c-note')) panel(row);
});
form.querySelector('.codes').addEventListener('click', (event) => {
  const term = event.target.closest('dt[data-code]');
  if (term) { enter(rows[at.row], term.dataset.code); rows[at.row].line.querySelector('.c-mark').focus(); }
});
form.querySelector('[data-fill]')?.addEventListener('click', () => { fill(); go(at.row); });
form.addEventListener('submit', (event) => event.preventDefault()); // everything is saved already

// On a phone, or zoomed in, each row has buttons.
if (state !== 'read-only') {
  const wanted = [[present, 'Present'], ['N', 'Absent'], ['L', 'Late']].filter(([code]) => codes.has(code));
  for (const row of rows) {
    const taps = make('td', { class: 'taps' }, ...wanted.map(([code, words]) => make('button', { type: 'button', tabindex: '-1', 'data-tap': code, 'aria-pressed': 'false' }, words)),
      make('button', { type: 'button', tabindex: '-1', 'data-more': '' }, 'More'));
    taps.addEventListener('click', (event) => {
      const button = event.target.closest('button');
      if (!button) return;
      if ('more' in button.dataset) panel(row); else enter(row, button.dataset.tap, { move: false });
    });
    row.line.append(taps);
  }
}

/** What a row says when the server did not take what was typed. */
function trouble(typed, result) {
  const ground = result.outcome === 'conflict' ? `${result.by || 'Somebody else'} changed it${result.at ? ` at ${result.at}` : ''}.` : result.message;
  return `You typed ${typed}: not taken. ${ground} Enter: decide.`;
}

// The server's answers -----------------------------------------------------------------------------------------------

outbox.addEventListener('results', ({ detail }) => {
  if (detail.path !== path) return;
  const troubled = [];
  for (const result of detail.results) {
    const row = byEnrolment.get(result.enrolment);
    if (!row) continue;
    const again = detail.later.includes(result.enrolment); // typed over meanwhile: the later change is on its way
    if (result.outcome === 'saved' || result.outcome === 'unchanged') {
      row.base = result.base;
      if (again) continue;
      const changed = (result.code || null) !== row.code;
      Object.assign(row, { code: result.code || null, minutes: result.minutes ?? null, sub: answeredSub(row, result), mood: '', trouble: null });
      if (changed) say(`${describe(row)}. ${result.message}`);
    } else if (!again && result.outcome === 'held') {
      const typed = row.code ?? 'no mark';
      Object.assign(row, { code: result.code || null, minutes: result.minutes ?? null, sub: answeredSub(row, result), base: result.base, mood: '', trouble: null, told: `${typed}: with the office. ${result.message}` });
      say(`${row.said}: ${row.told}`);
    } else if (!again) {
      const typed = row.code ?? 'no mark';
      Object.assign(row, { code: result.code || null, minutes: result.minutes ?? null, sub: answeredSub(row, result), base: result.base, mood: 'trouble', trouble: trouble(typed, result) });
      troubled.push(row);
    }
    if (minuteMode?.row !== row) draw(row);
  }
  tally();
  if (troubled.length > 0) say(`${troubled[0].said}: ${troubled[0].trouble}${troubled.length > 1 ? ` And ${troubled.length - 1} more.` : ''}`);
});
outbox.addEventListener('waiting', showWaiting);
addEventListener('beforeunload', (event) => { if (!outbox.keepsOnDevice && table.querySelector('tr.waiting')) event.preventDefault(); });

// What an earlier visit left on this device stands over what the server knew; so does an answer that came while this page was being made.
async function restore() {
  const entries = await outbox.entries();
  const copy = (await kept().catch(() => null))?.registers.find((one) => one.page === path);
  for (const known of copy?.rows ?? []) {
    const row = byEnrolment.get(known.e);
    if (row && known.base > row.base) Object.assign(row, { code: known.code, minutes: known.minutes, base: known.base });
  }
  for (const entry of entries.filter((waiting) => waiting.path === path)) {
    for (const change of entry.changes) {
      const row = byEnrolment.get(change.enrolment);
      if (!row) continue;
      if (entry.theirs) Object.assign(row, { mood: 'trouble', trouble: trouble(change.code ?? 'no mark', entry.theirs[0]) });
      else if (!entry.trouble) Object.assign(row, { code: change.code, minutes: change.minutes, note: change.note, sub: change.sub_code ?? row.sub, mood: 'waiting' });
    }
  }
  for (const row of rows) draw(row);
  tally();
  showWaiting();
}

// When the time comes the page says so; the server decides what a late mark is.
function closing() {
  if (state !== 'open') return;
  if (isLesson) { say('The lesson has ended. What you typed is safe.'); return; }
  say('The register has closed. Arrivals from now on are U; other changes are amendments with a reason.');
  banner.append(make('div', { class: 'notice heed' }, make('p', {}, 'The register has closed. What you typed before is safe. Load the page again to amend it.'), make('a', { class: 'button quiet', href: path }, 'Load again')));
}
if (state === 'open' && closes > now()) setTimeout(closing, Math.min(closes - now(), 2 ** 31 - 1));

go(at.row, 3, !location.hash && state !== 'read-only');
restore();

// The page that this device shows when the school's server cannot be reached: today's registers that are kept here, and each of them as
// the same grid as ever. The worker answers with it at any address, so a register is opened, and loaded again, at its own.

import { answers, ask, make } from './frame.js';
import { keep, kept, owners, sheet, wipe } from './device.js';

const place = document.querySelector('[data-offline]');
const LOOK_EVERY = 15_000;
const clock = (time) => new Date(time).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: 'Europe/London' });

/** The look that the person has chosen on this device; the page itself was kept without it. */
const look = /(?:^|; )look=(\w+)\.(\w+)/.exec(document.cookie);
if (look) {
  [, document.documentElement.dataset.theme, document.documentElement.dataset.density] = look;
  document.querySelector('link[data-dark]').media = { light: 'not all', dark: 'screen' }[look[1]] ?? 'screen and (prefers-color-scheme: dark)';
}

const cell = (name, attributes, ...children) => make(name, attributes, ...children);

function line(row, index, codes) {
  const stands = row.code ?? row.planned;
  const mark = make('span', { class: `mk ${stands ? codes.get(stands)?.face ?? 'a' : 'm'}${row.code || !row.planned ? '' : ' plan'}` }, stands ?? '·');
  const planned = row.planned ? [make('span', { class: 'planned' }, `planned: ${row.planned} `)] : [];
  return make('tr', { 'data-e': row.e, 'data-base': row.base, 'data-code': row.code ?? '', 'data-planned': row.planned, 'data-minutes': row.minutes, 'data-sub-unknown': '' },
    cell('td', { class: 'c-no' }, row.no ?? index + 1), cell('th', { scope: 'row', class: 'c-name' }, row.name), cell('td', { class: 'c-last' }, row.form),
    cell('td', { class: 'c-mark' }, mark), cell('td', { class: 'c-min num' }, make('span', {}, row.minutes ?? '')),
    cell('td', { class: 'c-note' }, ...planned, make('span', { class: 'sub-code', 'data-sub-name': '' }), ' ', make('span', { 'data-note': '' })));
}

const kinds = [['here', 'here'], ['late', 'late'], ['absent', 'absent'], ['elsewhere', 'elsewhere'], ['not-expected', 'not expected'], ['blank', 'blank']];

function help(choices) {
  const terms = (some) => make('dl', {}, ...some.flatMap((choice) => [
    make('dt', { 'data-code': choice.code, 'data-face': choice.face, 'data-tally': choice.tally, 'data-meaning': choice.meaning, 'data-refused': choice.refused,
      'data-sub-codes': choice.sub_codes?.join('|') || null, 'data-needs-note': choice.needs_note ? '' : null, 'data-late': choice.late ? '' : null }, make('span', { class: `mk ${choice.face}` }, choice.code)),
    make('dd', {}, choice.meaning, ...(choice.refused ? [make('p', { class: 'small soft' }, choice.refused)] : []))]));
  return make('section', { class: 'codes', 'aria-label': 'Which code applies' }, make('h2', {}, 'Which code applies'), terms(choices.filter((choice) => !choice.refused)),
    make('details', {}, make('summary', {}, 'Codes you cannot enter here, and why'), terms(choices.filter((choice) => choice.refused))));
}

/** A register as the grid expects it: the same form as the server draws, with less in it. */
function form(register, found) {
  const now = Date.now() + found.ahead;
  const choices = found.codes[register.codes];
  const codes = new Map(choices.map((choice) => [choice.code, choice]));
  const state = now < register.opens ? 'not-open' : now < register.closes ? 'open' : register.closed;
  const words = { 'not-open': `opens at ${clock(register.opens)}`, open: now < register.closes ? `open until ${clock(register.closes)}` : `ended at ${clock(register.closes)}, not taken`, amend: `closed at ${clock(register.closes)}`,
    'read-only': `closed at ${clock(register.closes)}; changes are amendments by the office (R-007)` }[state];
  const head = make('div', { class: 'register-head' }, make('h1', {}, `${register.group} `, make('small', {}, register.when)),
    make('ul', { class: 'tally', 'data-tally': '', 'aria-label': 'So far' }, ...kinds.map(([kind, label]) => make('li', { 'data-kind': kind }, make('b', {}, '0'), ` ${label}`))),
    ...(state === 'read-only' ? [] : [make('button', { type: 'button', class: 'quiet no-print', 'data-fill': '' }, 'All the rest present ', make('kbd', {}, 'A'))]),
    make('span', { class: 'said', role: 'status', 'data-said': '' }, words), make('span', { class: 'saved', 'data-saved': '' }, ''));
  const amending = state === 'amend' ? [make('div', { class: 'notice heed' }, make('p', {}, register.lesson ? 'The lesson has ended and its register was taken. A change is kept beside what stood, with your name and job title, and the reason. It changes no session mark (R-025).'
      : 'This register is closed. A change is kept as an amendment, with what stood before, your name and job title, and the reason (R-007).'),
    make('label', { class: 'reason' }, 'Reason ', make('input', { name: 'reason', maxlength: '200', 'data-reason': '' })))] : [];
  const heads = [['c-no', '#'], ['c-name', 'Name'], ['c-last', 'Form'], ['c-mark', 'Mark'], ['c-min num', 'Min'], ['c-note', 'Plans, notes']];
  const table = make('table', { class: 'list grid', 'aria-label': `Register of ${register.group}` },
    make('thead', {}, make('tr', {}, ...heads.map(([kind, label]) => make('th', { scope: 'col', class: kind }, label)))),
    make('tbody', {}, ...register.rows.map((row, index) => line(row, index, codes))));
  return make('form', { autocomplete: 'off', 'data-register': '', 'data-path': register.page, 'data-title': `${register.group} ${register.when}`, 'data-state': state,
    'data-present': register.present, 'data-now': now, 'data-begins': register.begins, 'data-closes': register.closes, 'data-ends': register.ends, 'data-lesson': register.lesson ? '' : null },
  head, make('div', { 'data-banner': '' }), ...amending,
  make('div', { class: 'register' }, make('div', {}, table), make('aside', { class: 'side no-print', tabindex: '0', role: 'region', 'aria-label': 'Keys and codes' },
    make('p', { class: 'ways' }, make('a', { href: '/offline' }, 'Registers on this device')), help(choices))));
}

/** Registers on this device, as a list. */
function list(found) {
  const rows = found.registers.map((register) => {
    const blank = register.rows.filter((row) => !row.code && !row.planned).length;
    return make('tr', {}, make('th', { scope: 'row' }, make('a', { href: register.page }, `${register.group}, ${register.when}`)),
      make('td', { 'data-label': 'Closes' }, clock(register.closes)), make('td', { class: 'num', 'data-label': 'Blank' }, blank), make('td', { class: 'num', 'data-label': 'Pupils' }, register.rows.length));
  });
  const heads = ['Register', 'Closes', 'Blank', 'Pupils'].map((label, index) => make('th', { scope: 'col', class: index > 1 ? 'num' : null }, label));
  const off = make('button', { type: 'button', class: 'quiet' }, 'Take them off this device');
  off.addEventListener('click', async () => {
    const waiting = (await owners()).has(found.owner);
    const sure = await ask([make('h2', {}, 'Take the registers off this device?'),
      make('p', {}, waiting ? 'What you typed and could not send stays here, encrypted; it goes in when you sign in on this device again.' : 'They come back when you sign in again with a network.'),
      answers(['keep', 'Keep them', ''], ['off', 'Take them off'])], { label: 'Take off' });
    if (sure === 'off') { await wipe(); location.assign('/offline'); }
  });
  return [make('div', { class: 'head' }, make('h1', {}, 'Registers on this device ', make('small', {}, `as of ${clock(found.at + found.ahead)}`))),
    make('div', { class: 'scroll' }, make('table', { class: 'list stacked' }, make('caption', { class: 'sr' }, 'Registers on this device'), make('thead', {}, make('tr', {}, ...heads)), make('tbody', {}, ...rows))),
    make('p', { class: 'acts' }, off)];
}

const notice = make('div', { class: 'notice heed', role: 'status', 'data-network': '' });

let looking;

/** Looks whether the server can be reached again, and says so; nobody is moved off what they are doing. Then it looks no more, so that an
 *  open page does not keep a session alive. */
async function lookForServer(found) {
  let answer;
  try { answer = await fetch(`/offline/registers?open=${encodeURIComponent(found ? found.registers.map((one) => one.page).join(',') : '')}`, { headers: { accept: 'application/json' } }); } catch { return; }
  if (answer.ok || answer.status === 401) clearInterval(looking);
  if (answer.status === 401) {
    const next = location.pathname === '/offline' ? '/registers' : location.pathname;
    notice.replaceChildren(make('p', {}, 'The school can be reached again, and your session has ended. What you typed goes in when you have signed in.'), make('a', { class: 'button', href: `/sign-in?next=${encodeURIComponent(next)}` }, 'Sign in'));
  } else if (answer.ok) {
    const given = await answer.json();
    if (found && given.of === found.owner) await keep(given);
    const to = location.pathname === '/offline' ? '/registers' : location.pathname;
    notice.replaceChildren(make('p', {}, 'The school can be reached again.'), make('a', { class: 'button', href: to }, 'Load the whole page'));
  }
}

/** Pages that draw themselves from what is kept of them here, with the module that does. */
const OWN = { '/door': ['door', 'Late door'], '/fire': ['fire', 'Fire list'], '/kiosk': ['kiosk', 'Kiosk'] };

/** Such a page, if it is asked for and kept. */
async function ownPage() {
  const own = OWN[location.pathname];
  const here = own && await sheet(location.pathname).catch(() => null);
  if (!here) return false;
  document.head.append(make('meta', { name: 'person', content: here.owner }));
  notice.append(make('p', {}, 'No network. What you type is kept on this device, encrypted, and goes in by itself.'));
  place.replaceChildren(notice, make('div', { class: 'head' }, make('h1', {}, own[1])), make('div', { [`data-${own[0]}`]: '' }));
  await import(`./${own[0]}.js`);
  if (own[0] === 'kiosk') return true; // nobody is signed in there, and it looks by itself
  addEventListener('online', () => lookForServer(null));
  looking = setInterval(() => lookForServer(null), LOOK_EVERY);
  return true;
}

async function begin() {
  if (await ownPage()) return;
  const found = await kept().catch(() => null);
  const register = found?.registers.find((one) => one.page === location.pathname);
  const elsewhere = location.pathname !== '/offline' && location.pathname !== '/registers' && !register;
  notice.append(make('p', {}, `No network. ${register ? 'What you type is kept on this device, encrypted, and goes in by itself.' : elsewhere ? 'This page needs the school’s server.' : 'These registers can be taken here all the same.'}`));
  if (!found) {
    const waiting = (await owners().catch(() => new Map())).size > 0;
    const words = ['No registers are kept on this device: nobody is signed in here, or they are of another day. Sign in when the network is back.'];
    if (location.hash === '#signed-out') words.unshift('You are signed out here, and the registers are off this device. The school is told as soon as a page is loaded here with a network; until then close the browser.');
    if (waiting) words.push('Marks that could not be sent are still here, encrypted. Whoever typed them signs in on this device to send them.');
    place.replaceChildren(make('div', { class: 'state' }, make('h1', {}, 'No network'), ...words.map((text) => make('p', {}, text)), make('p', { class: 'acts' }, make('a', { class: 'button quiet', href: '/' }, 'Try again'))));
    return;
  }
  // The outbox belongs to the person whose registers these are; the server looks again who is signed in when it is sent to.
  document.head.append(make('meta', { name: 'person', content: found.owner }));
  place.replaceChildren(notice, ...(register ? [form(register, found)] : list(found)));
  if (register) await import('./grid.js'); else await import('./outbox.js');
  addEventListener('online', () => lookForServer(found));
  looking = setInterval(() => lookForServer(found), LOOK_EVERY);
}

begin();

// What waits on this device and needs its person: notices for any page, built from the outbox.

import { answers, ask, make } from './frame.js';
import { outbox } from './outbox.js';

export const marks = (count) => `${count} ${count === 1 ? 'mark' : 'marks'}`;

/** A session that ended while something waits. */
export function signedOut(path) {
  const again = make('a', { class: 'button', href: `/sign-in?next=${encodeURIComponent(path)}` }, 'Sign in again');
  return make('div', { class: 'notice heed', role: 'alert' }, make('p', {}, 'Your session has ended. Nothing is lost: what you have typed is kept on this device and goes in when you have signed in again.'), again);
}

/** One notice for each change that was not taken: where another has changed the mark meanwhile, its register shows both. */
export function troubles(entries) {
  return entries.filter((entry) => entry.trouble).map((entry) => {
    const conflict = entry.theirs?.[0]?.outcome === 'conflict';
    const retry = conflict ? make('a', { class: 'button quiet', href: entry.path }, 'Open the register and choose') : make('button', { type: 'button', class: 'quiet' }, 'Try again');
    const drop = make('button', { type: 'button', class: 'quiet' }, 'Take off this device');
    if (!conflict) retry.addEventListener('click', () => outbox.again(entry.n));
    drop.addEventListener('click', async () => {
      const sure = await ask([make('h2', {}, 'Take these marks off this device?'), make('p', {}, `${entry.title}: ${marks(entry.changes.length)} will not reach the school.`),
        answers(['keep', 'Keep them', ''], ['drop', 'Take them off'])], { label: 'Take off' });
      if (sure === 'drop') outbox.drop(entry.n);
    });
    const typed = entry.changes.map((change) => change.code ?? 'no mark').join(', ');
    return make('div', { class: 'notice grave' }, make('p', {}, `${entry.title}: ${marks(entry.changes.length)} not taken (you typed ${typed}). ${entry.trouble}`), retry, ' ', drop);
  });
}

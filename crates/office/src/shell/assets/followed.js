// Keeps the part of a page marked data-followed as the school's record stands. Nothing moves under somebody's hands: while they
// are in a field, or something is typed there, it waits until they have left. Whoever stands on a button or a link stays on the same
// one; it waits too where that one is gone, so that Enter never does something to another row.

import { follow } from './live.js';

const shown = () => document.querySelector('[data-followed]');

function isInUse(part) {
  const typed = (field) => field.type !== 'hidden' && field.value !== field.defaultValue;
  return [...part.querySelectorAll('input, textarea')].some(typed);
}

/** What tells a button or a link from every other: where it leads, and what it says. */
const mark = (element) => [element.closest('form')?.getAttribute('action'), element.getAttribute('href'), element.name, element.value, element.textContent.trim()].join(' ');

/** The place in the fresh part at which the cursor stays: none where it is elsewhere, undefined where there is no such place any more. */
function sameIn(fresh, part) {
  const here = document.activeElement;
  if (!part.contains(here)) return null;
  if (!here.matches('button, a')) return undefined;
  return [...fresh.querySelectorAll('button, a')].find((one) => mark(one) === mark(here));
}

let reading = false;
let again = false;
async function read() {
  if (reading) { again = true; return; }
  reading = true;
  try {
    const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
    const page = answer.ok ? new DOMParser().parseFromString(await answer.text(), 'text/html') : null;
    const fresh = page?.querySelector('[data-followed]');
    const part = shown();
    if (fresh && fresh.outerHTML !== part.outerHTML) {
      const own = document.importNode(fresh, true);
      const same = sameIn(own, part);
      if (same === undefined || isInUse(part)) part.addEventListener('focusout', () => setTimeout(read), { once: true });
      else {
        part.replaceWith(own);
        same?.focus({ preventScroll: true });
      }
    }
  } catch { /* no network: live.js tells when the record is heard of again */ } finally {
    reading = false;
    if (again) { again = false; setTimeout(read, 100); }
  }
}

follow(read);

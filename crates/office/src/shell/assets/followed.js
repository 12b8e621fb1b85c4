// Keeps the part of a page marked data-followed as the school's record stands. Nothing moves under somebody's hands: while the
// cursor is in it or something is typed there, it waits until they have left.

import { follow } from './live.js';

const shown = () => document.querySelector('[data-followed]');

function isInUse(part) {
  const typed = (field) => field.type !== 'hidden' && field.value !== field.defaultValue;
  return part.contains(document.activeElement) || [...part.querySelectorAll('input, textarea')].some(typed);
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
      if (isInUse(part)) part.addEventListener('focusout', () => setTimeout(read), { once: true });
      else part.replaceWith(document.importNode(fresh, true));
    }
  } catch { /* no network: live.js tells when the record is heard of again */ } finally {
    reading = false;
    if (again) { again = false; setTimeout(read, 100); }
  }
}

follow(read);

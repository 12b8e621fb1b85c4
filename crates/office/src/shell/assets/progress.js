// A job under way: asks its own page again every second and moves the new section in, until the job has ended.
// Without script the page reloads itself.

import { make } from './frame.js';

const pause = (time) => new Promise((done) => setTimeout(done, time));

async function follow() {
  let wait = 1000;
  for (let now = document.querySelector('[data-progress]'); now; now = document.querySelector('[data-progress]')) {
    await pause(wait);
    try {
      const answer = await fetch(location.href, { headers: { accept: 'text/html' }, cache: 'no-store' });
      if (!answer.ok) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const next = page.querySelector('#progress');
      if (!next?.hasAttribute('data-progress')) { location.reload(); return; } // it has ended: show the result
      now.querySelector('progress').value = next.querySelector('progress').value;
      now.querySelector('progress').max = next.querySelector('progress').max;
      now.querySelector('p').textContent = next.querySelector('p').textContent;
      wait = 1000;
    } catch {
      wait = Math.min(wait * 2, 15000);
      if (!now.querySelector('.notice')) now.append(make('p', { class: 'notice heed' }, 'The server does not answer. The work goes on there; this page keeps asking.'));
    }
  }
}

follow();

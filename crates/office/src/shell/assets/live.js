// Says when the school's record has moved. One tab of the browser listens for all: whoever holds the lock has the stream and tells the others;
// when its tab closes the next one takes over. Where there is no stream or no lock, the number is asked for every few seconds.

const pageOf = document.querySelector('meta[name="person"]')?.content ?? '';
const NAME = `rollbook-live-${pageOf}`;
const POLL = 3000;

/** Calls `moved(number)` whenever the school's record stands at another number, and `standing(live)` when the stream begins or breaks. */
export function follow(moved, standing = () => {}) {
  let last = null;
  const told = (number) => { if (number !== last) { last = number; moved(number); } };
  const channel = 'BroadcastChannel' in window ? new BroadcastChannel(NAME) : null;
  const say = (message) => { channel?.postMessage(message); hear(message); };
  const hear = ({ number, live }) => { if (live !== undefined) standing(live); if (number !== undefined) told(number); };
  if (channel) channel.onmessage = (event) => hear(event.data);

  const poll = async () => {
    try {
      const answer = await fetch('/live/head', { headers: { accept: 'application/json' } });
      if (answer.status === 401) { location.reload(); return; }
      if (answer.ok) hear({ number: (await answer.json()).head });
    } catch { standing(false); }
  };
  const listen = () => new Promise(() => {
    if (!('EventSource' in window)) { setInterval(poll, POLL); return; }
    const stream = new EventSource('/live');
    stream.addEventListener('open', () => say({ live: true }));
    stream.addEventListener('head', (event) => say({ number: Number(event.data) }));
    stream.addEventListener('error', () => {
      if (stream.readyState !== EventSource.CLOSED) return;
      say({ live: false });
      setInterval(() => poll().then(() => channel?.postMessage({ number: last })), POLL);
    });
  });
  // The lock is held for as long as the tab is open: the promise never ends.
  if (navigator.locks && channel) navigator.locks.request(NAME, listen); else listen();
  poll();
  addEventListener('online', poll);
  addEventListener('visibilitychange', () => { if (!document.hidden) poll(); });
}

// The worker between pages and the network. It keeps the page for no network with what that page loads, and nothing else: no page, no
// answer and no file of a school is ever kept here. A new release is a new set, and the old one goes.

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(SET).then((cache) => cache.addAll(['/offline', ...FILES].map((path) => new Request(path, { cache: 'reload', credentials: 'omit' })))).then(() => self.skipWaiting()));
});

self.addEventListener('activate', (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name !== SET) await caches.delete(name);
    await self.registration.navigationPreload?.enable();
    await self.clients.claim();
  })());
});

self.addEventListener('message', (event) => {
  if (event.data === 'claim') event.waitUntil(self.clients.claim());
});

/** The page that was asked for, or the one for no network when the server cannot be reached. */
async function page(event) {
  try {
    const answer = (await event.preloadResponse) ?? await fetch(event.request);
    if (![502, 503, 504].includes(answer.status) || !/^\/(registers|lessons|door|fire|kiosk)(\/|$)/.test(new URL(event.request.url).pathname)) return answer;
  } catch { /* no network */ }
  return (await caches.match('/offline', { cacheName: SET })) ?? Response.error();
}

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) return;
  if (request.mode === 'navigate') event.respondWith(page(event));
  else if (FILES.includes(url.pathname)) event.respondWith(caches.match(url.pathname, { cacheName: SET }).then((kept) => kept ?? fetch(request)));
});

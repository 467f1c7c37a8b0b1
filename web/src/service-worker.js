// Keeps the page's own files, so that it opens without a network. It stores nothing else and answers for nothing else.

/* global RELEASE, SHELL */
const KEPT = `pspf-${RELEASE}`;

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(KEPT).then((kept) => kept.addAll(SHELL.map((name) => new Request(name, { cache: 'reload' })))).then(() => self.skipWaiting()));
});

self.addEventListener('activate', (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name.startsWith('pspf-') && name !== KEPT) await caches.delete(name);
    await self.clients.claim();
  })());
});

self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  const scope = new URL('./', self.location.href);
  const name = url.pathname === new URL('index.html', scope).pathname ? './' : `./${url.pathname.slice(scope.pathname.length)}`;
  const known = SHELL.some((kept) => new URL(kept, scope).href === new URL(name, scope).href);
  if (event.request.method !== 'GET' || url.origin !== scope.origin || !known) return;
  event.respondWith(caches.open(KEPT).then(async (kept) => (await kept.match(new URL(name, scope))) ?? fetch(event.request)));
});

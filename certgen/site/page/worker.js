// Keeps what the page has fetched, for days without a network: a browser's own cache does not show a page again once
// its time is over, and many hosts give it ten minutes. The network always goes first, so that nothing old is shown
// while something newer can be had; only files that hold nobody's data are kept, and never a fragment.
const OURS = /^(v(\/|\/index\.html|\.html)?|verify\.html|(site|did|honest)\.json|(status|notices|facts)\/[^/]+\.json)$/;
const FOLDER = new URL("./", self.location).href;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const address = event.request.url.replace(/[?#].*/, "");
  const ours = address.startsWith(FOLDER) && OURS.test(address.slice(FOLDER.length));
  if (ours && event.request.method === "GET") event.respondWith(answered(event.request, address));
});

async function answered(request, address) {
  const kept = await caches.open("certgen");
  try {
    const answer = await fetch(request);
    if (answer.ok && !answer.redirected) await kept.put(address, answer.clone());
    return answer;
  } catch (error) {
    const found = await kept.match(address);
    if (found) return found;
    throw error;
  }
}

// The page itself: what comes in (an address, a typed code, the camera, a file), the verdict, the language.
import { checkFile, checkText } from "./check.js";
import { el } from "./elements.js";
import { home, loadSite } from "./source.js";
import { shown } from "./view.js";
import { LANGUAGES, language, speak, t } from "./words.js";

const $ = (id) => document.getElementById(id);
let verdict = null; // null: nothing asked yet; "checking"; else what check.js gives
let latest = 0; // the newest question: an answer to an older one is not shown

// Asks one question and shows the answer; `check` gets the site and gives a verdict.
async function ask(check) {
  const turn = ++latest;
  stopCamera();
  verdict = "checking";
  render();
  let answer;
  if (!globalThis.crypto || !crypto.subtle) answer = { state: "unreadable", why: "no_crypto", site: await loadSite().catch(nobody) };
  else {
    const site = await loadSite().catch(nobody);
    answer = await check(site).catch(() => ({ state: "unreadable", site }));
  }
  if (turn !== latest) return;
  verdict = answer;
  render();
  const heading = document.querySelector("h1");
  heading.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

const nobody = () => ({ issuer: {}, keys: [], reached: false });
const askText = (text) => ask((site) => checkText(text, site));

// --- rendering -------------------------------------------------------------------------------

function render() {
  speak(language);
  for (const one of document.querySelectorAll("[data-t]")) one.textContent = t(one.dataset.t);
  for (const one of document.querySelectorAll("[data-l]")) one.setAttribute("aria-label", t(one.dataset.l));
  const done = verdict && verdict.state;
  const start = [el("h1", {}, t("page")), el("p", { class: "intro" }, t("intro"))];
  const wait = [el("p", { class: "wait", role: "status" }, t("checking"))];
  $("answer").replaceChildren(...(done ? shown(verdict) : verdict ? wait : start));
  $("again").hidden = !done;
  $("ask").hidden = verdict === "checking";
  $("scan").hidden = !canScan;
  $("no-scan").hidden = canScan;
  document.body.dataset.state = done || (verdict ? "checking" : "start");
  document.title = [done && t(`s_${done}`).replace(/ *\{\}/, "…"), t("page")].filter(Boolean).join(" – ");
}

const chooser = $("language");
for (const one of LANGUAGES) chooser.append(el("option", { value: one, lang: one }, ownName(one)));
chooser.value = language;
chooser.addEventListener("change", () => {
  speak(chooser.value);
  render();
});

function ownName(tag) {
  return new Intl.DisplayNames(tag, { type: "language" }).of(tag);
}

// --- what comes in ---------------------------------------------------------------------------------

// The fragment never goes to a server; it leaves the address bar and the history too.
function fromAddress() {
  const fragment = location.hash.slice(1);
  if (!fragment) return;
  history.replaceState(null, "", location.pathname + location.search);
  askText(fragment);
}
addEventListener("hashchange", fromAddress);

$("typed").addEventListener("submit", (event) => {
  event.preventDefault();
  if ($("code").value.trim()) askText($("code").value);
});

$("file").addEventListener("change", () => fromFile($("file").files[0]));
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  event.preventDefault();
  const { files } = event.dataTransfer;
  fromFile(files[0]);
});

function fromFile(file) {
  if (!file) return;
  ask(async (site) => {
    const bytes = new Uint8Array(await file.slice(0, 60e6).arrayBuffer());
    const found = await checkFile(bytes, site);
    if (found) return found;
    const seen = detector && file.type.startsWith("image/") && (await detected(await createImageBitmap(file)));
    return seen ? checkText(seen, site) : { state: "unreadable", why: "no_credential", site };
  });
  $("file").value = "";
}

// --- camera ----------------------------------------------------------------------------------------

const detector = "BarcodeDetector" in window ? new BarcodeDetector({ formats: ["qr_code"] }) : null;
const canScan = Boolean(detector && navigator.mediaDevices);
const video = $("video");

async function detected(picture) {
  const codes = await detector.detect(picture).catch(() => []);
  return codes.length ? codes[0].rawValue : null;
}

$("scan").addEventListener("click", async () => {
  if (video.srcObject) return stopCamera();
  $("camera-trouble").hidden = true;
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch {
    $("camera-trouble").hidden = false;
    return undefined;
  }
  video.hidden = false;
  $("scan").textContent = t(($("scan").dataset.t = "stop"));
  await video.play();
  while (video.srcObject) {
    const seen = await detected(video);
    if (seen && video.srcObject) askText(seen);
    await new Promise((wake) => setTimeout(wake, 150));
  }
  return undefined;
});

function stopCamera() {
  if (!video.srcObject) return;
  for (const track of video.srcObject.getTracks()) track.stop();
  video.srcObject = null;
  video.hidden = true;
  $("scan").dataset.t = "scan";
}

// --- without a network, after the first time ---------------------------------------------------------

if (location.protocol === "https:" && navigator.serviceWorker) {
  const policy = globalThis.trustedTypes && trustedTypes.createPolicy("worker", { createScriptURL: (url) => url });
  const worker = `${home}worker.js`;
  navigator.serviceWorker.register(policy ? policy.createScriptURL(worker) : worker).catch(() => null);
}

$("again-link").addEventListener("click", () => $("code").focus());
render();
fromAddress();

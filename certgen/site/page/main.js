// The page itself: what comes in (an address, a typed code, the camera, a file), the verdict, the language.
import { checkFile, checkText } from "./check.js";
import { el } from "./elements.js";
import { home, loadSite } from "./source.js";
import { shown } from "./view.js";
import { LANGUAGES, language, speak, t, titled } from "./words.js";

const $ = (id) => document.getElementById(id);
const [chooser, field, video] = ["language", "code", "video"].map($);
let state = "start"; // or "wait", or the verdict's
let verdict = null; // what check.js gives
let latest = 0; // the newest question: an answer to an older one is not shown

// Asks one question and shows the answer; `check` gets the site and gives a verdict.
async function ask(check) {
  const turn = ++latest;
  stopCamera();
  state = "wait";
  render();
  const site = await loadSite();
  const why = globalThis.crypto && crypto.subtle ? "" : "no_crypto";
  const answer = why ? { state: "unreadable", why } : await check(site).catch(() => ({ state: "unreadable" }));
  if (turn !== latest) return;
  verdict = { site, ...answer };
  state = verdict.state;
  render();
  scrollTo(0, 0);
  document.querySelector("h1").focus();
}

const askText = (text) => ask((site) => checkText(text, site));

function render() {
  const root = document.documentElement;
  root.lang = language;
  root.dir = language === "ar" ? "rtl" : "ltr";
  for (const one of document.querySelectorAll("[data-t]")) one.textContent = t(one.dataset.t);
  chooser.ariaLabel = t("tongue");
  video.ariaLabel = t("scan");
  const parts = {
    start: () => [el("h1", t("page")), el("p", t("intro"))],
    wait: () => [el("p.wait", { role: "status" }, t("wait"))],
  };
  const begun = state in parts;
  $("answer").replaceChildren(...(begun ? parts[state]() : shown(verdict)).filter(Boolean));
  $("again").hidden = begun;
  document.body.dataset.state = state;
  document.title = begun ? t("page") : `${t(`s_${state}`, "…")} – ${t("page")}`;
}

chooser.append(...LANGUAGES.map((one) => el("option", { value: one, lang: one }, titled("language", one, one))));
chooser.value = language;
chooser.onchange = () => {
  speak(chooser.value);
  render();
};

// --- what comes in ---------------------------------------------------------------------------------

// The fragment never goes to a server; it leaves the address bar and the history too.
function fromAddress() {
  const fragment = location.hash.slice(1);
  if (!fragment) return;
  history.replaceState(null, "", location.pathname + location.search);
  askText(fragment);
}
window.onhashchange = fromAddress;

$("typed").onsubmit = (event) => {
  event.preventDefault();
  if (field.value.trim()) askText(field.value);
};
$("file").onchange = ({ target }) => {
  fromFile(target.files[0]);
  target.value = "";
};
window.ondragover = (event) => event.preventDefault();
window.ondrop = (event) => {
  event.preventDefault();
  fromFile(event.dataTransfer.files[0]);
};

function fromFile(file) {
  if (!file) return;
  ask(async (site) => {
    const found = file.size < 6e7 && (await checkFile(new Uint8Array(await file.arrayBuffer()), site));
    if (found) return found;
    const seen = detector && /^image/.test(file.type) && (await detected(await createImageBitmap(file)));
    return seen ? checkText(seen, site) : { state: "unreadable", why: "no_credential" };
  });
}

// --- camera ----------------------------------------------------------------------------------------

const detector = "BarcodeDetector" in window && new BarcodeDetector({ formats: ["qr_code"] });
const camera = $("scan");
camera.hidden = !detector || !navigator.mediaDevices;
$("no-scan").hidden = !camera.hidden;

const detected = async (picture) => ((await detector.detect(picture).catch(() => []))[0] || {}).rawValue;

camera.onclick = async () => {
  if (video.srcObject) return stopCamera();
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    video.hidden = false;
    camera.textContent = t((camera.dataset.t = "stop"));
    await video.play();
    while (video.srcObject) {
      const seen = await detected(video);
      if (seen && video.srcObject) askText(seen);
      await new Promise((wake) => setTimeout(wake, 150));
    }
  } catch {
    stopCamera();
    $("no-scan").hidden = false;
  }
};

function stopCamera() {
  if (video.srcObject) video.srcObject.getTracks().forEach((track) => track.stop());
  video.srcObject = null;
  video.hidden = true;
  camera.textContent = t((camera.dataset.t = "scan"));
}

// --- without a network, after the first time ---------------------------------------------------------

if (isSecureContext && navigator.serviceWorker && location.host) {
  const { trustedTypes: types } = window;
  const address = `${home}worker.js`;
  const trusted = types ? types.createPolicy("worker", { createScriptURL: () => address }).createScriptURL("") : address;
  navigator.serviceWorker.register(trusted).catch(() => null);
}

render();
fromAddress();

// A thread of ask.mjs: what each verifier says of each case. Nothing is fetched: an address that is neither among a
// case's documents nor among the shared ones does not exist.
import {parentPort, workerData} from 'node:worker_threads';

const {cases, shared, now} = workerData;
let documents = {};

globalThis.fetch = async request => {
  const address = typeof request === 'string' ? request : (request.url ?? String(request));
  if(address in documents) {
    return new Response(JSON.stringify(documents[address]), {headers: {'content-type': 'application/json'}});
  }
  return new Response('{}', {status: 404, headers: {'content-type': 'application/json'}});
};

const {DataIntegrityProof} = await import('@digitalbazaar/data-integrity');
const {cryptosuite: rdfc} = await import('@digitalbazaar/eddsa-rdfc-2022-cryptosuite');
const jcs = await import('@digitalbazaar/eddsa-jcs-2022-cryptosuite');
const vc = await import('@digitalbazaar/vc');
const {checkStatus} = await import('@digitalbazaar/vc-bitstring-status-list');
const {verifyCredential} = await import('@digitalcredentials/verifier-core');

const documentLoader = async address => {
  if(!(address in documents)) {
    throw new Error(`${address} is not there`);
  }
  return {contextUrl: null, documentUrl: address, document: documents[address], tag: 'static'};
};

const words = error => [error?.message, ...(error?.errors ?? []).map(e => e.message), error?.cause?.message]
  .filter(Boolean).join('; ');

// each proof of the set by itself, so that one good proof does not cover for the other
async function digitalbazaar({credential}, name) {
  const cryptosuite = name === 'eddsa-rdfc-2022' ? rdfc : jcs.createVerifyCryptosuite();
  const proofs = [].concat(credential.proof).filter(proof => proof.cryptosuite === name);
  const suite = new DataIntegrityProof({cryptosuite});
  const checking = ({credential}) => checkStatus({
    credential, documentLoader, suite: new DataIntegrityProof({cryptosuite}), verifyMatchingIssuers: true
  });
  const result = await vc.verifyCredential({
    credential: {...credential, proof: proofs}, suite, documentLoader, checkStatus: checking, now: new Date(now)
  });
  return {
    verified: result.verified && proofs.length === 1,
    revoked: (result.statusResult?.results ?? []).some(entry => entry.status === true),
    status: result.statusResult?.verified ?? null,
    why: words(result.error) || words(result.statusResult?.error)
  };
}

async function core({credential}) {
  const result = await verifyCredential({credential, knownDIDRegistries: []});
  const log = Object.fromEntries((result.log ?? []).map(entry => [entry.id, entry.valid ?? entry.error?.name]));
  return {
    log,
    errors: (result.errors ?? []).map(error => error.name ?? error.message),
    schema: result.additionalInformation?.[0]?.results?.[0]?.result?.valid ?? null
  };
}

const said = {};
for(const [name, one] of Object.entries(cases)) {
  documents = {...shared, ...one.documents};
  const record = said[name] = {};
  for(const [judge, ask] of [
    ['rdfc', () => digitalbazaar(one, 'eddsa-rdfc-2022')],
    ['jcs', () => digitalbazaar(one, 'eddsa-jcs-2022')],
    ['core', () => core(one)]
  ]) {
    try {
      record[judge] = await ask();
    } catch(error) {
      record[judge] = {verified: false, why: words(error)};
    }
  }
}
parentPort.postMessage(said);

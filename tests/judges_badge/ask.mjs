// Reads {cases: {name: {credential, documents: {address: document}}}, shared, now} on standard input; writes what each
// verifier says of each case. Some verifiers remember a DID's keys, so cases in which a DID has other keys are asked in
// other threads, each with verifiers of its own.
import {readFileSync} from 'node:fs';
import {Worker} from 'node:worker_threads';

const {cases, ...more} = JSON.parse(readFileSync(0, 'utf8'));
const worlds = [];
for(const [name, one] of Object.entries(cases)) {
  const said = Object.entries(one.documents).filter(([address]) => /^did:[^#]*$/.test(address))
    .map(([address, document]) => [address, JSON.stringify(document)]);
  let world = worlds.find(({known}) => said.every(([address, text]) => (known.get(address) ?? text) === text));
  if(!world) {
    world = {known: new Map(), cases: {}};
    worlds.push(world);
  }
  said.forEach(([address, text]) => world.known.set(address, text));
  world.cases[name] = one;
}

const answers = await Promise.all(worlds.map(world => new Promise((resolve, reject) => {
  const worker = new Worker(new URL('verify.mjs', import.meta.url), {workerData: {...more, cases: world.cases}});
  worker.on('message', resolve).on('error', reject);
})));
process.stdout.write(JSON.stringify(Object.assign({}, ...answers)));

// Reads messages as mail clients do. In: a JSON list of messages in base64. Out: for each what each reader found.
import { createHash } from "node:crypto";
import { simpleParser } from "mailparser";
import PostalMime from "postal-mime";

const sha256 = (data) => createHash("sha256").update(Buffer.from(data)).digest("hex");

async function postal(raw) {
  const found = await PostalMime.parse(raw);
  return {
    subject: found.subject,
    from: found.from,
    sender: found.sender,
    to: found.to,
    replyTo: found.replyTo,
    messageId: found.messageId,
    headers: Object.fromEntries(found.headers.map(({ key, value }) => [key, value])),
    text: found.text,
    html: found.html,
    parts: found.attachments.map((part) => ({
      name: part.filename, type: part.mimeType, sha256: sha256(part.content), id: part.contentId, how: part.disposition,
    })),
  };
}

async function nodemailer(raw) {
  const found = await simpleParser(raw, { keepCidLinks: true });
  const people = (list) => (list ? list.value.map(({ name, address }) => ({ name, address })) : undefined);
  return {
    subject: found.subject,
    from: people(found.from)[0],
    to: people(found.to),
    replyTo: people(found.replyTo),
    messageId: found.messageId,
    text: found.text,
    html: found.html,
    parts: found.attachments.map((part) => ({
      name: part.filename, type: part.contentType, sha256: sha256(part.content), id: part.contentId,
      how: part.contentDisposition,
    })),
  };
}

let input = "";
for await (const piece of process.stdin) input += piece;
const out = [];
for (const message of JSON.parse(input)) {
  const raw = Buffer.from(message, "base64");
  out.push({ postal: await postal(raw), nodemailer: await nodemailer(raw) });
}
process.stdout.write(JSON.stringify(out));

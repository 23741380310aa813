import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from "node:crypto";
import { isIP } from "node:net";
import { createSecureContext, type SecureContext } from "node:tls";
import {
  bits,
  boolean,
  identifier,
  integer,
  octets,
  sequence,
  set,
  tagged,
  text,
  time,
} from "./der.ts";

/** Certificates of one rehearsal: an authority that nobody else trusts, and a leaf for each host name. */
export type Authority = {
  /** The authority's own certificate, for NODE_EXTRA_CA_CERTS, GIT_SSL_CAINFO and kubeconfigs. */
  readonly pem: string;
  /** TLS of a server of that name; made once. */
  contextFor(host: string): SecureContext;
};

const ecdsaWithSha256 = sequence(identifier("1.2.840.10045.4.3.2"));
const day = 24 * 60 * 60 * 1000;

/** Makes an authority with an EC P-256 key, valid for two days around the machine's clock. */
export function createAuthority(): Authority {
  const name = "Rehearsal of release-actions";
  const own = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = certificate({
    subject: name,
    issuer: name,
    key: own.publicKey,
    signer: own,
    extensions: [
      extension("2.5.29.19", sequence(boolean(true)), true),
      extension("2.5.29.15", bits(Buffer.from([0x06]), 1), true),
      extension("2.5.29.14", octets(keyId(own.publicKey))),
    ],
  });
  const contexts = new Map<string, SecureContext>();

  const contextFor = (host: string): SecureContext => {
    const known = contexts.get(host);
    if (known) return known;
    const leaf = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const alternative = isIP(host)
      ? tagged(7, ipBytes(host), "own")
      : tagged(2, Buffer.from(host), "own");
    const cert = certificate({
      subject: host.slice(0, 64),
      issuer: name,
      key: leaf.publicKey,
      signer: own,
      extensions: [
        extension("2.5.29.17", sequence(alternative)),
        extension("2.5.29.37", sequence(identifier("1.3.6.1.5.5.7.3.1"))),
        extension("2.5.29.35", sequence(tagged(0, keyId(own.publicKey), "own"))),
      ],
    });
    const context = createSecureContext({
      cert: cert + pem,
      key: leaf.privateKey.export({ type: "pkcs8", format: "pem" }),
      minVersion: "TLSv1.2",
    });
    contexts.set(host, context);
    return context;
  };

  return { pem, contextFor };
}

function certificate(of: {
  subject: string;
  issuer: string;
  key: KeyObject;
  signer: { publicKey: KeyObject; privateKey: KeyObject };
  extensions: Buffer[];
}): string {
  const now = Date.now();
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x01;
  const body = sequence(
    tagged(0, integer(Buffer.from([2])), "around"),
    integer(serial),
    ecdsaWithSha256,
    commonName(of.issuer),
    sequence(time(new Date(now - day)), time(new Date(now + day))),
    commonName(of.subject),
    of.key.export({ type: "spki", format: "der" }),
    tagged(3, sequence(...of.extensions), "around"),
  );
  const signature = sign("sha256", body, of.signer.privateKey);
  const der = sequence(body, ecdsaWithSha256, bits(signature));
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

const commonName = (name: string): Buffer =>
  sequence(set(sequence(identifier("2.5.4.3"), text(name))));

const extension = (id: string, value: Buffer, critical = false): Buffer =>
  sequence(identifier(id), ...(critical ? [boolean(true)] : []), octets(value));

const keyId = (key: KeyObject): Buffer =>
  createHash("sha1")
    .update(key.export({ type: "spki", format: "der" }))
    .digest();

function ipBytes(address: string): Buffer {
  if (!address.includes(":")) return Buffer.from(address.split(".").map(Number));
  const [head = "", tail] = address.split("::");
  const words = (part: string): number[] =>
    part ? part.split(":").map((word) => parseInt(word, 16)) : [];
  const front = words(head);
  const back = tail === undefined ? [] : words(tail);
  const all = [...front, ...Array<number>(8 - front.length - back.length).fill(0), ...back];
  return Buffer.from(all.flatMap((word) => [word >> 8, word & 0xff]));
}

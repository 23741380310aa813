import { generateKeyPairSync, sign } from "node:crypto";

const day = 24 * 60 * 60 * 1000;
const hex = (text: string): Buffer => Buffer.from(text, "hex");

/** One DER value, shorter than 64 KiB. */
function der(tag: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const size = body.length;
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}

const sequence = (...parts: Buffer[]): Buffer => der(0x30, ...parts);
const bits = (content: Buffer): Buffer => der(0x03, Buffer.from([0]), content);
const time = (at: number): Buffer =>
  der(0x17, Buffer.from(`${new Date(at).toISOString().replace(/[-T:]/g, "").slice(2, 14)}Z`));

/**
 * A certificate for localhost, 127.0.0.1 and example.org with its subdomains that nobody trusts yet; made for one run of the
 * tests. `from` and `until`: days from now, of its validity.
 */
export function makeCertificate({ from = -1, until = 1 } = {}): { key: string; cert: string } {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const ecdsaWithSha256 = sequence(hex("06082a8648ce3d040302"));
  const name = sequence(
    der(0x31, sequence(hex("0603550403"), der(0x0c, Buffer.from("localhost")))),
  );
  const names = sequence(
    der(0x82, Buffer.from("localhost")),
    der(0x82, Buffer.from("example.org")),
    der(0x82, Buffer.from("*.example.org")),
    der(0x87, Buffer.from([127, 0, 0, 1])),
  );
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1])),
    ecdsaWithSha256,
    name,
    sequence(time(Date.now() + from * day), time(Date.now() + until * day)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(sequence(hex("0603551d11"), der(0x04, names)))),
  );
  const cert = sequence(body, ecdsaWithSha256, bits(sign("sha256", body, privateKey)));
  const lines = cert.toString("base64").match(/.{1,64}/g) ?? [];
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`,
  };
}

/** The few forms of DER that a certificate is made of. */

const encode = (tag: number, content: Uint8Array): Buffer => {
  const size = content.length;
  const length =
    size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
};

export const sequence = (...parts: Buffer[]): Buffer => encode(0x30, Buffer.concat(parts));

export const set = (...parts: Buffer[]): Buffer => encode(0x31, Buffer.concat(parts));

/** A number without sign, as bytes, most significant first. */
export const integer = (bytes: Uint8Array): Buffer =>
  encode(0x02, (bytes[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);

export const boolean = (value: boolean): Buffer => encode(0x01, Buffer.from([value ? 0xff : 0]));

export const text = (value: string): Buffer => encode(0x0c, Buffer.from(value, "utf8"));

export const octets = (bytes: Uint8Array): Buffer => encode(0x04, bytes);

export const bits = (bytes: Uint8Array, unused = 0): Buffer =>
  encode(0x03, Buffer.concat([Buffer.from([unused]), bytes]));

/** An element with a context's number: `[n]`, around others or with bytes of its own. */
export const tagged = (number: number, content: Uint8Array, form: "around" | "own"): Buffer =>
  encode((form === "around" ? 0xa0 : 0x80) | number, content);

/** An instant; years up to 2049 in the short form, as certificates want it. */
export const time = (at: Date): Buffer => {
  const digits = at.toISOString().replace(/[-:T]|\.\d+/g, "");
  return at.getUTCFullYear() < 2050
    ? encode(0x17, Buffer.from(digits.slice(2)))
    : encode(0x18, Buffer.from(digits));
};

/** An object identifier in dotted form. */
export const identifier = (dotted: string): Buffer => {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const septets = [part & 0x7f];
    for (let left = part >>> 7; left > 0; left >>>= 7) septets.unshift((left & 0x7f) | 0x80);
    bytes.push(...septets);
  }
  return encode(0x06, Buffer.from(bytes));
};

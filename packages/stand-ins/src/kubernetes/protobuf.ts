import type { Fields } from "./object.ts";
import { badRequest, unsupportedMediaType } from "./status.ts";

/** A message of protobuf: the values of each field by its number, in their order. */
type Message = Map<number, (Buffer | number)[]>;
type Reader = (message: Message) => Fields;

const magic = Buffer.from("k8s\0");

/** How Go's client of Kubernetes writes an object: an envelope with its kind, and the object in it. */
export function parseProtobuf(body: Buffer): Fields {
  if (!body.subarray(0, magic.length).equals(magic)) throw unsupportedMediaType();
  const envelope = messageOf(body.subarray(magic.length));
  const { apiVersion, kind } = record({ apiVersion: text(1), kind: text(2) })(
    messageOf(bytesAt(envelope, 1)),
  );
  // What Go's programs write as protobuf here are Helm's own records; other kinds come as JSON.
  const read = kinds[String(kind)];
  if (!read) throw unsupportedMediaType();
  return { apiVersion, kind, ...read(messageOf(bytesAt(envelope, 2))) };
}

type Part = (message: Message) => unknown;

const text =
  (number: number): Part =>
  (message) =>
    message.has(number) ? bytesAt(message, number).toString("utf8") : undefined;
const texts =
  (number: number): Part =>
  (message) =>
    message.get(number)?.map((value) => String(value));
const count =
  (number: number): Part =>
  (message) => {
    const value = message.get(number)?.at(-1);
    return typeof value === "number" ? value : undefined;
  };
const flag =
  (number: number): Part =>
  (message) => {
    const value = message.get(number)?.at(-1);
    return value === undefined ? undefined : value === 1;
  };
const map =
  (number: number, form: "utf8" | "base64"): Part =>
  (message) => {
    const entries = (message.get(number) ?? []).map((value) => {
      const entry = messageOf(value as Buffer);
      return [bytesAt(entry, 1).toString("utf8"), bytesAt(entry, 2).toString(form)] as const;
    });
    return entries.length === 0 ? undefined : Object.fromEntries(entries);
  };
const part =
  (number: number, read: Reader): Part =>
  (message) =>
    message.has(number) ? read(messageOf(bytesAt(message, number))) : undefined;

/** Empty texts are how protobuf says that a field is not given. */
function record(parts: Record<string, Part>): Reader {
  return (message) =>
    Object.fromEntries(
      Object.entries(parts)
        .map(([name, read]) => [name, read(message)] as const)
        .filter(([, value]) => value !== undefined && value !== ""),
    );
}

const metadata = record({
  name: text(1),
  generateName: text(2),
  namespace: text(3),
  uid: text(5),
  resourceVersion: text(6),
  labels: map(11, "utf8"),
  annotations: map(12, "utf8"),
});

const kinds: Record<string, Reader> = {
  Secret: record({
    metadata: part(1, metadata),
    data: map(2, "base64"),
    type: text(3),
    stringData: map(4, "utf8"),
    immutable: flag(5),
  }),
  DeleteOptions: record({
    gracePeriodSeconds: count(1),
    preconditions: part(2, record({ uid: text(1), resourceVersion: text(2) })),
    orphanDependents: flag(3),
    propagationPolicy: text(4),
    dryRun: texts(5),
  }),
};

function bytesAt(message: Message, number: number): Buffer {
  const value = message.get(number)?.at(-1);
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0);
}

function messageOf(bytes: Buffer): Message {
  const message: Message = new Map();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at];
      at += 1;
      if (byte === undefined || shift > 63) throw broken();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw broken();
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const key = varint();
    const [number, wire] = [Math.floor(key / 8), key % 8];
    const value = wire === 0 ? varint() : wire === 2 ? take(varint()) : take(wire === 1 ? 8 : 4);
    message.set(number, [...(message.get(number) ?? []), value]);
  }
  return message;
}

const broken = (): Error => badRequest("the request's body is not protobuf");

import { hostileTexts, mark, type Hostile } from "./texts.ts";

/** An answer as a client gets it. */
export type Answer = {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
  /** The connection ends after the body, whatever length was promised. */
  cut?: true;
  /** After the body more and more is sent, for as long as anybody reads. */
  endless?: true;
  /** Written as it is, in the place of all that: what no server of Node's would send. */
  raw?: string;
};

export type Asked = { method: string; url: string; headers: Record<string, string> };

/** What a server says instead of the truth. Undefined: this cannot be said here. */
export type Lie = (truth: Answer, asked: Asked, thief: string) => Answer | undefined;

const json = { "content-type": "application/json; charset=utf-8" };
const says = (body: string | Buffer, more: Partial<Answer> = {}): Answer => ({
  status: 200,
  headers: json,
  body: Buffer.from(body),
  ...more,
});

/** A refusal in every form that one of the servers has for it, with a text in each place for words. */
const refusal = (status: number, text: string, headers: Record<string, string> = {}): Answer =>
  says(
    JSON.stringify({
      kind: "Status",
      apiVersion: "v1",
      status: "Failure",
      reason: text,
      code: status,
      message: text,
      details: { name: text, causes: [{ reason: text, field: text, message: text }] },
      errors: [{ code: text, message: text, field: text, messages: [text], detail: text }],
      documentation_url: text,
    }),
    { status, headers: { ...json, ...headers } },
  );

const everyHarm = (Object.keys(hostileTexts) as Hostile[])
  .filter((kind) => kind !== "too long")
  .map((kind) => hostileTexts[kind])
  .join(" ");

/** Changes every value of a JSON answer that stands under one of the keys, or every one. */
function changed(
  truth: Answer,
  change: (value: unknown, key: string) => unknown,
): Answer | undefined {
  let value: unknown;
  try {
    value = JSON.parse(truth.body.toString());
  } catch {
    return undefined;
  }
  const walk = (part: unknown, key: string): unknown => {
    if (Array.isArray(part)) return part.map((item) => walk(item, key));
    if (typeof part !== "object" || part === null) return change(part, key);
    return Object.fromEntries(Object.entries(part).map(([name, item]) => [name, walk(item, name)]));
  };
  const { "content-length": _length, ...headers } = truth.headers;
  return { ...truth, headers, body: Buffer.from(JSON.stringify(walk(value, ""))) };
}

/** Keys under which the servers keep what people wrote. */
const words =
  /^(?:title|body|bodyText|message|messageHeadline|description|login|label|context|reason|note|text|summary|conclusion|filename)$/;

const withWords =
  (text: string): Lie =>
  (truth) =>
    changed(truth, (value, key) => (typeof value === "string" && words.test(key) ? text : value));

/** Answers that lie about their own form. */
export const brokenAnswers: Record<string, Lie> = {
  "nothing at all": () => says(""),
  "JSON that ends early": (truth) =>
    says(truth.body.length > 2 ? truth.body.subarray(0, -2) : '{"data": {"repository"'),
  "less than it promised": (truth) => ({
    ...truth,
    headers: { ...truth.headers, "content-length": String(truth.body.length + 1000) },
    cut: true,
  }),
  "a login page": () =>
    says(`<!DOCTYPE html><script>${mark}</script><form action="/login">`, {
      headers: { "content-type": "text/html" },
    }),
  null: () => says("null"),
  "a number": () => says("7"),
  "an empty list": () => says("[]"),
  "an empty object": () => says("{}"),
  "an empty answer to a query": () => says('{"data": {"repository": null}}'),
  "no field": (truth) => changed(truth, () => null),
  "numbers for texts": (truth) =>
    changed(truth, (value) => (typeof value === "string" ? 7 : value)),
  "texts for numbers": (truth) =>
    changed(truth, (value) => (typeof value === "string" ? value : `${String(value)}x`)),
  "lists in lists without end": () => says("[".repeat(200_000) + "]".repeat(200_000)),
  "a name of JavaScript's own": () =>
    says('{"__proto__": {"status": 200, "data": {}}, "constructor": {"prototype": {}}}'),
  "what is no status": () => says("", { raw: "HTTP/1.1 999 Odd\r\ncontent-length: 0\r\n\r\n" }),
  "what is no HTTP": () => says("", { raw: `SSH-2.0-OpenSSH_9.6\r\n::error::${mark}\r\n` }),
  "headers without end": () =>
    says("", { raw: `HTTP/1.1 200 OK\r\n${"x-a: b\r\n".repeat(20_000)}\r\n` }),
};

/** Refusals and redirects: the server does not do what it is asked for. */
export const refusals: Record<string, Lie> = {
  "a refusal full of harm": () => refusal(400, everyHarm),
  "a refusal of permission full of harm": () => refusal(403, `not accessible by ${everyHarm}`),
  "a refusal of a megabyte": () => refusal(422, "9".repeat(1_000_000)),
  "a conflict full of harm": () => refusal(409, everyHarm),
  "a refusal that repeats the request": (_, { headers }) => refusal(400, JSON.stringify(headers)),
  "a limit of a century": () => refusal(429, "later", { "retry-after": "3155760000" }),
  "a limit of no length": () => refusal(403, "later", { "retry-after": "-1e999", date: "never" }),
  "a redirect to a thief": (_, __, thief) =>
    says("", { status: 307, headers: { location: `${thief}/stolen` } }),
  "a redirect to itself": (_, { url }) => says("", { status: 302, headers: { location: url } }),
  "a redirect to a file": () =>
    says("", { status: 301, headers: { location: "file:///etc/passwd" } }),
  "a login at a thief's": (_, __, thief) =>
    says("", {
      status: 401,
      headers: { "www-authenticate": `Bearer realm="${thief}/token",service="x"` },
    }),
  "a login that is none": () =>
    says("", {
      status: 401,
      headers: { "www-authenticate": `Bearer ${'realm="'.repeat(2000)}, Basic\t::error::${mark}` },
    }),
};

/** The truth, with headers and addresses that would lead somewhere. */
export const hostileHeaders: Record<string, Lie> = {
  "links and places that lead to a thief": (truth, _, thief) => ({
    ...truth,
    headers: {
      ...truth.headers,
      link: `<${thief}/page>; rel="next"`,
      location: `${thief}/upload`,
      "docker-content-digest": `sha256:${"0".repeat(64)}`,
      "content-type": `application/json; ${mark}`,
      etag: `"${mark}"`,
    },
  }),
  "addresses that lead to a thief": (truth, _, thief) =>
    changed(truth, (value) =>
      typeof value === "string" ? value.replace(/^https?:\/\/[^/]+/, thief) : value,
    ),
  "a time that is none": (truth) => ({
    ...truth,
    headers: { ...truth.headers, date: "Thu, 32 Foo 99999 25:61:61 GMT" },
  }),
};

/** The truth, with harm wherever people write. */
export const hostileWords: Record<string, Lie> = {
  "harm where people write": withWords(everyHarm),
  "a megabyte where people write": withWords("9".repeat(1_000_000)),
};

/** More than any client should keep. Told once to a job by each of its servers, since it takes its time. */
export const endless: Lie = (truth) => {
  const { "content-length": _length, ...headers } = truth.headers;
  return { ...truth, headers, endless: true };
};

/** What a mail program would show of a message. */
export type MessageView = { headers: Record<string, string>; subject: string; text: string };

/** Reads a message: unfolded headers with lower-case names, encoded words decoded, and the first plain text. */
export function readMessage(raw: Buffer): MessageView {
  const part = readPart(raw.toString("latin1"));
  return {
    headers: part.headers,
    subject: part.headers["subject"] ?? "",
    text: plainText(part) ?? "",
  };
}

type Part = { headers: Record<string, string>; body: string };

/** Bytes are carried one to a character (latin1) until their encoding is known. */
function readPart(raw: string): Part {
  const [, head = "", body = ""] =
    /^([\s\S]*?)(?:\r?\n\r?\n([\s\S]*))?$/.exec(
      raw.startsWith("\n") || raw.startsWith("\r\n") ? `\r\n${raw}` : raw,
    ) ?? [];
  const headers: Record<string, string> = {};
  for (const line of head.replace(/\r?\n(?=[ \t])/g, "").split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = decodeWords(line.slice(colon + 1).trim());
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  return { headers, body };
}

function plainText(part: Part): string | undefined {
  const type = part.headers["content-type"] ?? "text/plain";
  const boundary = /^multipart\/.*;\s*boundary="?([^";]+)"?/i.exec(type)?.[1];
  if (boundary !== undefined) {
    const inner = part.body.split(`--${boundary}`).slice(1, -1);
    return inner
      .map((one) => plainText(readPart(one.replace(/^\r?\n/, "").replace(/\r?\n$/, ""))))
      .find((text) => text !== undefined);
  }
  if (!/^text\/plain\b/i.test(type)) return undefined;
  const charset = /charset="?([^";\s]+)"?/i.exec(type)?.[1] ?? "utf-8";
  const encoding = (part.headers["content-transfer-encoding"] ?? "7bit").toLowerCase();
  return decode(transferred(part.body, encoding), charset).replace(/\r\n/g, "\n");
}

function transferred(body: string, encoding: string): Buffer {
  if (encoding === "base64") return Buffer.from(body, "base64");
  if (encoding !== "quoted-printable") return Buffer.from(body, "latin1");
  return Buffer.from(hex(body.replace(/[ \t]+(?=\r?\n|$)/g, "").replace(/=\r?\n/g, "")), "latin1");
}

/** `=?utf-8?Q?…?=` and `=?utf-8?B?…?=`; the space between two of them belongs to neither. */
function decodeWords(value: string): string {
  return value
    .replace(/(\?=)\s+(?==\?)/g, "$1")
    .replace(
      /=\?([^?]+)\?([QqBb])\?([^?]*)\?=/g,
      (_, charset: string, kind: string, word: string) =>
        decode(
          kind.toLowerCase() === "b"
            ? Buffer.from(word, "base64")
            : Buffer.from(hex(word.replaceAll("_", " ")), "latin1"),
          charset,
        ),
    );
}

function hex(text: string): string {
  return text.replace(/=([0-9A-Fa-f]{2})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
}

function decode(bytes: Buffer, charset: string): string {
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return bytes.toString("latin1");
  }
}

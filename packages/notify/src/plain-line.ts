// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;
/** Characters that turn the reading direction or hide. */
const hidden = /[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** Foreign text on one line, at most `limit` UTF-16 units: no control character, nothing hidden, nothing that turns the direction. */
export function plainLine(text: string, limit: number): string {
  return shortened(
    text.toWellFormed().replaceAll(control, " ").replaceAll(hidden, "").trim(),
    limit,
  );
}

/** The line escaped for a sink, shortened before the escaping until the result is within `limit`, so that no escape is cut in two. */
export function escapedLine(text: string, limit: number, escape: (line: string) => string): string {
  let line = plainLine(text, limit);
  let escaped = escape(line);
  while (escaped.length > limit) {
    if (line.length <= 1) return "";
    // Each step takes away a part of what is too much; the escapes are at most a few times longer than the text.
    line = shortened(line, Math.max(1, line.length - Math.ceil((escaped.length - limit) / 8) - 1));
    escaped = escape(line);
  }
  return escaped;
}

/** An address that may be put into a message; undefined for anything but http and https. */
export function webAddress(address: string | undefined): URL | undefined {
  const url = address === undefined ? null : URL.parse(address);
  const isWeb = url?.protocol === "https:" || url?.protocol === "http:";
  // A name and a password in front of the host make an address look like another one.
  return url !== null && isWeb && url.username === "" && url.password === "" ? url : undefined;
}

function shortened(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const kept = text.slice(0, limit - 1);
  return `${/[\ud800-\udbff]$/.test(kept) ? kept.slice(0, -1) : kept}…`;
}

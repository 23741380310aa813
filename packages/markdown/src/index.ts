// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;
/** Characters that turn the reading direction or hide: a name must look like what it is. */
const hidden = /[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** A word joiner: nothing to see, and enough to make a name no mention, a number no reference and an address no link. */
const joiner = "\u2060";

/**
 * Foreign text on one line of Markdown: no mark-up, link, HTML, mention, issue reference, formula or table cell comes out of it.
 * GitHub looks for mentions, references and addresses after it has undone escapes and entities, so neither stops those.
 */
export function markdownText(text: string): string {
  return (
    text
      .toWellFormed()
      .replaceAll(control, " ")
      .replaceAll(hidden, "")
      .replaceAll(/[\\`*_[\]|~$]/g, "\\$&")
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      // Headings, lists and rules begin a line.
      .replace(/^(\s*)([-+=](?=\s|$|-|=)|#+(?=\s|$|#))/, "$1\\$2")
      .replace(/^(\s*\d+)(?=[.)](?:\s|$))/, `$1${joiner}`)
      .replaceAll(/@|#(?=[\p{L}\p{N}_])|\bGH(?=-\d)|:(?=\/\/)|\bwww(?=\.)/giu, `$&${joiner}`)
  );
}

/** Foreign text as a code span: nothing in it is mark-up, and no backtick ends it. */
export function markdownCode(text: string): string {
  const line = text
    .toWellFormed()
    .replaceAll(control, " ")
    .replaceAll(hidden, "")
    .replaceAll("|", "\\|");
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map((run) => run[0].length));
  const fence = "`".repeat(longest + 1);
  const pad = line === "" || line.startsWith("`") || line.endsWith("`") ? " " : "";
  return `${fence}${pad}${line}${pad}${fence}`;
}

/** Foreign lines as a code block; no line of it can end the block. */
export function markdownBlock(text: string): string {
  // eslint-disable-next-line no-control-regex -- line ends stay, all other control characters go
  const lines = text
    .toWellFormed()
    .replaceAll(/\r\n?|[\u2028\u2029]/g, "\n")
    .replaceAll(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]+/g, " ")
    .replaceAll(hidden, "");
  const longest = Math.max(2, ...[...lines.matchAll(/`+/g)].map((run) => run[0].length));
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${lines}\n${fence}`;
}

/** A link whose text and address may be foreign; an address that is not http or https becomes plain text. */
export function markdownLink(text: string, address: string): string {
  const url = URL.parse(address);
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:"))
    return markdownText(text);
  return `[${markdownText(text)}](<${url.href.replaceAll(/[<>\\\s]/g, (character) => encodeURIComponent(character))}>)`;
}

/** Characters that a reader does not see and that the runner's search for a command may skip. */
const unseen = String.raw`\p{Default_Ignorable_Code_Point}\p{Cf}`;
const lineEnds = /\r\n|[\n\r\v\f\u0085\u2028\u2029]/;
const atStart = new RegExp(`^([\\s${unseen}]*):([${unseen}]*):`, "u");
const anywhere = new RegExp(`#([${unseen}]*)#(?=[${unseen}]*\\[)`, "gu");
// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const dangerous =
  /[\u0000-\u0008\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Makes foreign text safe for the runner's log. The runner takes `::cmd::` at the start of a line and `##[cmd]`
 * anywhere in it for a command; both are broken by a blank. Every line separator ends a line, and control and
 * bidirectional characters are written as their numbers.
 */
export function logText(text: string): string {
  return text.toWellFormed().split(lineEnds).map(logLine).join("\n");
}

/** The same on one line: for titles and annotations. */
export function logTitle(text: string): string {
  return text
    .toWellFormed()
    .split(lineEnds)
    .map((line) => logLine(line).trim())
    .filter((line) => line !== "")
    .join(" ");
}

function logLine(line: string): string {
  return line
    .replace(
      dangerous,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
    )
    .replace(atStart, "$1:$2 :")
    .replace(anywhere, "#$1 #");
}

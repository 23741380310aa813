import { isDisguised, legible, sentenceIn } from "../legible.ts";

/** A decision that somebody writes as the first line of a comment. */
export type Command =
  | {
      kind: "approve";
      version: string;
      /** `sha256:` and at least seven digits of it. */
      digest?: string;
      environment?: string;
      /** Id of the comment with the refusal that this approval overrides. */
      despite?: number;
    }
  | { kind: "refuse"; version: string; reason?: string }
  | { kind: "accept"; version: string }
  | { kind: "rollback"; reason?: string };

/** Longest command line that is read; longer ones are prose or an attack. */
const longestLine = 2000;
/**
 * Reads the command in a comment: its first line, which begins with the command. Undefined: no command.
 * An approval is read strictly (nothing else on its line), a refusal generously (every word is its reason).
 */
export function readCommand(body: string): Command | undefined {
  if (!body.startsWith("/")) return undefined;
  const line = body.slice(0, endOfLine(body));
  const [word = "", ...words] = line.slice(0, longestLine).trim().split(/\s+/);
  const kind = word.toLowerCase();
  if (kind === "/refuse") return readRefusal(words);
  if (kind === "/rollback") return withReason({ kind: "rollback" as const }, words);
  // What does not fit, or does not look like what it is, is no decision to go on.
  if (line.length > longestLine || isDisguised(line)) return undefined;
  if (kind === "/approve") return readApproval(words);
  const [version, ...rest] = words;
  return kind === "/accept" && version !== undefined && rest.length === 0
    ? { kind: "accept", version }
    : undefined;
}

function endOfLine(text: string): number {
  const end = text.search(/[\r\n\u2028\u2029]/);
  return end < 0 ? text.length : end;
}

function readApproval([version, ...words]: string[]): Command | undefined {
  if (version === undefined) return undefined;
  const command: Command = { kind: "approve", version };
  const left = [...words];
  while (left.length > 0) {
    const word = left.shift() ?? "";
    if (/^sha256:[0-9a-f]{7,64}$/.test(word) && command.digest === undefined) {
      command.digest = word;
    } else if (word === "for" && command.environment === undefined) {
      const environment = left.shift();
      if (environment === undefined) return undefined;
      command.environment = environment;
    } else if (word === "despite" && command.despite === undefined) {
      const comment = commentId(left.shift() ?? "");
      if (comment === undefined) return undefined;
      command.despite = comment;
    } else return undefined;
  }
  return command;
}

/** `#123`, `#issuecomment-123`, or the link that GitHub copies, which ends so. */
function commentId(word: string): number | undefined {
  const at = word.lastIndexOf("#");
  const name = word.slice(at + 1);
  const digits = name.startsWith("issuecomment-") ? name.slice("issuecomment-".length) : name;
  const isLink = at > 0 && (!word.startsWith("https://") || digits === name);
  return at < 0 || isLink || !/^\d{1,15}$/.test(digits) ? undefined : Number(digits);
}

function readRefusal([version, ...words]: string[]): Command | undefined {
  return version === undefined
    ? undefined
    : withReason({ kind: "refuse" as const, version: legible(version) }, words);
}

function withReason<T extends object>(command: T, words: string[]): T & { reason?: string } {
  const reason = sentenceIn(words.join(" "));
  return reason === undefined ? command : { ...command, reason };
}

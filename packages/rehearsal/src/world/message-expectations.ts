import { oneLine, type Seen } from "./comparison.ts";
import type { Kinds } from "./expectation-language.ts";
import { endOfActs, markOfMails, markOfPosts, type World } from "./world.ts";

/** Mails with all the texts, from the start of one act to the start of another. */
export function seenMail(world: World, wanted: Kinds["mail"]): Seen {
  const mails = world
    .mails()
    .slice(...between(world, wanted, markOfMails))
    .filter(({ to }) => wanted.to === undefined || to.some((one) => one.includes(wanted.to ?? "")));
  const words = mails.map(({ subject, text }) => `${subject}\n${text}`);
  const listed = mails.map(({ to, subject }) => `"${oneLine(subject)}" to ${to.join(", ")}`);
  return judged("smtp", words, listed, wanted);
}

/** Messages with all the texts, in a channel or at a receiver. */
export function seenChat(world: World, wanted: Kinds["chat"]): Seen {
  const posts = world
    .posts()
    .slice(...between(world, wanted, markOfPosts))
    .filter(({ hook }) => wanted.hook === undefined || hook === wanted.hook);
  const words = posts.map(({ payload }) => textsIn(payload).join("\n"));
  const listed = posts.map(({ hook }, index) => `${hook}: "${oneLine(words[index] ?? "")}"`);
  return judged("chat", words, listed, wanted);
}

/** `count` messages have all the texts; without a count, one at least. */
function judged(
  system: string,
  words: readonly string[],
  listed: readonly string[],
  wanted: { contains: readonly string[]; count?: number | undefined },
): Seen {
  const right = words.filter((text) => wanted.contains.every((part) => text.includes(part)));
  return {
    holds: wanted.count === undefined ? right.length > 0 : right.length === wanted.count,
    saw: `${system}: ${right.length} of ${words.length} messages say ${wanted.contains.map((part) => `"${part}"`).join(" and ") || "anything"}${listed.length > 0 ? ` (${listed.slice(0, 5).join("; ")})` : ""}`,
  };
}

function between(
  world: World,
  wanted: { since?: string | undefined; until?: string | undefined },
  mark: string,
): [number, number | undefined] {
  const at = (act: string | undefined): number | undefined =>
    act === undefined ? undefined : world.traces.get(act)?.before[mark];
  return [at(wanted.since) ?? 0, at(wanted.until ?? endOfActs)];
}

/** Every text of a payload, in order: what stands in a card is somewhere in its tree. */
function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}

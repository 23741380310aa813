import { textMisses, type Seen } from "./comparison.ts";
import type { Kinds } from "./expectation-language.ts";
import { subjectOf, titled } from "./subjects.ts";
import type { World } from "./world.ts";

/** An issue: its state, and what stands in its title, its body or its comments. */
export function seenIssue(world: World, wanted: Kinds["issue"]): Seen {
  const gone = absent(world, wanted, "issue");
  if (gone) return gone;
  const { issue } = subjectOf(world, wanted, "issue");
  const words = [issue.title, issue.body, ...issue.comments.map(({ body }) => body)].join("\n");
  const misses = [
    ...(wanted.is === undefined || wanted.is === issue.state ? [] : [`it is ${issue.state}`]),
    ...(wanted.comments === undefined || wanted.comments === issue.comments.length
      ? []
      : [`it has ${issue.comments.length} comments`]),
    ...textMisses(words, wanted.contains),
    ...wanted.lacks.filter((part) => words.includes(part)).map((part) => `"${part}" is in it`),
    ...countMisses(world, wanted, "issue"),
  ];
  return {
    holds: misses.length === 0,
    saw: `GitHub: issue #${issue.number} is ${issue.state}, with ${issue.comments.length} comments${misses.length > 0 ? `; ${misses.join("; ")}` : ""}`,
  };
}

/** A pull request: its state, and what stands in its title, its body or the files that it changes. */
export function seenPull(world: World, wanted: Kinds["pull"]): Seen {
  const gone = absent(world, wanted, "pull");
  if (gone) return gone;
  const { repository, issue } = subjectOf(world, wanted, "pull");
  const state = issue.pull?.mergedAt ? "merged" : issue.state;
  const words = [issue.title, issue.body].join("\n");
  const misses = [
    ...(state === wanted.is ? [] : [`it is ${state}`]),
    ...(wanted.by === undefined || wanted.by === issue.author ? [] : [`it is by ${issue.author}`]),
    ...textMisses(words, wanted.contains),
    ...countMisses(world, wanted, "pull"),
  ];
  return {
    holds: misses.length === 0,
    saw: `GitHub: pull request #${issue.number} of ${repository.fullName} by ${issue.author} is ${state}${misses.length > 0 ? `; ${misses.join("; ")}` : ""}`,
  };
}

type Wanted = {
  titled?: string | undefined;
  is?: string | undefined;
  count?: number | undefined;
};

/** What is seen where there is none of the title; undefined where there is one, or none was looked for by title. */
function absent(world: World, wanted: Wanted, kind: "issue" | "pull"): Seen | undefined {
  if (wanted.titled === undefined || titled(world, wanted.titled, kind).length > 0)
    return undefined;
  const what = kind === "pull" ? "pull request" : "issue";
  return {
    holds: wanted.is === "none" || wanted.count === 0,
    saw: `GitHub: there is no ${what} "${wanted.titled}"`,
  };
}

function countMisses(world: World, wanted: Wanted, kind: "issue" | "pull"): string[] {
  if (wanted.count === undefined || wanted.titled === undefined) return [];
  const count = titled(world, wanted.titled, kind).length;
  return count === wanted.count ? [] : [`there are ${count} of that title`];
}

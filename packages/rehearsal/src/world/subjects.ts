import type { GitHubRepository } from "@release-actions/stand-ins";
import type { Subject } from "./language.ts";
import type { World } from "./world.ts";

/** An issue or pull request of one of the repositories, as it is now. */
export type Found = { repository: GitHubRepository; issue: GitHubRepository["issues"][number] };

/** Every issue, or every pull request, of a title in any repository, oldest first. */
export function titled(
  world: Pick<World, "repositories">,
  title: string,
  kind: "issue" | "pull",
): Found[] {
  return world.repositories
    .flatMap((repository) => repository.issues.map((issue) => ({ repository, issue })))
    .filter(
      ({ issue }) => issue.title === title && (issue.pull !== undefined) === (kind === "pull"),
    )
    .toSorted((a, b) => a.issue.id - b.issue.id);
}

/** The one that an act opened, or the last one of a title. Throws when there is none. */
export function subjectOf(world: World, subject: Subject, kind: "issue" | "pull"): Found {
  const what = kind === "pull" ? "pull request" : "issue";
  if (subject.titled !== undefined) {
    const found = titled(world, subject.titled, kind).at(-1);
    if (found) return found;
    throw new Error(`there is no ${what} "${subject.titled}"`);
  }
  const act = subject.of ?? "";
  const number = world.numberOf(act);
  const repository = world.repositoryOf(world.traces.get(act)?.repository);
  const issue = repository.issues.find((one) => one.number === number);
  if (!issue) throw new Error(`${repository.fullName} has no ${what} ${number}`);
  return { repository, issue };
}

/**
 * A body with the one item of its checklists that has these words ticked, or unticked.
 * Throws when there is no such item, or more than one.
 */
export function withTick(body: string, item: string, ticked: boolean): string {
  const lines = body.split("\n");
  const box = /^(\s*(?:[-*+]|\d+[.)])\s+\[)([ xX])(\]\s.*)$/;
  const own = lines.flatMap((line, index) =>
    line.includes(item) && box.test(line) ? [index] : [],
  );
  const [index] = own;
  if (index === undefined || own.length > 1) {
    const items = lines.filter((line) => box.test(line)).map((line) => `"${line.trim()}"`);
    throw new Error(
      `${own.length === 0 ? "no item" : "more than one item"} of the checklist says "${item}"; the items are ${items.join(", ") || "none"}`,
    );
  }
  const line = (lines[index] ?? "").replace(
    box,
    (_all, before: string, was: string, after: string) => {
      if ((was !== " ") === ticked)
        throw new Error(`the item "${item}" is ${ticked ? "ticked" : "not ticked"} already`);
      return `${before}${ticked ? "x" : " "}${after}`;
    },
  );
  return lines.with(index, line).join("\n");
}

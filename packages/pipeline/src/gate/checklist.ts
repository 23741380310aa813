import type { Finding } from "@release-actions/codes";
import type { ChangedFiles, ReleaseIssue } from "@release-actions/github";
import { markdownText } from "@release-actions/markdown";
import type { ChecklistItem } from "../configuration/schema.ts";
import { pathMatches } from "../glob.ts";
import { noIssue } from "./approvals.ts";

export type SubIssue = { number: number; title: string; state: "open" | "closed" };

export type ChecklistFacts = {
  items: ChecklistItem[];
  issue: Pick<ReleaseIssue, "number" | "state" | "body"> | undefined;
  title: string;
  version: string;
  /** Files of the release; undefined: not known, so every item applies. */
  changed: ChangedFiles | undefined;
  /** Sub-issues of the release issue, and those that the record names wherever they are. */
  subIssues: SubIssue[];
  /** Which sub-issue belongs to which item, by the ledger. */
  recorded: { item: string; number: number }[];
};

/** Judges the rule `checklist`: one finding with all open items. Undefined where no item is asked for. */
export function judgeChecklist(facts: ChecklistFacts): Finding | undefined {
  const rule = "checklist";
  const { items, issue, changed } = facts;
  if (items.length === 0) return undefined;
  const asked = items.filter((item) => itemApplies(item, changed));
  if (asked.length === 0)
    return { rule, holds: true, saw: "no item of the checklist applies to what was changed" };
  const how = "Its checklist has the items of `gate.checklist`; do and tick them.";
  if (issue === undefined || issue.state === "closed") return { rule, ...noIssue(facts, how) };
  const ticks = readTicks(issue.body);
  const open = asked.flatMap((item) => {
    const said = item["sub-issue"] ? openSubIssue(item.item, facts) : openTick(item.item, ticks);
    return said === undefined ? [] : [said];
  });
  if (open.length === 0) {
    const count = asked.length === 1 ? "the item" : `all ${asked.length} items`;
    return { rule, holds: true, saw: `${count} of the checklist in #${issue.number} done` };
  }
  return {
    rule,
    holds: false,
    code: "RA1215",
    saw: `open in #${issue.number}: ${open.join("; ")}`,
    next: `Do what the items say, tick them in #${issue.number} or close their sub-issues, then start this workflow again.`,
  };
}

/** Does the item ask anything of this release? Where the list of files is incomplete, it does. */
export function itemApplies(item: ChecklistItem, changed: ChangedFiles | undefined): boolean {
  const globs = item["if-changed"];
  if (globs === undefined || globs.length === 0 || changed === undefined || !changed.complete)
    return true;
  return changed.paths.some((path) => globs.some((glob) => pathMatches(glob, path)));
}

/** Checkboxes of a body by their text: ticked only if every line with that text is. */
function readTicks(body: string): Map<string, boolean> {
  const ticks = new Map<string, boolean>();
  for (const { text, ticked } of boxesOf(visible(body)))
    ticks.set(normal(text), (ticks.get(normal(text)) ?? true) && ticked);
  return ticks;
}

/** Boxes that a person has not ticked; those of the machine's lines follow from other things. */
export function openTicks(body: string): string[] {
  const machine = body.replaceAll(/^.*<!-- ra:[\w-]+ -->[ \t]*$/gm, "");
  return boxesOf(visible(machine)).flatMap(({ text, ticked }) => (ticked ? [] : [text.trim()]));
}

function boxesOf(text: string): { text: string; ticked: boolean }[] {
  const boxes: { text: string; ticked: boolean }[] = [];
  let fence: string | undefined;
  for (const line of text.split(/\r\n|\r|\n/)) {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    // A block of code shows boxes and has none.
    if (mark !== undefined && fence === undefined) fence = mark;
    else if (mark !== undefined && fence !== undefined && mark.startsWith(fence)) fence = undefined;
    if (mark !== undefined || fence !== undefined) continue;
    const box = /^\s*(?:[-*+]|\d{1,9}[.)])\s+\[([ xX])\]\s(.*)$/.exec(line);
    if (box !== null) boxes.push({ text: box[2] ?? "", ticked: box[1] !== " " });
  }
  return boxes;
}

/** Without HTML comments, which nobody sees; one that has no end hides all the rest, as on GitHub's page. */
function visible(body: string): string {
  let shown = "";
  let from = 0;
  for (;;) {
    const begin = body.indexOf("<!--", from);
    if (begin < 0) return shown + body.slice(from);
    shown += body.slice(from, begin);
    const end = body.indexOf("-->", begin + 4);
    if (end < 0) return shown;
    from = end + 3;
  }
}

function normal(text: string): string {
  return text.trim().replaceAll(/\s+/g, " ").toLowerCase();
}

/** An item may stand in the body as it is, or escaped for Markdown. */
function openTick(item: string, ticks: Map<string, boolean>): string | undefined {
  const found = [normal(item), normal(markdownText(item))].flatMap((text) => ticks.get(text) ?? []);
  if (found.length === 0) return `${item} (not in the issue's checklist)`;
  return found.every(Boolean) ? undefined : item;
}

function openSubIssue(item: string, facts: ChecklistFacts): string | undefined {
  const recorded = facts.recorded.find((one) => normal(one.item) === normal(item));
  const found = facts.subIssues.filter((sub) =>
    recorded === undefined ? normal(sub.title) === normal(item) : sub.number === recorded.number,
  );
  if (found.length === 0)
    return recorded === undefined
      ? `${item} (no sub-issue has this title)`
      : `${item} (its sub-issue #${recorded.number} is gone)`;
  const open = found.filter((sub) => sub.state === "open").map((sub) => `#${sub.number}`);
  if (open.length === 0) return undefined;
  const what = /\bdocumentation\b/i.test(item) ? "documentation" : "sub-issue";
  return `${what} open: ${open.join(", ")} (${item})`;
}

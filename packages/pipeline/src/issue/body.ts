import type { Issue, ReleaseFacts } from "@release-actions/github";
import type { Pass } from "@release-actions/ledger";
import { markdownCode, markdownLink, markdownText } from "@release-actions/markdown";
import type { Version } from "@release-actions/versions";
import { createHash } from "node:crypto";
import type { Pipeline } from "../configuration/pipeline-file.ts";
import { shortDigest } from "../report/sentences.ts";
import type { Book } from "./book.ts";
import { lastEnvironment, standingPass } from "./state.ts";

/** GitHub takes 65 536 characters; a person's own text needs room beside ours. */
const longestList = 25_000;
const longestTitle = 200;

const firstRelease = "There is no release before this one to compare with.";

/** What the machine's part of the release issue says. */
export type BodyFacts = {
  pipeline: Pipeline;
  version: Version;
  purpose: string;
  mark: string;
  candidate: Pass | undefined;
  changes: Pick<ReleaseFacts, "pullRequests" | "directCommits" | "previousTag">;
  /** Open issues of the milestone: what the release is still to resolve. */
  toResolve: Pick<Issue, "number" | "title">[];
  milestone: { title: string; url?: string } | undefined;
  /** Items that a person ticks. */
  items: string[];
  /** Lines that only the machine ticks. */
  machine: { key: string; text: string; done: boolean }[];
  notes: number | undefined;
  report: string;
};

/** Whose an issue or comment is, and of which version: hidden in its text. */
export function markOf(
  kind: string,
  about: { serverUrl: string; repository: { owner: string; name: string } },
  product: string,
  version: string,
): string {
  const { owner, name } = about.repository;
  const key = createHash("sha256")
    .update(JSON.stringify([about.serverUrl, owner, name, product, version]))
    .digest("hex");
  return `<!-- ra:${kind} ${key.slice(0, 20)} ${encodeURIComponent(version)} -->`;
}

/** The version that a release issue's mark names; the ledger says whether that is true. */
export function versionInBody(body: string): string | undefined {
  const found = /<!-- ra:issue [0-9a-f]{20} (\S{1,300}) -->/.exec(body)?.[1];
  try {
    return found === undefined ? undefined : decodeURIComponent(found);
  } catch {
    return undefined;
  }
}

/** The body of the release issue: what people wrote stays as it is, the machine's parts are brought up to date. */
export function issueBody(before: string, facts: BodyFacts): string {
  const old = before.replaceAll("\r\n", "\n");
  let text = old.includes(facts.mark)
    ? old
    : [...(old.trim() === "" ? [] : [old.trimEnd(), ""]), ...skeleton(facts.mark)].join("\n");
  text = withBlock(text, "head", headLines(facts));
  text = withBlock(text, "changes", changeLines(facts));
  for (const item of facts.items) text = withItem(text, item);
  for (const line of facts.machine) text = withMachineLine(text, line);
  return withBlock(text, "decide", decisionLines(facts));
}

/** The same body with what the ledger says now; one whose mark somebody took out stays as it is. */
export function refreshedBody(
  before: string,
  facts: Pick<BodyFacts, "pipeline" | "version" | "mark" | "candidate" | "machine">,
): string {
  const old = before.replaceAll("\r\n", "\n");
  if (!old.includes(facts.mark)) return before;
  // Within the head alone: below it the same words are a person's.
  const head = new RegExp(`(${start("head")}(?:(?!${end("head")})[^])*?^)\\*\\*Candidate:.*$`, "m");
  // A function: in a replacement text `$` would have a meaning.
  let text = old.replace(head, (_all, above: string) => `${above}${candidateLine(facts)}`);
  for (const line of facts.machine) text = withMachineLine(text, line);
  return withBlock(text, "decide", decisionLines(facts));
}

/** The machine's lines for items that have an issue of their own, by the state of these issues. */
export function subIssueLines(
  items: readonly { item: string; number: number }[],
  children: readonly { number: number; state: "open" | "closed" }[],
): BodyFacts["machine"] {
  return items.flatMap(({ item, number }) => {
    const child = children.find((one) => one.number === number);
    return child === undefined
      ? []
      : [
          {
            key: `sub-issue-${number}`,
            text: `${markdownText(item)}: #${number}`,
            done: child.state === "closed",
          },
        ];
  });
}

/** The machine's lines that follow from the ledger alone. */
export function ledgerLines(pipeline: Pipeline, book: Book): BodyFacts["machine"] {
  const tested = pipeline.environments.filter(({ name }) =>
    pipeline.environments.some(({ from }) => from === name),
  );
  return [
    ...tested.map(({ name }) => {
      const pass = standingPass(book.record, name);
      const saw =
        pass === undefined
          ? ""
          : ` (${markdownText(pass.entry)}, ${markdownText(pass.at.slice(0, 16).replace("T", " "))} UTC)`;
      return {
        key: `passed-${name}`,
        text: `Passed in ${markdownText(name)}${saw}`,
        done: pass !== undefined,
      };
    }),
    ...(pipeline.zenodo === undefined
      ? []
      : [
          {
            key: "doi",
            text: `DOI reserved${book.deposit === undefined ? "" : `: ${markdownText(book.deposit.doi)}`}`,
            done: book.deposit !== undefined,
          },
        ]),
  ];
}

/** Body of the sub-issue with the notes: every merged pull request and closed issue of the range, each once. */
export function notesBody(
  before: string,
  facts: { mark: string; changes: BodyFacts["changes"] },
): string {
  const old = before.replaceAll("\r\n", "\n");
  const text = old.includes(facts.mark)
    ? old
    : [
        ...(old.trim() === "" ? [] : [old.trimEnd(), ""]),
        facts.mark,
        start("notes"),
        end("notes"),
      ].join("\n");
  const { previousTag } = facts.changes;
  return withBlock(text, "notes", [
    previousTag === undefined ? firstRelease : `Changes since ${markdownText(previousTag)}:`,
    "",
    ...resolvedLines(facts.changes, 55_000),
  ]);
}

function skeleton(mark: string): string[] {
  return [
    mark,
    start("head"),
    end("head"),
    "",
    "## What it brings",
    start("changes"),
    end("changes"),
    "",
    "## Before the release",
    end("checklist"),
    "",
    "## Decision",
    start("decide"),
    end("decide"),
    end("issue"),
  ];
}

function headLines({
  pipeline,
  version,
  purpose,
  candidate,
  report,
  milestone,
  notes,
}: BodyFacts): string[] {
  const links = [
    ...Object.entries(pipeline.issue.links ?? {}).map(([name, url]) => markdownLink(name, url)),
    markdownLink("Release report", report),
  ];
  return [
    `**Purpose:** ${markdownText(purpose)}`,
    "",
    candidateLine({ version, candidate }),
    "",
    `**Links:** ${links.join(" · ")}`,
    ...(milestone === undefined
      ? []
      : [
          "",
          `**Milestone:** ${milestone.url === undefined ? `${markdownText(milestone.title)} (there is none of this name)` : markdownLink(milestone.title, milestone.url)}`,
        ]),
    ...(notes === undefined ? [] : ["", `**Release notes:** #${notes}`]),
  ];
}

function candidateLine({ version, candidate }: Pick<BodyFacts, "version" | "candidate">): string {
  if (candidate === undefined)
    return `**Candidate:** ${markdownText(version.tag)}, not tested anywhere yet.`;
  const digests = candidate.release.components
    .map(({ name, digest }) => `${markdownText(name)} ${markdownCode(shortDigest(digest))}`)
    .join(", ");
  return `**Candidate:** ${digests}, passed in ${markdownText(candidate.environment)} (${markdownCode(candidate.entry)}).`;
}

function changeLines(facts: BodyFacts): string[] {
  const { previousTag } = facts.changes;
  const open = facts.toResolve.map(({ number, title }) => `- #${number} ${plain(title)}`);
  return [
    ...(previousTag === undefined
      ? [firstRelease]
      : [
          `**Resolved** since ${markdownText(previousTag)}`,
          "",
          ...resolvedLines(facts.changes, longestList),
        ]),
    ...(facts.milestone?.url === undefined
      ? []
      : [
          "",
          "**To be resolved**",
          "",
          ...(open.length === 0
            ? ["Nothing of the milestone is open."]
            : fitting(open, longestList)),
        ]),
  ];
}

function resolvedLines(changes: BodyFacts["changes"], room: number): string[] {
  const issues = new Map(
    changes.pullRequests.flatMap((pull) => pull.closes.map((issue) => [issue.url, issue] as const)),
  );
  const lines = [
    ...changes.pullRequests.map(({ number, title }) => `- #${number} ${plain(title)}`),
    ...[...issues.values()]
      .toSorted((a, b) => a.number - b.number)
      .map(
        ({ number, title, url }) => `- Closed: ${markdownLink(`#${number}`, url)} ${plain(title)}`,
      ),
    ...changes.directCommits.map(
      ({ sha, headline }) => `- Commit ${markdownCode(sha.slice(0, 8))} ${plain(headline)}`,
    ),
  ];
  return lines.length === 0 ? ["Nothing is merged yet."] : fitting(lines, room);
}

function decisionLines({
  pipeline,
  version,
  candidate,
}: Pick<BodyFacts, "pipeline" | "version" | "candidate">): string[] {
  const who = (role: string): string =>
    `**${markdownText(role)}** (${(pipeline.roles[role] ?? []).map((login) => markdownText(`@${login.replace(/^@/, "")}`)).join(", ")})`;
  const digest = candidate?.release.components[0]?.digest;
  const approvals = pipeline.environments.flatMap((environment) =>
    (environment.gate?.approvals ?? []).map(
      ({ role }) =>
        `- ${who(role)} approves for ${markdownText(environment.name)}: ${markdownCode(`/approve ${version.text}${digest === undefined ? "" : ` ${shortDigest(digest)}`}`)}`,
    ),
  );
  const last = lastEnvironment(pipeline);
  const undo = last?.exceptions?.rollback?.["run-by"] ?? last?.gate?.["run-by"] ?? [];
  return [
    "Write a comment that begins with exactly one of these lines. A comment that was edited does not count.",
    "",
    ...approvals,
    `- Anybody with a role refuses: ${markdownCode(`/refuse ${version.text} <reason>`)}`,
    ...pipeline.environments.flatMap((environment) =>
      environment["accept-by"] === undefined
        ? []
        : [
            `- ${who(environment["accept-by"])} accepts what runs in ${markdownText(environment.name)}: ${markdownCode(`/accept ${version.text}`)}`,
          ],
    ),
    ...(undo.length === 0
      ? []
      : [`- ${undo.map(who).join(" or ")} takes it back: ${markdownCode("/rollback <reason>")}`]),
  ];
}

function withBlock(text: string, name: string, lines: string[]): string {
  const block = [start(name), ...lines, end(name)].join("\n");
  const from = text.indexOf(start(name));
  const to = from < 0 ? -1 : text.indexOf(end(name), from);
  return to < 0
    ? insertBefore(text, end("issue"), block)
    : text.slice(0, from) + block + text.slice(to + end(name).length);
}

/** A person's item is added when it is missing, and never touched again. */
function withItem(text: string, item: string): string {
  const wanted = markdownText(item).trim();
  const known = text.split("\n").some((line) => {
    const said = /^\s*[-*+] \[[ xX]\]\s+(.*)$/.exec(line)?.[1]?.trim();
    return said === wanted || said === item.trim();
  });
  return known ? text : insertBefore(text, end("checklist"), `- [ ] ${wanted}`);
}

function withMachineLine(
  text: string,
  { key, text: said, done }: BodyFacts["machine"][number],
): string {
  const mark = `<!-- ra:${key} -->`;
  const line = `- [${done ? "x" : " "}] ${said} ${mark}`;
  const lines = text.split("\n");
  const at = lines.findIndex((one) => one.trimEnd().endsWith(mark));
  return at < 0 ? insertBefore(text, end("checklist"), line) : lines.with(at, line).join("\n");
}

function insertBefore(text: string, anchor: string, added: string): string {
  const at = text.lastIndexOf(anchor);
  return at < 0
    ? `${text.trimEnd()}\n\n${added}`
    : `${text.slice(0, at)}${added}\n${text.slice(at)}`;
}

function fitting(lines: string[], room: number): string[] {
  let left = room;
  const fits = lines.findIndex((line) => (left -= line.length + 1) < 0);
  return fits < 0 ? lines : [...lines.slice(0, fits), `- and ${lines.length - fits} more`];
}

function plain(title: string): string {
  return markdownText([...title].slice(0, longestTitle).join(""));
}

const start = (name: string): string => `<!-- ra:${name} -->`;
const end = (name: string): string => `<!-- /ra:${name} -->`;

import {
  issueBodyStep,
  issueStep,
  readSubIssues,
  subIssueStep,
  type Issue,
} from "@release-actions/github";
import type { IssueRecord } from "@release-actions/ledger";
import { markdownText } from "@release-actions/markdown";
import type { Version } from "@release-actions/versions";
import type { Connection } from "../connect.ts";
import { runToEnd } from "../run-to-end.ts";
import { markOf, notesBody } from "./body.ts";
import type { LoadedPipeline } from "./book.ts";
import type { Scope } from "./scope.ts";

export type Family = {
  notes: { number: number; state: "open" | "closed" };
  subIssues: { item: string; number: number; state: "open" | "closed" }[];
};

/** The sub-issue with the notes, and one for each item that has one; each made or found, then linked. */
export async function openSubIssues(
  connection: Connection,
  pipeline: LoadedPipeline,
  about: { version: Version; issue: Issue; scope: Scope; known: IssueRecord | undefined },
): Promise<Family> {
  const { github } = connection;
  const { version, issue, scope, known } = about;
  const linked = await readSubIssues(github, issue.number);
  const open = async (
    kind: string,
    title: string,
    number: number | undefined,
    body: (mark: string) => string,
  ): Promise<Issue> => {
    const found = linked.find((one) => one.number === number);
    if (found !== undefined) return found;
    const mark = markOf(kind, github, pipeline.product, `${version.text} ${title}`);
    const step = issueStep(github, {
      title,
      body: body(mark),
      mark,
      labels: [],
      assignees: [],
      parent: issue.number,
      adopt: false,
    });
    const child = (await runToEnd(step, connection.steps)).value;
    if (!linked.some((one) => one.number === child.number))
      await runToEnd(subIssueStep(github, issue.number, child), connection.steps);
    return child;
  };

  const title = `Release notes of ${pipeline.product} ${version.text}`;
  const mark = markOf("notes-of", github, pipeline.product, `${version.text} ${title}`);
  const write = (before: string): string => notesBody(before, { mark, changes: scope.changes });
  const notes = await open("notes-of", title, known?.notes, () => write(""));
  if (notes.state === "open")
    await runToEnd(issueBodyStep(github, { issue: notes.number, write }), connection.steps);

  const wanted = scope.items.filter((item) => item["sub-issue"]);
  const subIssues: Family["subIssues"] = [];
  for (const { item } of wanted) {
    const before = known?.subIssues.find((one) => one.item === item)?.number;
    const child = await open("item", item.trim().slice(0, 250), before, (itemMark) =>
      [
        itemMark,
        `Part of #${issue.number}: ${markdownText(item)} for ${markdownText(`${pipeline.product} ${version.text}`)}.`,
        "",
        "Close this issue when it is done.",
      ].join("\n"),
    );
    subIssues.push({ item, number: child.number, state: child.state });
  }
  return { notes: { number: notes.number, state: notes.state }, subIssues };
}

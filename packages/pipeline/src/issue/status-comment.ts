import { runningRelease, type Decision, type VersionRecord } from "@release-actions/ledger";
import { markdownLink, markdownText } from "@release-actions/markdown";
import type { Pipeline } from "../configuration/pipeline-file.ts";
import { instant } from "../report/sentences.ts";
import type { Book } from "./book.ts";
import { acceptanceOf, lastEnvironment, stateOf } from "./state.ts";

/** The answer to one command; a later command's answer is never replaced by an earlier one's. */
export type Answer = { comment: number; url: string; login: string; text: string };

/** The one comment of ours in the release issue: who decided what, what runs where, and the answer to the last command. */
export function statusComment(
  before: string | undefined,
  about: {
    pipeline: Pipeline;
    book: Pick<Book, "version" | "current">;
    record: VersionRecord | undefined;
    mark: string;
    answer?: Answer;
    /** Where the release was published, in Markdown. */
    published?: string[];
  },
): string {
  const { pipeline, book, record, mark } = about;
  const answer = answerBlock(before, about.answer);
  const published =
    about.published === undefined
      ? partOf(before, "published")
      : ["<!-- ra:published -->", ...about.published, "<!-- /ra:published -->"].join("\n");
  return [
    mark,
    `### ${markdownText(`${pipeline.product} ${book.version.text}`)}: ${stateOf(pipeline, record)}`,
    "",
    "| Environment | Runs | Last entry |",
    "| --- | --- | --- |",
    ...pipeline.environments.map(({ name }) => {
      const current = book.current[name];
      const runs = runningRelease(current)?.version;
      return `| ${markdownText(name)} | ${runs === undefined ? "nothing yet" : markdownText(runs)} | ${current === undefined ? "" : `${markdownText(current.latest.id)}, ${markdownText(current.latest.result)}`} |`;
    }),
    "",
    "| Who | Role | Decision | When |",
    "| --- | --- | --- | --- |",
    ...(record?.decisions ?? []).map((one) => decisionRow(one, pipeline.timezone)),
    ...waitingRows(pipeline, record, book),
    ...(published === undefined ? [] : ["", published]),
    ...(answer === undefined ? [] : ["", answer]),
  ].join("\n");
}

function decisionRow(one: Decision, zone: string): string {
  const words = {
    approve: "approved",
    refuse: "refused",
    accept: "accepted",
    rollback: "asked for a rollback",
  };
  const decision = [
    words[one.kind],
    ...(one.environment === undefined
      ? []
      : [`${one.kind === "accept" ? "in" : "for"} ${one.environment}`]),
    ...(one.despite === undefined ? [] : [`despite #${one.despite}`]),
  ].join(" ");
  const why = one.reason === undefined ? "" : `: ${one.reason}`;
  const shown = one.kind === "refuse" ? ` (comment ${one.comment})` : "";
  return `| ${markdownText(`@${one.login}`)} | ${markdownText(one.role)} | ${markdownLink(decision, one.url)}${shown}${markdownText(why)} | ${markdownText(instant(one.at, zone))} |`;
}

function waitingRows(
  pipeline: Pipeline,
  record: VersionRecord | undefined,
  book: Pick<Book, "version" | "current">,
): string[] {
  const state = stateOf(pipeline, record);
  const last = lastEnvironment(pipeline);
  const people = (role: string): string =>
    (pipeline.roles[role] ?? [])
      .map((login) => markdownText(`@${login.replace(/^@/, "")}`))
      .join(", ");
  if (state === "open" || state === "refused") {
    return (last?.gate?.approvals ?? [])
      .filter(
        ({ role }) =>
          !(record?.decisions ?? []).some((one) => one.kind === "approve" && one.role === role),
      )
      .map(({ role }) => `| ${people(role)} | ${markdownText(role)} | waiting for approval | |`);
  }
  const role = last?.["accept-by"];
  return state === "passed" &&
    last !== undefined &&
    role !== undefined &&
    runningRelease(book.current[last.name])?.version === book.version.text &&
    acceptanceOf(record, last.name) === undefined
    ? [`| ${people(role)} | ${markdownText(role)} | waiting for acceptance | |`]
    : [];
}

function answerBlock(before: string | undefined, answer: Answer | undefined): string | undefined {
  const old = /<!-- ra:answer (\d+) -->[\s\S]*?<!-- \/ra:answer -->/.exec(before ?? "");
  if (answer === undefined || (old !== null && Number(old[1]) > answer.comment)) return old?.[0];
  return [
    `<!-- ra:answer ${answer.comment} -->`,
    `**${markdownLink(`To ${answer.login}`, answer.url)}:** ${answer.text}`,
    "<!-- /ra:answer -->",
  ].join("\n");
}

function partOf(before: string | undefined, name: string): string | undefined {
  return new RegExp(`<!-- ra:${name} -->[\\s\\S]*?<!-- /ra:${name} -->`).exec(before ?? "")?.[0];
}

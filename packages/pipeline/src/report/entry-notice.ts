import type { Entry, IssueRecord, Notice } from "@release-actions/ledger";
import type { Ending } from "../bring-or-take-back.ts";
import type { EnvironmentSettings, Pipeline } from "../configuration/pipeline-file.ts";

type Line = Notice["lines"][number];

/** What people are told of an entry's beginning or end; in plain text, which each receiver's form escapes. */
export function entryNotice(about: {
  pipeline: Pick<Pipeline, "product" | "notify">;
  environment: EnvironmentSettings;
  entry: Entry;
  event: "started" | Ending["result"];
  ending: Ending | undefined;
  issue: Pick<IssueRecord, "number" | "url"> | undefined;
}): Pick<Notice, "title" | "lines"> {
  const { pipeline, environment, entry, event, ending, issue } = about;
  const { version } = entry.release;
  const what = `${pipeline.product} ${version}`;
  const place = environment.name;
  const isBack = entry.action === "rollback";
  const isRestore = entry.action === "restore";
  const trouble = ending?.trouble;
  const role = environment["accept-by"];
  const line = (label: string, text: string | undefined, url?: string): Line[] =>
    text === undefined ? [] : [{ label, text, ...(url === undefined ? {} : { url }) }];
  const title = {
    started: isRestore
      ? `The data of ${what} in ${place} are being restored`
      : isBack
        ? `${place} is being rolled back to ${what}`
        : `${what} is on its way to ${place}`,
    passed: isRestore
      ? `The data of ${what} in ${place} were restored`
      : isBack
        ? `${place} was rolled back: ${what} runs again`
        : `${what} runs in ${place}`,
    failed: isRestore ? `The restore of ${what} in ${place} failed` : `${what} failed in ${place}`,
    "rolled-back": `${what} failed in ${place} and was rolled back`,
  }[event];
  return {
    title,
    lines: [
      ...line("Environment", place, environment.url),
      ...line("Before", entry.replaced?.version),
      ...line("Now", ending === undefined ? undefined : (ending.runs?.version ?? "not known")),
      ...line("Reason", entry.reason),
      ...line("Why", trouble?.plain),
      ...line("Next", trouble?.next),
      ...(event === "passed" && entry.action === "release" && role !== undefined
        ? line("Next", `${role}: test it more widely, then comment /accept ${version}`)
        : []),
      ...(issue === undefined ? [] : line("Release issue", `#${issue.number}`, issue.url)),
      ...line("Started by", entry.actor, entry.run.url),
      // Whom to call is only of use when something is wrong.
      ...(event === "failed" || event === "rolled-back"
        ? Object.entries(pipeline.notify?.contacts ?? {}).flatMap(([who, address]) =>
            line(who, address),
          )
        : []),
    ],
  };
}

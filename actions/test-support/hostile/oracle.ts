import { existsSync } from "node:fs";
import type { Ended } from "../bundled-action.ts";
import { mark, shellFile } from "./texts.ts";
import type { WrittenText } from "./written.ts";

/** Every way in which some reader ends a line. */
const lineEnds = /\r\n|[\n\r\v\f\u0085\u2028\u2029]/;
const unseen = /[\p{Default_Ignorable_Code_Point}\p{Cf}]/gu;
/** Control characters but line feed and tab, and those that turn the reading direction. */
const unreadable =
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;
/** What the actions themselves ask of the runner. */
const meant = ["add-mask", "debug", "endgroup", "error", "group", "stop-commands", "warning"];
/** MiB. Node itself takes about 60, the bundle with the cluster's client about 130. */
const mostMemory = 600;

/** What is wrong with an end, whatever the action was asked to do; nothing where it is in order. */
export function wrongsOf(end: Ended): string[] {
  const [error] = end.annotations.filter(({ level }) => level === "error");
  const said = `${error?.title} ${error?.message}`;
  const failed = end.status === 1;
  const written = { log: end.log, summary: end.summary, ...end.outputs };
  const wrongs: [boolean, string][] = [
    [end.status === null, "did not end in time"],
    [end.status !== 0 && !failed && end.status !== null, `ended with ${end.status}`],
    [failed && !said.includes("Next: "), "failed without a next step"],
    [said.includes("RA1004"), "failed with something that nobody thought of (RA1004)"],
    [/^\s+at .+:\d+:\d+\)?$/m.test(end.printed), "printed a stack"],
    [existsSync(shellFile), "gave a text to a shell"],
    [(end.peakMemory ?? 0) > mostMemory, `held ${end.peakMemory?.toFixed()} MiB`],
    ...Object.entries(written).map(([place, text]): [boolean, string] => [
      unreadable.test(text),
      `left ${JSON.stringify(unreadable.exec(text)?.[0])} in ${place}`,
    ]),
    ...foreignCommands(end.printed).map((line): [boolean, string] => [
      true,
      `let a text command the runner: ${line.slice(0, 200)}`,
    ]),
    ...liveMarkup(end.summary).map((found): [boolean, string] => [
      true,
      `left mark-up in the summary: ${found}`,
    ]),
  ];
  return wrongs.filter(([wrong]) => wrong).map(([, what]) => what);
}

/** What is wrong with the texts that were written into foreign systems. */
export function wrongsOfTexts(texts: readonly WrittenText[]): string[] {
  return texts.flatMap(({ place, text, isMarkdown }) => [
    ...(unreadable.test(text)
      ? [`wrote ${JSON.stringify(unreadable.exec(text)?.[0])} into ${place}`]
      : []),
    ...(isMarkdown ? liveMarkup(text).map((found) => `wrote mark-up into ${place}: ${found}`) : []),
  ]);
}

/** Lines that a runner, read as strictly as any of its versions, takes for a command that the action did not mean. */
export function foreignCommands(printed: string): string[] {
  const foreign: string[] = [];
  let stopped: string | undefined;
  for (const line of printed.split(lineEnds)) {
    const text = line.replaceAll(unseen, "").trimStart();
    const [, name = "", data = ""] = /^::([^\s:]*)[^:]*?::(.*)$/.exec(text) ?? [];
    if (stopped !== undefined) {
      if (text === `::${stopped}::`) stopped = undefined;
      continue;
    }
    if (name === "stop-commands") stopped = data;
    // What is masked has to be told as it is; the runner reads such a line in this one way.
    if (name === "add-mask") continue;
    const isForeign =
      text.includes("##[") ||
      (text.startsWith("::") && (!meant.includes(name) || data.trimStart().startsWith(mark)));
    if (isForeign) foreign.push(line);
  }
  return foreign;
}

/** Mark-up of the hostile texts that would come alive where GitHub shows the Markdown. */
export function liveMarkup(markdown: string): string[] {
  // Nothing lives in code.
  const prose = markdown
    .replaceAll(/^(`{3,})[^]*?^\1`*$/gm, "")
    .replaceAll(/(?<!`)(`+)(?!`)[^]*?(?<!`)\1(?!`)/g, "");
  const alive = [
    /<(?:script|img|iframe)\b/i,
    /(?<!\\)\]\(\s*<?\s*javascript:/i,
    /(?<!\\)!\[[^\]]*(?<!\\)\]\(/,
    /(?<![\w`])@(?:ada|here|channel)\b/,
  ];
  return alive.flatMap((form) => form.exec(prose)?.[0] ?? []);
}

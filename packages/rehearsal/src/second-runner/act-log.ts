import type { Annotation } from "../workflow/index.ts";

/** One line of `act --json`. */
type Line = {
  level?: string;
  msg?: string;
  jobID?: string;
  step?: string;
  command?: string;
  arg?: string;
  kvPairs?: Record<string, string>;
  content?: string;
};

/** What a job said, as act wrote it down. */
export type Said = { annotations: Annotation[]; summary: string; log: string };

/** Sorts the lines of `act --json` by the jobs that said them. Lines of act itself are under the empty name. */
export function readLog(text: string, mask: (text: string) => string): Record<string, Said> {
  const said: Record<string, Said> = {};
  for (const line of text.split("\n")) {
    const read = lineOf(line);
    const own = (said[read.jobID ?? ""] ??= { annotations: [], summary: "", log: "" });
    own.log += `${mask(read.msg ?? "")}\n`;
    if (read.command === "summary") own.summary += `${mask(read.content ?? "")}\n`;
    const annotation = annotationOf(read, mask);
    if (annotation !== undefined) own.annotations.push(annotation);
  }
  return said;
}

function lineOf(text: string): Line {
  try {
    return JSON.parse(text) as Line;
  } catch {
    return { msg: text };
  }
}

function annotationOf(
  { command, arg, kvPairs, step }: Line,
  mask: (text: string) => string,
): Annotation | undefined {
  if (command !== "error" && command !== "warning" && command !== "notice") return undefined;
  const title = kvPairs?.["title"];
  return {
    level: command,
    message: mask(arg ?? ""),
    ...(title === undefined ? {} : { title: mask(title) }),
    ...(step === undefined ? {} : { step }),
  };
}

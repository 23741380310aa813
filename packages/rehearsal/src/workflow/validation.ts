import { isMap, LineCounter, parseDocument, type Document } from "yaml";
import type { WorkflowProblem } from "./contract.ts";
import { loadParser } from "./load-parser.ts";

/** Everything for which GitHub would not start this file, and after that what the rehearsal cannot run of it. */
export async function problemsOf(path: string, text: string): Promise<WorkflowProblem[]> {
  const refused = await refusedByGitHub(path, text);
  return refused.length > 0 ? refused : notRehearsed(path, text);
}

async function refusedByGitHub(path: string, text: string): Promise<WorkflowProblem[]> {
  const parser = await loadParser();
  const parsed = parser.parseWorkflow(
    { name: path, content: text },
    new parser.NoOperationTraceWriter(),
  );
  if (parsed.value !== undefined)
    await parser.convertWorkflowTemplate(parsed.context, parsed.value);
  return parsed.context.errors.getErrors().map((error) => ({
    code: "RA9001" as const,
    path,
    line: error.range?.start.line ?? 1,
    column: error.range?.start.column ?? 1,
    message: error.rawMessage,
  }));
}

/** Keys that change what a run does and that this runner does not have. Leaving them out in silence would rehearse another workflow. */
const unsupported: { at: string[]; because: string }[] = [
  {
    at: ["container"],
    because: "the rehearsal has no containers; run the job's steps on the runner itself",
  },
  { at: ["services"], because: "the rehearsal starts no service containers" },
  { at: ["snapshot"], because: "the rehearsal makes no runner images" },
];

function notRehearsed(path: string, text: string): WorkflowProblem[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const jobs = document.get("jobs");
  if (!isMap(jobs)) return [];
  const problems: WorkflowProblem[] = [];
  for (const pair of jobs.items) {
    const id = String(pair.key);
    for (const { at, because } of unsupported) {
      if (document.getIn(["jobs", id, ...at]) === undefined) continue;
      problems.push({
        code: "RA9002",
        path,
        ...positionOf(document, lines, ["jobs", id, ...at]),
        message: `jobs.${id}.${at.join(".")} cannot be rehearsed: ${because}.`,
      });
    }
  }
  return problems;
}

function positionOf(
  document: Document,
  lines: LineCounter,
  at: string[],
): { line: number; column: number } {
  const parent = document.getIn(at.slice(0, -1));
  const name = at.at(-1);
  const pair = isMap(parent) ? parent.items.find((item) => String(item.key) === name) : undefined;
  const key = pair?.key as { range?: [number, number, number] } | undefined;
  const position = lines.linePos(key?.range?.[0] ?? 0);
  return { line: position.line, column: position.col };
}

import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type YAMLMap,
} from "yaml";
import type { WorkflowProblem } from "./contract.ts";
import { loadParser } from "./load-parser.ts";

type File = { path: string; document: Document; lines: LineCounter };
type Place = (string | number)[];

/**
 * Everything for which GitHub would not start this file, and after that what the rehearsal cannot run of it. `version` is
 * that of an enterprise server.
 */
export async function problemsOf(
  path: string,
  text: string,
  version?: string,
): Promise<WorkflowProblem[]> {
  const lines = new LineCounter();
  const file = { path, lines, document: parseDocument(text, { lineCounter: lines }) };
  const refused = await refusedByParser(path, withInputs(text, file.document));
  const all = refused.length > 0 ? refused : actionsRefused(file);
  if (all.length === 0 && version !== undefined) all.push(...refusedByServer(file, version));
  return all.length > 0 ? all : notRehearsed(file);
}

async function refusedByParser(path: string, text: string): Promise<WorkflowProblem[]> {
  const parser = await loadParser();
  const parsed = parser.parseWorkflow(
    { name: path, content: text },
    new parser.NoOperationTraceWriter(),
  );
  if (parsed.value !== undefined)
    await parser.convertWorkflowTemplate(parsed.context, parsed.value);
  return parsed.context.errors
    .getErrors()
    .filter((error) => !onlyParser.test(error.rawMessage))
    .map((error) => ({
      code: "RA9001" as const,
      path,
      line: error.range?.start.line ?? 1,
      column: error.range?.start.column ?? 1,
      message: error.rawMessage,
    }));
}

const laterStepKeys = ["background", "wait", "wait-all", "cancel", "parallel"];

/** What the published parser refuses and GitHub does not: `env:` as one expression, and the keys of steps that it has switched off. */
const onlyParser = new RegExp(
  `^(Unexpected type 'BasicExpressionToken' encountered while reading '(step|job) env'\\.|Unexpected value '(${laterStepKeys.join("|")})'$)`,
);

/** The text with `{}` where a dispatch says nothing about its inputs or about one of them: GitHub takes that, the parser does not. */
function withInputs(text: string, document: Document): string {
  const place = ["on", "workflow_dispatch", "inputs"];
  const inputs = document.getIn(place, true);
  const values = isMap(inputs) ? inputs.items.map((item) => item.value) : [inputs];
  const spans = values.flatMap((node) =>
    isScalar(node) && node.value === null && node.range ? [node.range] : [],
  );
  return spans.reduceRight(
    (now, [start, end]) => `${now.slice(0, start)} {}${now.slice(end)}`,
    text,
  );
}

/** `uses:` of steps without their `@ref`, which the parser lets pass. */
function actionsRefused(file: File): WorkflowProblem[] {
  return stepsOf(file).flatMap(({ step, at }) => {
    const uses = step.get("uses");
    if (typeof uses !== "string" || /^(\.[/\\]|\$\/|docker:\/\/)/.test(uses)) return [];
    if (/^[^@/]+\/[^@/]+[^@]*@[^@]+$/.test(uses)) return [];
    const message = `Expected format {org}/{repo}[/path]@ref. Actual '${uses}'`;
    return [
      { code: "RA9001" as const, path: file.path, ...positionOf(file, [...at, "uses"]), message },
    ];
  });
}

/** Keys that github.com reads, and the first enterprise server that does; without one, none is known to. */
const newKeys: { at: string[]; since?: string }[] = [
  { at: ["environment", "deployment"], since: "3.22" },
  { at: ["concurrency", "queue"] },
];

function refusedByServer(file: File, version: string): WorkflowProblem[] {
  const places: Place[] = [[], ...jobsOf(file).map(({ at }) => at)];
  return newKeys
    .filter(({ since }) => since === undefined || minor(version) < minor(since))
    .flatMap(({ at, since }) =>
      places
        .map((place) => [...place, ...at])
        .filter((place) => file.document.getIn(place) !== undefined)
        .map((place) => ({
          code: "RA9001" as const,
          path: file.path,
          ...positionOf(file, place),
          message: `Unexpected value '${at.at(-1)}': an enterprise server ${version} does not know ${at.join(".")}${since ? `, ${since} and newer do` : ""}.`,
        })),
    );
}

const minor = (version: string): number => Number(version.split(".")[1]);

/** Keys that change what a run does and that this runner does not have. Leaving them out in silence would rehearse another workflow. */
const unsupported: { key: string; because: string }[] = [
  {
    key: "container",
    because: "the rehearsal has no containers; run the job's steps on the runner itself",
  },
  { key: "services", because: "the rehearsal starts no service containers" },
  { key: "snapshot", because: "the rehearsal makes no runner images" },
];

function notRehearsed(file: File): WorkflowProblem[] {
  const refuse = (at: Place, because: string): WorkflowProblem => ({
    code: "RA9002",
    path: file.path,
    ...positionOf(file, at),
    message: `${at.join(".")} cannot be rehearsed: ${because}.`,
  });
  const ofJobs = jobsOf(file).flatMap(({ job, at }) =>
    unsupported
      .filter(({ key }) => job.has(key))
      .map(({ key, because }) => refuse([...at, key], because)),
  );
  const ofSteps = stepsOf(file).flatMap(({ step, at }) =>
    laterStepKeys
      .filter((key) => step.has(key))
      .map((key) => refuse([...at, key], "its steps run one after the other")),
  );
  return [...ofJobs, ...ofSteps];
}

function jobsOf({ document }: File): { job: YAMLMap; at: Place }[] {
  const jobs = document.get("jobs");
  if (!isMap(jobs)) return [];
  return jobs.items.flatMap((pair) => {
    const job = valueOf(pair.value, document);
    return isMap(job) ? [{ job, at: ["jobs", String(pair.key)] }] : [];
  });
}

function stepsOf(file: File): { step: YAMLMap; at: Place }[] {
  return jobsOf(file).flatMap(({ job, at }) => {
    const steps = valueOf(job.get("steps", true), file.document);
    if (!isSeq(steps)) return [];
    return steps.items.flatMap((item, index) => {
      const step = valueOf(item, file.document);
      return isMap(step) ? [{ step, at: [...at, "steps", index] }] : [];
    });
  });
}

/** What an alias stands for. */
function valueOf(node: unknown, document: Document): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

function positionOf({ document, lines }: File, at: Place): { line: number; column: number } {
  const parent = document.getIn(at.slice(0, -1), true);
  const name = at.at(-1);
  const map = valueOf(parent, document);
  const pair = isMap(map) ? map.items.find((item) => String(item.key) === name) : undefined;
  const key = pair?.key as { range?: [number, number, number] } | undefined;
  const position = lines.linePos(key?.range?.[0] ?? 0);
  return { line: position.line, column: position.col };
}

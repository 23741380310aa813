import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parse } from "yaml";
import { showsSecret } from "./secret-forms.ts";

const tree = resolve(import.meta.dirname, "../../out/release");

/** One finding of the output `reasons`. */
export type Finding = { rule: string; holds: boolean; saw: string; next?: string; code?: string };

/** What the runner knows of a job: the step's `with:`, the variables, the event, the workspace. */
export type Job = {
  /** As under `with:`; what is left out gets action.yml's default, as the runner does it. */
  inputs: Record<string, string>;
  variables: Record<string, string>;
  event: unknown;
  /** Files of GITHUB_WORKSPACE, path to content. */
  workspace?: Record<string, string>;
  /** A program that runs the action, and its options: what watches it. */
  under?: readonly string[];
  /** What `docker login` left in ~/.docker/config.json. */
  dockerConfig?: string;
  /** `${{ github.token }}`. */
  token: string;
  /** Must not be found in anything that the action leaves behind. */
  secrets: readonly string[];
};

/** An action that ended, as the runner sees it. */
export type Ended = {
  /** Null where a signal ended it. */
  status: number | null;
  /** All that it printed. */
  printed: string;
  /** Without the lines by which secrets are told to the runner. */
  log: string;
  outputs: Record<string, string>;
  summary: string;
  /** Workflow commands `::error` and `::warning`. */
  annotations: { level: "error" | "warning"; title: string; message: string }[];
  reasons: Finding[];
  /** A file that the action left in RUNNER_TEMP. */
  left(name: string): string | undefined;
  /** What it wrote for later steps of the job: variables, places of programs, state. */
  leftForOthers: string;
  /** Most memory that the process held, in MiB; undefined where it was killed. */
  peakMemory: number | undefined;
};

export type Running = { kill(): void; ended: Promise<Ended> };

export type Definition = {
  inputs?: Record<string, { default?: string }>;
  outputs?: Record<string, unknown>;
};

/** Starts the built bundle of an action as the runner does: Node 24, files for its answers, and a clean environment. */
export function startAction(name: string, job: Job): Running {
  const definition = definitionOf(name);
  const given = inputVariables(name, definition, job);
  const folder = jobFolder();
  const path = (file: string): string => join(folder, file);
  for (const place of ["temp", "workspace", "home"]) mkdirSync(path(place));
  writeFileSync(path("event.json"), JSON.stringify(job.event));
  const files = {
    ...Object.fromEntries(
      Object.entries(job.workspace ?? {}).map(([file, text]) => [`workspace/${file}`, text]),
    ),
    ...(job.dockerConfig ? { "home/.docker/config.json": job.dockerConfig } : {}),
  };
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(path(file)), { recursive: true });
    writeFileSync(path(file), text);
  }
  const [program, ...words] = [...(job.under ?? []), process.execPath];
  const child = spawn(program, [...words, "--import", meter(path("peak")), bundleOf(name)], {
    cwd: path("workspace"),
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: "/usr/bin:/bin",
      HOME: path("home"),
      GITHUB_ACTIONS: "true",
      GITHUB_OUTPUT: path("output"),
      GITHUB_STEP_SUMMARY: path("summary"),
      GITHUB_ENV: path("env"),
      GITHUB_PATH: path("path"),
      GITHUB_STATE: path("state"),
      GITHUB_EVENT_PATH: path("event.json"),
      GITHUB_WORKSPACE: path("workspace"),
      RUNNER_TEMP: path("temp"),
      ...given,
      ...job.variables,
    },
  });
  const ended = readEnd(child, path).then((end) => {
    checkContract(name, definition, job, end);
    return end;
  });
  return {
    kill: () => void child.kill("SIGKILL"),
    ended: ended.finally(() =>
      // A program that the job started may still write for a moment after the job was killed.
      rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }),
    ),
  };
}

/** The same from a shell: with the given variables, the two files for its answers, and nothing else. */
export async function runByHand(name: string, variables: Record<string, string>): Promise<Ended> {
  const folder = jobFolder();
  const path = (file: string): string => join(folder, file);
  const files = { GITHUB_OUTPUT: path("output"), GITHUB_STEP_SUMMARY: path("summary") };
  const child = spawn(process.execPath, [bundleOf(name)], { env: { ...files, ...variables } });
  return readEnd(child, path).finally(() => rmSync(folder, { recursive: true, force: true }));
}

/** A module that notes the process's peak memory when it ends. */
function meter(path: string): string {
  // Not resourceUsage(): on Linux that begins with what the parent held when it forked.
  const code = `import { readFileSync, writeFileSync } from "node:fs";
process.on("exit", () =>
  writeFileSync(${JSON.stringify(path)}, /VmHWM:\\s+(\\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]));`;
  return `data:text/javascript,${encodeURIComponent(code)}`;
}

function jobFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "job-"));
  for (const file of ["output", "summary", "env", "path", "state"])
    writeFileSync(join(folder, file), "");
  return folder;
}

/** The file that the runner starts. Throws where the release tree is not built. */
function bundleOf(name: string): string {
  const path = join(tree, name, "index.js");
  if (existsSync(path)) return path;
  throw new Error(
    `out/release has no built ${name}, and this test runs the built bundle. Next: \`npm run release-tree\`, or \`npm test\`, which builds it first.`,
  );
}

export function definitionOf(name: string): Definition {
  return parse(readFileSync(join(dirname(bundleOf(name)), "action.yml"), "utf8")) as Definition;
}

/** Every declared input has a variable, empty where nothing gives it a value. */
function inputVariables(name: string, definition: Definition, job: Job): Record<string, string> {
  const declared = definition.inputs ?? {};
  const unknown = Object.keys(job.inputs).filter((input) => !(input in declared));
  if (unknown.length > 0) throw new Error(`${name} has no input ${unknown.join(", ")}`);
  return Object.fromEntries(
    Object.entries(declared).map(([input, { default: fallback }]) => [
      `INPUT_${input.toUpperCase()}`,
      job.inputs[input] ?? String(fallback ?? "").replace("${{ github.token }}", job.token),
    ]),
  );
}

async function readEnd(child: ChildProcess, path: (file: string) => string): Promise<Ended> {
  const printed: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (bytes: Buffer) => printed.push(bytes));
  const status = await new Promise<number | null>((ended) => child.once("close", ended));
  const text = Buffer.concat(printed).toString("utf8");
  const lines = text.split("\n");
  const outputs = readOutputs(readFileSync(path("output"), "utf8"));
  const temp = new Map(
    ["release-notes.md", "smoke-test.xml"].map((name) => [name, textOf(path(`temp/${name}`))]),
  );
  return {
    status,
    printed: text,
    log: lines.filter((line) => !line.startsWith("::add-mask::")).join("\n"),
    outputs,
    summary: readFileSync(path("summary"), "utf8"),
    annotations: lines.flatMap(readAnnotation),
    reasons: JSON.parse(outputs["reasons"] ?? "[]") as Finding[],
    left: (name) => temp.get(name),
    leftForOthers: ["env", "path", "state"]
      .map((file) => readFileSync(path(file), "utf8"))
      .join(""),
    peakMemory: existsSync(path("peak"))
      ? Number(readFileSync(path("peak"), "utf8")) / 1024
      : undefined,
  };
}

function textOf(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

/** `name<<mark`, lines, `mark`: the only form that takes any value. */
function readOutputs(text: string): Record<string, string> {
  const found = [...text.matchAll(/^([\w-]+)<<(\S+)\n([^]*?)\n\2$/gm)];
  const rest = found.reduce((left, match) => left.replace(match[0], ""), text);
  if (rest.trim() !== "") throw new Error(`GITHUB_OUTPUT has lines of no known form: ${rest}`);
  return Object.fromEntries(found.map(([, name = "", , value = ""]) => [name, value]));
}

function readAnnotation(line: string): Ended["annotations"] {
  const match = /^::(error|warning)(?: title=([^:]*?))?::(.*)$/.exec(line);
  if (!match) return [];
  const plain = (text = ""): string =>
    text
      .replaceAll("%3A", ":")
      .replaceAll("%2C", ",")
      .replaceAll("%0D", "\r")
      .replaceAll("%0A", "\n")
      .replaceAll("%25", "%");
  return [
    {
      level: match[1] === "error" ? "error" : "warning",
      title: plain(match[2]),
      message: plain(match[3]),
    },
  ];
}

/** What holds of every end of every action, whatever it was asked to do. */
function checkContract(name: string, definition: Definition, job: Job, end: Ended): void {
  const wrong: string[] = [];
  const undeclared = Object.keys(end.outputs).filter(
    (output) => !(output in (definition.outputs ?? {})),
  );
  if (undeclared.length > 0)
    wrong.push(`has outputs that action.yml does not name: ${undeclared.join(", ")}`);
  const errors = end.annotations.filter(({ level }) => level === "error");
  if (end.status === 0 && errors.length > 0) wrong.push("passed with an error annotation");
  if (end.status === 1) {
    const [error] = errors;
    if (errors.length !== 1 || error === undefined)
      wrong.push(`failed with ${errors.length} error annotations`);
    else if (error.title === "") wrong.push("failed without a title");
    else if (!/\bRA\d{4}\b/.test(`${error.title} ${error.message}`))
      wrong.push("failed without a code");
    if (end.summary === "" && (job.inputs["summary"] ?? "always") === "always")
      wrong.push("failed without a summary");
  }
  if (end.leftForOthers !== "") wrong.push("left something for later steps");
  if (end.status !== 0 && end.status !== 1 && end.status !== null)
    wrong.push(`ended with ${end.status}`);
  const leftBehind = [
    end.log,
    end.summary,
    ...Object.values(end.outputs),
    end.left("release-notes.md"),
    end.left("smoke-test.xml"),
  ].join("\n");
  const leaked = job.secrets.filter((secret) => showsSecret(leftBehind, secret));
  if (leaked.length > 0) wrong.push(`showed ${leaked.length} of its secrets`);
  if (wrong.length > 0) throw new Error(`${name} ${wrong.join("; ")}\n${end.log}`);
}

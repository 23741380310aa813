import { spawn } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { runnerContext, runnerVariables, githubContext } from "../workflow/context.ts";
import { readWorkflow, type Workflow } from "../workflow/document.ts";
import type { JobResult, RunResult, RunWorkflow, WorkflowRequest } from "../workflow/index.ts";
import { machinePath } from "../workflow/job.ts";
import { createMasks } from "../workflow/mask.ts";
import { permissionsOf } from "../workflow/permissions.ts";
import { fileWithObserver, neededIn, newerThanAct, type Needed } from "./act-file.ts";
import { readLog, type Said } from "./act-log.ts";
import { cannot, environmentOf, settingsFor, type Settings } from "./act-settings.ts";

/** Actions of others that act would download, by `owner/repo`: folders in their place. */
const inTheirPlace: Record<string, string> = {
  "actions/create-github-app-token": join(import.meta.dirname, "app-token"),
};

/** Milliseconds that act has to end its programs when the run is given up. */
const grace = 5_000;

/**
 * Runs workflow files with act, in host mode: without containers, and with nothing of this process's environment.
 * `without`: keys of jobs that are taken out of each file first.
 */
export function actRunner(
  program: string,
  without: readonly string[][] = newerThanAct,
): RunWorkflow {
  return async (request) => {
    const workflow = readWorkflow(request.file.path, request.file.text);
    const { secrets, vars } = await settingsFor(request, workflow);
    const masks = createMasks();
    for (const secret of Object.values(secrets)) masks.add(secret);

    const resultsAt = join(request.directory, "results.json");
    const args = await prepare(request, workflow, { secrets, vars, resultsAt, without });
    const ended = await run(program, args, request);
    const said = readLog(ended.output, masks.mask);
    const needs = await readFile(resultsAt, "utf8").catch(() => undefined);
    if (needs === undefined) return refused(request, masks.mask(ended.output));
    return {
      title: workflow.name ?? workflow.path,
      conclusion: ended.exitCode === 0 ? "success" : "failure",
      jobs: jobsOf(workflow, neededIn(needs), said),
      log: Object.values(said)
        .map(({ log }) => log)
        .join(""),
    };
  };
}

/** Writes what act reads, and returns its arguments. No secret is among them. */
async function prepare(
  request: WorkflowRequest,
  workflow: Workflow,
  given: Settings & { resultsAt: string; without: readonly string[][] },
): Promise<string[]> {
  const { directory } = request;
  for (const folder of ["work", "home", "cache"])
    await mkdir(join(directory, folder), { recursive: true });
  const write = async (name: string, text: string): Promise<string> => {
    await writeFile(join(directory, name), text, { mode: 0o600 });
    return join(directory, name);
  };
  const file = await write(
    "workflow.yml",
    fileWithObserver(request.file.text, given.resultsAt, given.without),
  );
  const event = await write("event.json", JSON.stringify(request.event.payload ?? {}));
  const secrets = await write("secrets.yml", stringify(given.secrets));
  const vars = await write("vars.yml", stringify(given.vars));
  const env = await write("env.yml", stringify(variablesOf(request, workflow)));
  return [
    request.event.name,
    `--workflows=${file}`,
    `--directory=${join(directory, "work")}`,
    `--eventpath=${event}`,
    `--secret-file=${secrets}`,
    `--var-file=${vars}`,
    `--env-file=${env}`,
    `--actor=${request.actor}`,
    "--platform=ubuntu-latest=-self-hosted",
    `--action-cache-path=${join(directory, "cache")}`,
    "--no-cache-server",
    "--json",
    // As many as GitHub would run beside each other, however few processors this machine has.
    "--concurrent-jobs=4",
    // The host's work folders go away after a failure too.
    "--rm",
    ...repositoriesOf(request, workflow).map((one) => `--local-repository=${one}`),
  ];
}

/** Every action of the file that act would download, and the folder that it takes instead. */
function repositoriesOf(request: WorkflowRequest, workflow: Workflow): string[] {
  const uses = Object.values(workflow.jobs).flatMap((job) => [
    job.uses,
    ...(job.steps ?? []).map((step) => step.uses),
  ]);
  const known = { ...inTheirPlace, ...request.actions };
  const found = new Set<string>();
  for (const one of uses) {
    if (one === undefined) continue;
    const [path = "", ref = ""] = one.split("@");
    const repository = path.split("/").slice(0, 2).join("/");
    const folder = known[repository];
    if (folder === undefined) throw cannot(request, `act has nothing in the place of ${one}`);
    found.add(`${repository}@${ref}=${folder}`);
  }
  return [...found];
}

/** What GitHub tells a runner of the run. Of the commit act reads SHA_REF, and nothing else if there is no git repository. */
function variablesOf(request: WorkflowRequest, workflow: Workflow): Record<string, string> {
  const context = githubContext(request, workflow);
  const { RUNNER_NAME = "", RUNNER_ENVIRONMENT = "" } = runnerVariables({}, runnerContext("", ""));
  return {
    ...runnerVariables(context, {}),
    RUNNER_NAME,
    RUNNER_ENVIRONMENT,
    SHA_REF: request.sha,
  };
}

async function run(
  program: string,
  args: readonly string[],
  request: WorkflowRequest,
): Promise<{ exitCode: number; output: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const child = spawn(program, args, {
    cwd: join(request.directory, "work"),
    // act gives its own environment to every step.
    env: {
      PATH: machinePath(request),
      HOME: join(request.directory, "home"),
      ACT_DISABLE_VERSION_CHECK: "1",
      ...request.env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => void (output += text));
  }
  child.once("error", reject);
  child.once("close", (code) => resolve(code ?? 1));
  const giveUp = (): void => {
    child.kill("SIGTERM");
    setTimeout(() => child.kill("SIGKILL"), grace).unref();
  };
  request.signal?.addEventListener("abort", giveUp, { once: true });
  if (request.signal?.aborted) giveUp();
  try {
    return { exitCode: await promise, output };
  } finally {
    request.signal?.removeEventListener("abort", giveUp);
  }
}

function jobsOf(
  workflow: Workflow,
  needs: Record<string, Needed>,
  said: Record<string, Said>,
): Record<string, JobResult> {
  return Object.fromEntries(
    Object.entries(workflow.jobs).map(([id, job]): [string, JobResult] => {
      const environment = environmentOf(job);
      return [
        id,
        {
          name: String(job.name ?? id),
          result: needs[id]?.result ?? "skipped",
          outputs: needs[id]?.outputs ?? {},
          steps: [],
          ...(said[id] ?? { annotations: [], summary: "", log: "" }),
          permissions: permissionsOf(workflow.permissions, job.permissions),
          ...(environment === undefined
            ? {}
            : { environment: { name: environment, deployment: false } }),
        },
      ];
    }),
  );
}

/** act ran nothing: its last words say why. */
function refused(request: WorkflowRequest, output: string): RunResult {
  const message = `act ran nothing: ${output.trim().split("\n").slice(-3).join(" ")}`;
  const { path } = request.file;
  return {
    title: path,
    conclusion: "failure",
    jobs: {},
    log: output,
    refused: [{ code: "RA9001", path, line: 1, column: 1, message }],
  };
}

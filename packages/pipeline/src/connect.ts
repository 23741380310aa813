import { Fault } from "@release-actions/codes";
import { openGitHub, readDefaultFile, resolveRoles, type GitHub } from "@release-actions/github";
import { createTransport, type Transport } from "@release-actions/net";
import type { RunnerOfSteps, StepRecord } from "@release-actions/plan";
import {
  createRegistry,
  credentialsFrom,
  isHost,
  parseReference,
  type Registry,
} from "@release-actions/registry";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { withLanguages } from "./configuration/languages.ts";
import { readPipeline, type Pipeline } from "./configuration/pipeline-file.ts";
import type { Job } from "./job.ts";
import { openSources, type Sources } from "./release-tags.ts";

/** GitHub and the steps of one job, on one transport. */
export type Connection = {
  job: Job;
  transport: Transport;
  github: GitHub;
  steps: RunnerOfSteps;
  /** What was done, in order. */
  records: StepRecord[];
  awxToken?: string;
};

/** The same with the registries and the repositories of the pipeline's components. */
export type World = Connection & { registry: Registry; sources: Sources };

export type Logins = {
  token?: string;
  registryUsername?: string;
  registryPassword?: string;
  /** Gives the registry's tokens; it may see the login too. */
  registryTokenHost?: string;
  /** Of a GitHub App: reads teams, and tags the product's other repositories. */
  appToken?: string;
  awxToken?: string;
};

/** Opens GitHub; sends nothing. @throws Fault RA1001 without a token */
export function connect(inputs: Logins, job: Job): Connection {
  if (!inputs.token)
    throw new Fault("RA1001", {
      saw: "`token` is not given",
      next: "Leave the input `token` out: it is the job's own token by default.",
    });
  const transport = openTransport(job);
  const records: StepRecord[] = [];
  return {
    job,
    transport,
    github: openGitHub({
      transport,
      token: inputs.token,
      repository: job.env.repository,
      apiUrl: job.env.apiUrl,
      serverUrl: job.env.serverUrl,
    }),
    records,
    ...(inputs.awxToken ? { awxToken: inputs.awxToken } : {}),
    steps: {
      now: () => performance.now(),
      sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
      resuming: job.env.runAttempt > 1,
      progress: (record) => {
        records.push(record);
        job.say(
          `${record.result === "failed" || record.result === "refused" ? "✗" : "✓"} ${record.title}${record.result === "already-done" ? " (already done)" : ""}`,
        );
      },
    },
  };
}

export function openTransport(job: Job): Transport {
  return createTransport({
    env: job.variables,
    userAgent: "release-actions (+https://github.com/org/release-actions)",
    trace: (line) => job.debug(line),
  });
}

/** Opens the registries and the repositories of the pipeline's components; sends nothing. */
export function openWorld(
  connection: Connection,
  inputs: Logins,
  pipeline: Pipeline,
  missingTags: Sources["missingTags"],
  progress?: (bytes: number) => void,
): World {
  const hosts = pipeline.components.map((component) => parseReference(component.image).host);
  return {
    ...connection,
    registry: openRegistry(inputs, connection.job, connection.transport, hosts, progress),
    sources: openSources(connection, inputs, missingTags),
  };
}

/**
 * Opens registries; the inputs' login goes to `hosts` and the host of their tokens, and to no other. `progress` is called as blob
 * bytes pass. @throws Fault RA1002
 */
export function openRegistry(
  inputs: Logins,
  job: Job,
  transport: Transport,
  hosts: string[],
  progress?: (bytes: number) => void,
): Registry {
  const tokenHost = inputs.registryTokenHost;
  if (tokenHost !== undefined && !isHost(tokenHost))
    throw new Fault("RA1002", {
      saw: `\`registry-token-host\` is ${JSON.stringify(tokenHost)}; it takes a host, such as gitlab.example.org or gitlab.example.org:8443`,
    });
  return createRegistry({
    transport,
    ...(progress === undefined ? {} : { progress }),
    credentials: credentialsFrom({
      username: inputs.registryUsername,
      password: inputs.registryPassword,
      dockerConfig: dockerConfig(job),
      hosts: tokenHost === undefined ? hosts : [...hosts, tokenHost],
      env: job.variables,
      mask: (secret) => job.mask(secret),
    }),
  });
}

/** The file that `docker login` writes; undefined where nobody logged in. */
function dockerConfig(job: Job): string | undefined {
  const folder =
    job.variables["DOCKER_CONFIG"] || join(job.variables["HOME"] || homedir(), ".docker");
  try {
    return readFileSync(join(folder, "config.json"), "utf8");
  } catch {
    return undefined;
  }
}

/** Reads the pipeline's file from the default branch, whatever ref the workflow runs on. @throws Fault RA11xx */
export async function loadPipeline(
  world: Connection,
  path: string,
): Promise<Pipeline & { defaultBranch: string }> {
  const file = await readDefaultFile(world.github, path);
  if (file.text === undefined)
    throw new Fault("RA1101", { saw: `${path} is not on the branch ${file.defaultBranch}` });
  return readFile(path, file.text, file.defaultBranch);
}

async function readFile(
  path: string,
  text: string,
  defaultBranch: string,
): Promise<Pipeline & { defaultBranch: string }> {
  return { ...(await withLanguages(() => readPipeline(path, text))), defaultBranch };
}

/**
 * The pipeline with people in the place of teams. `needed`: roles that this run asks for.
 * @throws Fault RA1219 when one of them has a team that cannot be read
 */
export async function withTeams<P extends Pipeline>(
  { job, transport }: Connection,
  pipeline: P,
  { appToken }: Logins,
  needed: string[],
): Promise<P> {
  const app = appToken
    ? openGitHub({
        transport,
        token: appToken,
        repository: job.env.repository,
        apiUrl: job.env.apiUrl,
        serverUrl: job.env.serverUrl,
      })
    : undefined;
  const resolved = await resolveRoles(app, pipeline.roles, needed);
  if ("refusal" in resolved) {
    const { code, saw, next } = resolved.refusal;
    throw new Fault(code, { saw, next });
  }
  return { ...pipeline, roles: resolved.roles };
}

/** Where the file is looked for when nobody names another path; action.yml says the same. */
const usualPath = ".github/release-pipeline.yml";

/**
 * The same for actions that also work without the file: undefined when it does not exist. A path that somebody chose has to
 * exist: misspelt, it would take every rule away.
 * @throws Fault RA11xx
 */
export async function findPipeline(
  world: Connection,
  path: string,
): Promise<(Pipeline & { defaultBranch: string }) | undefined> {
  if (path !== usualPath) return loadPipeline(world, path);
  const file = await readDefaultFile(world.github, path);
  return file.text === undefined ? undefined : readFile(path, file.text, file.defaultBranch);
}

/** Name of the default branch, where no file has told it. @throws Fault RA50xx */
export async function readDefaultBranch(world: Connection): Promise<string> {
  return (await readDefaultFile(world.github, ".github")).defaultBranch;
}

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Fault } from "@release-actions/codes";
import {
  movableClock,
  type ChatPost,
  type GitHubRepository,
  type GitHub,
  type RecordedRequest,
  type RegistryStandIn,
  type SmtpFault,
  type StandIn,
  type ZenodoRecord,
} from "@release-actions/stand-ins";
import { runWorkflow, type Permissions, type RunWorkflow } from "../workflow/index.ts";
import type { Trace } from "./acts.ts";
import { createAuthority, type Authority } from "./authority.ts";
import type { Build } from "./builds.ts";
import { watchConnections } from "./direct.ts";
import { directGap, permissionGap, withoutRepeats, type Gap } from "./gaps.ts";
import type { Happening } from "./happening.ts";
import type { Secret } from "./language.ts";
import type { Mail } from "./messengers.ts";
import { temporaryFolder } from "./folder.ts";
import { requestOf } from "./outgoing.ts";
import type { Pipeline } from "./pipeline.ts";
import { createProxy, type Proxy } from "./proxy.ts";
import { found, repositoryCalled } from "./repositories.ts";
import { createRuns, type RunRecord, type Runs } from "./runs.ts";
import { fill } from "./placeholders.ts";
import { createSystems, type SavedSystems } from "./systems.ts";
import { parseAllDocuments } from "yaml";

/** What the rehearsal takes from the machine it runs on. */
export type Machine = {
  /** Built trees of actions by `owner/repo`. */
  actions: Record<string, string>;
  nodeBinary: string;
  /** What runs workflow files; the rehearsal's own without it. */
  runner?: RunWorkflow;
};

/** The trace that marks where the acts ended: what expectations ask themselves is not counted. */
export const endOfActs = "(the end)";

/** How often `calm` looks again, 20 ms apart, whether a pod has ended. */
const longestEnding = 1_500;

/** Keys of World.marks for messages. */
export const markOfMails = "(mails)";
export const markOfPosts = "(posts)";

/** A container that a cluster runs, as its kubelet reports it. */
export type RunningPod = {
  image: string;
  digest: string;
  ready: boolean;
  /** Does the pod's own text name the image by a digest? */
  pinned: boolean;
};

/** Everything that a scenario happens in. Made anew for each. */
export type World = {
  pipeline: Pipeline;
  clock: ReturnType<typeof movableClock>;
  directory: string;
  nodeBinary: string;
  actions: Record<string, string>;
  authority: Authority;
  proxy: Proxy;
  github: GitHub;
  /** The pipeline's own. */
  repository: GitHubRepository;
  /** Its own and the product's others. */
  repositories: GitHubRepository[];
  /** By `owner/name`, or by the name alone; without one the pipeline's own. */
  repositoryOf(name: string | undefined): GitHubRepository;
  /** A folder of programs that stand before all others on the PATH of steps. */
  programs: string | undefined;
  runs: Runs;
  traces: Map<string, Trace>;
  builds: Map<string, Build>;
  /** The job behind each token that was issued. */
  tokens: Map<string, { job: string; run: RunRecord; permissions: Permissions }>;
  /** What a job is granted beyond its file, to find everything that it lacks. */
  extraPermissions(workflow: string, job: string): Permissions;
  /** Added to every step's environment: the proxy and the authority. */
  stepEnvironment: Record<string, string>;

  /** Whoever runs the workflow files. */
  runner: RunWorkflow;
  tell(happening: Happening): void;
  secretsOf(secrets: Record<string, Secret>): Record<string, string>;
  personalToken(login: string): string;

  shaOf(act: string): string;
  numberOf(act: string): number;
  commentOf(act: string): number;
  buildOf(act: string): Build;
  /** The last attempt of the run that an act started. */
  runOf(act: string, workflow: string | undefined): RunRecord;
  /** The text for a placeholder. */
  meaning(kind: string, name: string): string;

  registryOf(host: string): RegistryStandIn;
  podsOf(cluster: string): RunningPod[];
  /** What a cluster stores of a kind in a namespace. */
  objectsOf(cluster: string, kind: string, namespace: string): readonly object[];
  /** Waits until no pod of the clusters is about to end. */
  calm(): Promise<void>;
  /** From now on lists of GitHub and Zenodo show a change only after so many later reads. */
  delayLists(reads: number): void;
  /** Brings the objects in files of the pipeline's folder to a cluster. */
  applyTo(cluster: string, files: readonly string[]): void;
  /** What Zenodo has published, and what is prepared there. */
  deposits(): { records: ZenodoRecord[]; drafts: ZenodoRecord[] };
  recordOf(version: string): { record: ZenodoRecord; state: "published" | "draft" } | undefined;
  /** Version and name of the build that a digest belongs to. */
  nameOf(digest: string): string;
  standIn(name: string): StandIn;
  /** All of them by name. */
  standIns: Readonly<Record<string, StandIn>>;
  /** `kubernetes` is every cluster; other names are one stand-in. */
  standInsCalled(name: string): StandIn[];
  /** Mails that the server took, oldest first. */
  mails(): readonly Mail[];
  /** Faults that wait at the mail server; undefined without one. */
  mailFaults: SmtpFault[] | undefined;
  /** What channels show, oldest first. */
  posts(): readonly ChatPost[];
  /** How many requests each stand-in has seen, and how many mails and posts there are. */
  marks(): Record<string, number>;
  gaps(): Gap[];
  /** Keeps what is now. Nothing may be running. From then on the world's files stay until the moment is forgotten. */
  save(): Moment;
  close(): Promise<void>;
};

/** A world at one moment, from which any number of others go on. */
export type Moment = {
  at: Date;
  authority: Authority;
  systems: SavedSystems;
  runs: readonly RunRecord[];
  traces: ReadonlyMap<string, Trace>;
  builds: ReadonlyMap<string, Build>;
  tokens: World["tokens"];
  personalTokens: ReadonlyMap<string, string>;
  requests: Readonly<Record<string, readonly RecordedRequest[]>>;
  gaps: readonly Gap[];
  violations: readonly string[];
  /** Removes the files of the world that was saved. No world may go on from it after that. */
  forget(): void;
};

/** Makes a world with its systems, people and empty repository, or one that goes on `from` a moment of another. */
export async function openWorld(
  pipeline: Pipeline,
  options: {
    machine: Machine;
    tell(happening: Happening): void;
    extraPermissions?(workflow: string, job: string): Permissions;
    from?: Moment;
  },
): Promise<World> {
  const { path, remove } = temporaryFolder();
  try {
    return await furnish(pipeline, options, path, remove);
  } catch (error) {
    remove();
    throw error;
  }
}

async function furnish(
  pipeline: Pipeline,
  options: Parameters<typeof openWorld>[1],
  directory: string,
  tidy: () => void,
): Promise<World> {
  const { file } = pipeline;
  const { from } = options;
  const clock = movableClock(from?.at ?? new Date(file.start));
  const authority = from?.authority ?? createAuthority();
  const caFile = join(directory, "authority.pem");
  writeFileSync(caFile, authority.pem);
  mkdirSync(join(directory, "runs"));
  const gaps: Gap[] = [...(from?.gaps ?? [])];
  let saved = 0;
  const tokens: World["tokens"] = new Map(from?.tokens);
  const personal = new Map(from?.personalTokens);
  const traces: World["traces"] = new Map(from?.traces);
  const builds: World["builds"] = new Map(from?.builds);

  const systems = createSystems(pipeline, {
    clock,
    authority,
    directory,
    nodeBinary: options.machine.nodeBinary,
    saved: from?.systems,
    request: (outgoing) => requestOf({ proxy, authority }, outgoing),
    refused: ({ token, needs, request }) => {
      const holder = tokens.get(token);
      const need =
        holder &&
        needs.find(({ permission, level }) => !permits(holder.permissions[permission], level));
      if (need)
        gaps.push(permissionGap({ workflow: holder.run.path, job: holder.job, ...need }, request));
    },
  });
  const { github } = systems;

  const proxy = await createProxy({
    authority,
    answererOf: systems.answererOf,
    tunnelOf: systems.tunnelOf,
    refusal: (host) =>
      `The rehearsal declares no host ${host}. Add \`${host}: <stand-in>\` under hosts: in rehearsal.yml.\n`,
    now: clock.now,
  });

  const connections = watchConnections(directory, proxy.url);

  if (!from) found(file, systems);
  for (const [name, requests] of Object.entries(from?.requests ?? {}))
    systems.named[name]?.requests.push(...requests);
  github.violations.push(...(from?.violations ?? []));
  const [repository, ...others] = [file.repository, ...file.repositories].map(({ name }) =>
    github.repository(name),
  ) as [GitHubRepository, ...GitHubRepository[]];
  const repositories = [repository, ...others];
  const repositoryOf: World["repositoryOf"] = (called) =>
    called === undefined ? repository : repositoryCalled(called, repositories);

  const missing = (what: string, act: string): Fault =>
    new Fault("RA9022", { saw: `The act "${act}" left no ${what}.` });
  const trace = (act: string): Trace => traces.get(act) ?? { before: {} };

  const base: Omit<World, "runs"> = {
    pipeline,
    clock,
    directory,
    nodeBinary: options.machine.nodeBinary,
    actions: options.machine.actions,
    authority,
    proxy,
    github,
    repository,
    repositories,
    repositoryOf,
    programs: pipeline.programs,
    traces,
    builds,
    tokens,
    extraPermissions: options.extraPermissions ?? (() => ({})),
    stepEnvironment: {
      https_proxy: proxy.url,
      http_proxy: proxy.url,
      no_proxy: "",
      NODE_EXTRA_CA_CERTS: caFile,
      CURL_CA_BUNDLE: caFile,
      GIT_SSL_CAINFO: caFile,
      ...connections.environment,
    },
    runner: options.machine.runner ?? runWorkflow,
    tell: options.tell,
    secretsOf: (secrets) =>
      Object.fromEntries(
        Object.entries(secrets).map(([key, secret]) => [key, systems.valueOf(secret)]),
      ),
    personalToken: (login) => {
      const known = personal.get(login);
      if (known) return known;
      const token = github.issueToken({
        kind: "user",
        repositories: repositories.map(({ fullName }) => fullName),
        actor: login,
        permissions: {
          actions: "write",
          contents: "write",
          issues: "write",
          "pull-requests": "write",
        },
      });
      personal.set(login, token);
      return token;
    },
    shaOf: (act) => {
      const sha = trace(act).sha;
      if (sha === undefined) throw missing("commit", act);
      return sha;
    },
    numberOf: (act) => {
      const number = trace(act).number;
      if (number === undefined) throw missing("issue", act);
      return number;
    },
    commentOf: (act) => {
      const comment = trace(act).comment;
      if (comment === undefined) throw missing("comment", act);
      return comment;
    },
    buildOf: (act) => {
      const build = builds.get(act);
      if (!build) throw missing("build", act);
      return build;
    },
    runOf: (act, workflow) => {
      const run = world.runs.all.findLast(
        (one) => one.act === act && (workflow === undefined || one.path.endsWith(`/${workflow}`)),
      );
      if (!run) throw missing("run", act);
      return run;
    },
    meaning: (kind, argument) => {
      if (kind === "commit") return base.shaOf(argument);
      if (kind === "now") return base.clock.now().toISOString();
      if (kind === "issue") return String(base.numberOf(argument));
      if (kind === "comment") return String(base.commentOf(argument));
      if (kind === "run") return String(base.runOf(argument, undefined).id);
      if (kind === "doi")
        return base.recordOf(argument)?.record.doi ?? `(no record of version ${argument})`;
      if (kind === "digest") {
        const [build = "", component = ""] = argument.split("/");
        return base.buildOf(build).digests[component] ?? `(no component ${component})`;
      }
      return kind === "" ? "" : `\${${kind}${argument ? `:${argument}` : ""}}`;
    },
    registryOf: (host) => {
      if (file.hosts[host] !== "registry" || !systems.registry) {
        throw new Fault("RA9026", {
          saw: `The images are at ${host}.`,
          next: `Add \`${host}: registry\` under hosts: in rehearsal.yml.`,
        });
      }
      return systems.registry;
    },
    applyTo: (cluster, files) => {
      for (const text of Object.values(pipeline.filesAt(files))) {
        const filled = fill(text.toString("utf8"), base.meaning);
        for (const document of parseAllDocuments(filled))
          systems.clusters[cluster]?.apply(document.toJS() as never);
      }
    },
    podsOf: (cluster) =>
      (file.clusters[cluster]?.namespaces ?? [])
        .flatMap((namespace) => systems.clusters[cluster]?.pods(namespace) ?? [])
        .filter((pod) => !pod.deleting)
        .flatMap((pod) => pod.containers)
        .map(runningPod),
    objectsOf: (cluster, kind, namespace) =>
      systems.clusters[cluster]?.objects(kind, namespace) ?? [],
    calm: async () => {
      const ending = (): boolean =>
        Object.entries(file.clusters).some(([name, { namespaces }]) =>
          namespaces.some((namespace) =>
            systems.clusters[name]?.pods(namespace).some(({ deleting }) => deleting),
          ),
        );
      for (let tries = 0; ending() && tries < longestEnding; tries++) await sleep(20);
    },
    delayLists: (reads) => {
      github.staleReads = reads;
      if (systems.zenodo) systems.zenodo.staleReads = reads;
    },
    deposits: () => ({
      records: systems.zenodo?.records() ?? [],
      drafts: systems.zenodo?.drafts() ?? [],
    }),
    recordOf: (version) => {
      const isOf = (record: ZenodoRecord): boolean => record.metadata["version"] === version;
      const published = systems.zenodo?.records().findLast(isOf);
      if (published) return { record: published, state: "published" };
      const draft = systems.zenodo?.drafts().findLast(isOf);
      return draft && { record: draft, state: "draft" };
    },
    nameOf: (digest) =>
      [...builds.values()].find((build) => Object.values(build.digests).includes(digest))?.name ??
      "of no build",
    standIn: (called) => {
      const found = systems.named[called];
      if (!found)
        throw new Fault("RA9022", {
          saw: `There is no stand-in ${called}; there are ${Object.keys(systems.named).join(", ")}.`,
        });
      return found;
    },
    standIns: systems.named,
    standInsCalled: (called) => {
      const clusters = Object.entries(systems.named).filter(([key]) =>
        key.startsWith("kubernetes "),
      );
      return called === "kubernetes"
        ? clusters.map(([, standIn]) => standIn)
        : [base.standIn(called)];
    },
    mailFaults: systems.mailFaults,
    mails: () => systems.mails(),
    posts: () => systems.chat?.posts ?? [],
    marks: () => ({
      ...Object.fromEntries(
        Object.values(systems.named).map((standIn) => [standIn.name, standIn.requests.length]),
      ),
      [markOfMails]: systems.mails().length,
      [markOfPosts]: systems.chat?.posts.length ?? 0,
    }),
    gaps: () =>
      withoutRepeats([
        ...gaps,
        ...world.runs.all.flatMap((run) => run.gaps),
        ...connections.seen().map(directGap),
      ]),
    save: () => ({
      at: clock.now(),
      authority,
      systems: systems.save(join(directory, `saved-${(saved += 1)}`)),
      runs: [...world.runs.all],
      traces: new Map(traces),
      builds: new Map(builds),
      tokens: new Map(tokens),
      personalTokens: new Map(personal),
      requests: Object.fromEntries(
        Object.entries(systems.named).map(([name, { requests }]) => [name, [...requests]]),
      ),
      gaps: [...gaps, ...connections.seen().map(directGap)],
      violations: [...github.violations],
      forget: tidy,
    }),
    close: async () => {
      await world.runs.close();
      await proxy.close();
      await systems.close();
      if (saved === 0) tidy();
    },
  };
  const world: World = Object.assign(base, { runs: createRuns(base, from?.runs) });
  await systems.ready();
  return world;
}

const permits = (granted: string | undefined, level: string): boolean =>
  granted === "write" || (granted === "read" && level === "read");

/** A container that has not pulled its image yet has no digest: then only what it asks for is known. */
function runningPod(container: { image: string; imageID: string; ready: boolean }): RunningPod {
  const [image = "", digest = ""] = (container.imageID || container.image).split("@");
  const pinned = container.image.includes("@sha256:");
  return { image: image.replace(/:[^/:]+$/, ""), digest, ready: container.ready, pinned };
}

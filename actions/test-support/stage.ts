import { mkdtempSync, rmSync } from "node:fs";
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createGitHub,
  createKubernetesStandIn,
  createRegistryStandIn,
  createZenodoStandIn,
  listen,
  movableClock,
  pullImage,
  type AccessRule,
  type EnterpriseVersion,
  type GitHub,
  type GitHubPermissions,
  type GitHubRepository,
  type KubernetesStandIn,
  type PullFetch,
  type RegistryStandIn,
  type StandIn,
  type ZenodoStandIn,
} from "@release-actions/stand-ins";
import { startAction, type Ended, type Running } from "./bundled-action.ts";

/** Each is looked for in everything that an action leaves behind. */
const secrets = {
  registry: "canary-of-the-registry",
  cluster: "canary-of-the-cluster",
  zenodo: "canary-of-zenodo",
};

/** All that these actions ask for when they do everything. */
export const allPermissions: GitHubPermissions = {
  actions: "read",
  checks: "read",
  contents: "write",
  deployments: "write",
  issues: "read",
  "pull-requests": "read",
  statuses: "read",
};

export type JobWish = {
  inputs?: Record<string, string>;
  permissions?: GitHubPermissions;
  /** Default: workflow_dispatch with these inputs. */
  dispatch?: Record<string, string>;
  /** A pushed tag instead of a dispatch. */
  tag?: string;
  /** A comment instead of a dispatch; its author starts the run. */
  comment?: { id: number; issue: number; body: string; login: string };
  /** Who started the attempt. */
  actor?: string;
  /** An earlier run's number: this is another attempt of it. */
  run?: number;
  attempt?: number;
  workspace?: Record<string, string>;
  /** An earlier step of the job ran `docker login`. */
  dockerLogin?: true;
  /** What it left, where that is not its usual file. */
  dockerConfig?: string;
  variables?: Record<string, string>;
  /** More that must not be found in anything that the action leaves behind. */
  secrets?: string[];
};

/** A GitHub, a registry, a cluster and a Zenodo on ports of this machine, and a runner that starts actions on them. */
export type Stage = AsyncDisposable & {
  github: GitHub;
  repository: GitHubRepository;
  registry: RegistryStandIn;
  cluster: KubernetesStandIn;
  zenodo: ZenodoStandIn;
  /** For a proxy that leads to it under another name. */
  githubPort: number;
  /** `127.0.0.1:port` of the registry, and the login for it as inputs. */
  registryHost: string;
  registryLogin: { "registry-username": string; "registry-password": string };
  kubeconfig: string;
  zenodoUrl: string;
  zenodoToken: string;
  /** What users see of the cluster: the Ingress `shop.example.org`. */
  siteUrl: string;
  /** Registers a run at GitHub, in progress. */
  newRun(wish?: Pick<JobWish, "tag" | "comment" | "actor">): number;
  start(action: string, wish?: JobWish): Running;
  run(action: string, wish?: JobWish): Promise<Ended>;
  /** What was asked of that address so far, as `METHOD path`. */
  visits: readonly string[];
  /** Every credential of the stage so far: the stand-in that knows it, and what it is. */
  credentials(): [standIn: string, secret: string][];
  /** Every write so far, as `stand-in METHOD path`. */
  writes(): string[];
  /** Requests of a stand-in from now on, as `METHOD path`. */
  watch(standIn: StandIn): () => string[];
};

/** Sees each request before a stand-in does, with its credentials; true: it has answered in the stand-in's place. */
export type Tap = (standIn: string, request: IncomingMessage, response: ServerResponse) => boolean;

/** Opens a stage; `await using` closes it. */
export async function openStage(
  options: {
    defaultBranch?: string;
    tap?: Tap;
    /** Of GitHub's enterprise server; without it it has everything that github.com has. */
    enterprise?: EnterpriseVersion;
  } = {},
): Promise<Stage> {
  const directory = mkdtempSync(join(tmpdir(), "stage-"));
  const clock = movableClock();
  const defaultBranch = options.defaultBranch ?? "main";
  const github = createGitHub({
    clock,
    directory,
    ...(options.enterprise && { enterprise: { version: options.enterprise } }),
  });
  for (const login of ["ada", "olga", "pia"]) github.addUser({ login });
  const repository = github.addRepository({ owner: "example", name: "shop", defaultBranch });
  for (const login of ["ada", "olga", "pia"]) repository.addCollaborator(login, "write");
  const registry = createRegistryStandIn({ clock, accounts: { ci: secrets.registry } });
  const cluster = createKubernetesStandIn({
    clock,
    name: "cluster",
    tokens: { [secrets.cluster]: { user: "system:serviceaccount:shop:ci", rules: deployer } },
    directory,
    pull: (reference) =>
      pullImage({
        fetch: fetchPlain,
        reference,
        platform: "linux/amd64",
        username: "ci",
        password: secrets.registry,
      }),
  });
  cluster.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } });
  const zenodo = createZenodoStandIn({ clock, tokens: { [secrets.zenodo]: "olga" } });

  const tokens: string[] = [];
  const standIns: [string, StandIn][] = [
    ["github", github],
    ["registry", registry],
    ["cluster", cluster],
    ["zenodo", zenodo],
  ];
  const servers = await Promise.all(
    standIns.map(([name, standIn]) =>
      listen({
        handle: async (request, response) => {
          if (options.tap?.(name, request, response) !== true)
            await standIn.handle(request, response);
        },
        close: () => standIn.close(),
      }),
    ),
  );
  const [githubUrl = "", registryUrl = "", clusterUrl = "", zenodoUrl = ""] = servers.map(
    ({ url }) => url,
  );
  const visits: string[] = [];
  const toPods = cluster.ingress("shop.example.org");
  const site = createServer((request, response) => {
    visits.push(`${request.method} ${request.url}`);
    toPods(request, response);
  });
  await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
  const close = async (): Promise<void> => {
    site.closeAllConnections();
    site.close();
    await Promise.all(servers.map((server) => server.close()));
    rmSync(directory, { recursive: true, force: true });
    // GitHub would refuse, or answer otherwise, what does not fit its published descriptions.
    if (github.violations.length > 0) throw new Error(github.violations.join("\n"));
  };

  const newRun: Stage["newRun"] = (wish = {}) => {
    const run = github.createRun({
      repository: repository.fullName,
      workflowPath: ".github/workflows/release.yml",
      event: eventOf(wish),
      headSha: repository.log(wish.tag ?? defaultBranch)[0] ?? "",
      headBranch: wish.tag ?? defaultBranch,
      actor: wish.actor ?? wish.comment?.login ?? "pia",
    });
    github.setRunState(run, { status: "in_progress" });
    return run;
  };

  const start: Stage["start"] = (action, wish = {}) => {
    const actor = wish.actor ?? wish.comment?.login ?? "pia";
    const run = wish.run ?? newRun(wish);
    const token = github.issueToken({
      kind: "job",
      repositories: [repository.fullName],
      actor,
      permissions: wish.permissions ?? allPermissions,
      runId: run,
    });
    tokens.push(token);
    const refName = wish.tag ?? defaultBranch;
    const ref = wish.tag ? `refs/tags/${refName}` : `refs/heads/${refName}`;
    const running = startAction(action, {
      inputs: wish.inputs ?? {},
      event: payloadOf(wish, ref),
      ...(wish.workspace ? { workspace: wish.workspace } : {}),
      ...(wish.dockerLogin ? { dockerConfig: dockerConfigOf(new URL(registryUrl).host) } : {}),
      ...(wish.dockerConfig ? { dockerConfig: wish.dockerConfig } : {}),
      token,
      secrets: [token, ...Object.values(secrets), ...(wish.secrets ?? [])],
      variables: {
        GITHUB_API_URL: `${githubUrl}/api/v3`,
        GITHUB_GRAPHQL_URL: `${githubUrl}/api/graphql`,
        GITHUB_SERVER_URL: githubUrl,
        GITHUB_REPOSITORY: repository.fullName,
        GITHUB_SHA: repository.log(refName)[0] ?? "",
        GITHUB_REF: ref,
        GITHUB_REF_NAME: refName,
        GITHUB_REF_TYPE: wish.tag ? "tag" : "branch",
        GITHUB_EVENT_NAME: eventOf(wish),
        GITHUB_ACTOR: actor,
        GITHUB_TRIGGERING_ACTOR: actor,
        GITHUB_RUN_ID: String(run),
        GITHUB_RUN_ATTEMPT: String(wish.attempt ?? 1),
        GITHUB_WORKFLOW: "release",
        GITHUB_JOB: "release",
        ...wish.variables,
      },
    });
    // The runner tells GitHub when the job is over, killed or not.
    const ended = running.ended.finally(() =>
      github.setRunState(run, { status: "completed", conclusion: "success" }),
    );
    return { ...running, ended };
  };

  return {
    [Symbol.asyncDispose]: close,
    github,
    repository,
    registry,
    cluster,
    zenodo,
    githubPort: Number(new URL(githubUrl).port),
    registryHost: new URL(registryUrl).host,
    registryLogin: { "registry-username": "ci", "registry-password": secrets.registry },
    kubeconfig: kubeconfigOf(clusterUrl, { token: secrets.cluster }),
    zenodoUrl,
    zenodoToken: secrets.zenodo,
    siteUrl: `http://127.0.0.1:${(site.address() as AddressInfo).port}`,
    visits,
    newRun,
    start,
    run: (action, wish) => start(action, wish).ended,
    credentials: () => [
      ["registry", secrets.registry],
      ["cluster", secrets.cluster],
      ["zenodo", secrets.zenodo],
      ...tokens.map((token): [string, string] => ["github", token]),
    ],
    writes: () =>
      standIns.flatMap(([name, { requests }]) =>
        requests
          .filter(({ wrote }) => wrote)
          .map(({ method, path }) => `${name} ${method} ${path}`),
      ),
    watch: ({ requests }) => {
      const from = requests.length;
      return () => requests.slice(from).map(({ method, path }) => `${method} ${path}`);
    },
  };
}

function eventOf(wish: JobWish): string {
  if (wish.comment) return "issue_comment";
  return wish.tag ? "push" : "workflow_dispatch";
}

function payloadOf(wish: JobWish, ref: string): object {
  if (wish.tag) return { ref };
  if (!wish.comment) return { ref, inputs: wish.dispatch ?? {} };
  const { id, issue, body, login } = wish.comment;
  return { action: "created", issue: { number: issue }, comment: { id, body, user: { login } } };
}

/** A kubeconfig of one context, for a server and a user's credentials. */
export function kubeconfigOf(server: string, user: Record<string, unknown>): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "shop",
    contexts: [{ name: "shop", context: { cluster: "shop", user: "ci", namespace: "shop" } }],
    clusters: [{ name: "shop", cluster: { server } }],
    users: [{ name: "ci", user }],
  });
}

function dockerConfigOf(host: string): string {
  const auth = Buffer.from(`ci:${secrets.registry}`).toString("base64");
  return JSON.stringify({ auths: { [host]: { auth } } });
}

const verbs = ["get", "list", "watch", "patch", "create"];
const deployer: AccessRule[] = [
  { apiGroups: ["apps"], resources: ["deployments", "replicasets"], verbs, namespaces: ["shop"] },
  { apiGroups: [""], resources: ["services", "configmaps"], verbs, namespaces: ["shop"] },
  // Helm keeps its records there.
  {
    apiGroups: [""],
    resources: ["secrets"],
    verbs: [...verbs, "update", "delete"],
    namespaces: ["shop"],
  },
  { apiGroups: ["networking.k8s.io"], resources: ["ingresses"], verbs, namespaces: ["shop"] },
  { apiGroups: ["batch"], resources: ["cronjobs"], verbs: ["get"], namespaces: ["shop"] },
  {
    apiGroups: ["batch"],
    resources: ["jobs"],
    verbs: ["get", "list", "create", "delete"],
    namespaces: ["shop"],
  },
  {
    apiGroups: [""],
    resources: ["pods", "pods/log", "events"],
    verbs: ["get", "list", "watch"],
    namespaces: ["shop"],
  },
  { apiGroups: [""], resources: ["namespaces"], verbs: ["get"], resourceNames: ["kube-system"] },
];

/** How a node of the cluster names itself to the registry. */
export const nodeAgent = "containerd/2.2.0";

/** A node of the cluster pulls from the registry's port. */
const fetchPlain: PullFetch = (host, method, path, headers) =>
  new Promise((resolve, reject) => {
    const asked = { method, headers: { "user-agent": nodeAgent, ...headers } };
    const sent = httpRequest(`http://${host}${path}`, asked, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.once("error", reject);
      answer.once("end", () =>
        resolve({
          status: answer.statusCode ?? 0,
          headers: Object.fromEntries(
            Object.entries(answer.headers).map(([name, value]) => [name, String(value)]),
          ),
          body: Buffer.concat(chunks),
        }),
      );
    });
    sent.once("error", reject);
    sent.end();
  });

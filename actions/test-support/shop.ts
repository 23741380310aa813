import {
  closeEntry,
  nextId,
  type Current,
  type Entry,
  type VersionRecord,
} from "@release-actions/ledger";
import { buildImage, pushImage, type FileChanges } from "@release-actions/stand-ins";
import type { Stage } from "./stage.ts";

/** How a build of the shop behaves: it answers, answers another version, or ends at once with words of its own or given ones. */
export type Behaviour = "good" | "wrong" | "crash" | { crash: string };

/** A tagged commit and the digest that its build pushed as `shop/web:<commit>`. */
export type Build = { version: string; commit: string; digest: string; image: string };

const configPath = ".github/release-pipeline.yml";
const ledgerBranch = "release-ledger";

/** Commits a version of the shop (its manifests, checks and package.json), builds its image, and tags it. */
export async function release(
  stage: Stage,
  version: string,
  options: {
    behaviour?: Behaviour;
    tag?: string | null;
    branch?: string;
    files?: FileChanges;
    /** What the image says of itself; default: this version. */
    labels?: Record<string, string>;
    /** Under which tag the build pushes it; default: the commit. */
    imageTag?: (commit: string) => string;
  } = {},
): Promise<Build> {
  const { repository, registry, registryHost } = stage;
  const commit = repository.commit({
    branch: options.branch ?? repository.defaultBranch,
    message: `Version ${version}`,
    author: "ada",
    files: {
      "package.json": JSON.stringify({ name: "shop", version }),
      "deploy/web.yml": manifests(registryHost),
      "deploy/checks.yml": JSON.stringify([
        { name: "answers", get: "/", json: { "$.open": true } },
      ]),
      ...options.files,
    },
  });
  const image = await buildImage({
    files: [{ path: "app/server.mjs", content: serverOf(version, options.behaviour ?? "good") }],
    entrypoint: ["node", "/app/server.mjs"],
    labels: options.labels ?? { "org.opencontainers.image.version": version },
    platforms: ["linux/amd64"],
    attestations: true,
    created: new Date("2026-01-05T12:00:00Z"),
  });
  const pushed = options.imageTag?.(commit) ?? commit;
  const digest = pushImage(registry, "shop/web", pushed, image);
  if (options.tag !== null) repository.createTag(options.tag ?? version, commit, "ada");
  return { version, commit, digest, image: `${registryHost}/shop/web` };
}

/** The team's file: staging, then production. */
export function configuration(stage: Stage, more: ConfigurationWish = {}): string {
  const environment = {
    "image-tags": ["${environment}"],
    ...(more.deploy === false
      ? {}
      : {
          url: stage.siteUrl,
          deploy: { manifests: "deploy/web.yml", namespace: "shop", timeout: "20s" },
          smoke: {
            checks: "deploy/checks.yml",
            deadline: "5s",
            identity: { get: "/", json: { "$.version": "${version}" } },
          },
        }),
  };
  const file = {
    product: "Shop",
    components: [{ name: "web", image: `${stage.registryHost}/shop/web` }],
    roles: { owner: ["olga"], platform: ["pia"] },
    environments: {
      staging: { ...environment, ...more.staging },
      production: { ...environment, from: "staging", ...more.production },
    },
    issue: { title: "Release ${version} of ${product}" },
    ...more.file,
  };
  return JSON.stringify(file, null, 2);
}

/** Commits the team's file to the default branch. */
export function configure(stage: Stage, more: ConfigurationWish = {}): void {
  stage.repository.commit({
    branch: stage.repository.defaultBranch,
    message: "Configure the pipeline",
    author: "ada",
    files: { [configPath]: configuration(stage, more) },
  });
}

export type ConfigurationWish = {
  /** False: tags only, no cluster and no checks. */
  deploy?: boolean;
  staging?: Record<string, unknown>;
  production?: Record<string, unknown>;
  file?: Record<string, unknown>;
};

/** Writes into the ledger what a run of `promote` leaves there: the build passed in an environment, and runs in it. */
export function recordPass(stage: Stage, build: Build, environment: string): void {
  const { version, commit, digest, image } = build;
  // A minute ago: an approval counts only when it is younger than the pass.
  const at = new Date(Date.now() - 60_000).toISOString();
  const released = { version, tag: version, commit, components: [{ name: "web", image, digest }] };
  const before = ledgerFile<Current>(stage, `${environment}/current.json`);
  const entry: Entry = {
    id: nextId(environment, before),
    environment,
    action: "release",
    actor: "pia",
    run: { id: 1, url: "https://github.com/example/shop/actions/runs/1" },
    release: released,
    verdict: { holds: true, findings: [], at },
    approvals: [],
    openedAt: at,
    result: "running",
  };
  const current = { latest: entry, passed: before?.passed ?? [] };
  const known = ledgerFile<VersionRecord>(stage, `versions/${version}.json`);
  const end = { result: "passed", at, runs: released } as const;
  const { message, files } = closeEntry("Shop", current, end, {
    released: known,
    replaced: undefined,
  });
  stage.repository.commit({
    branch: ledgerBranch,
    message,
    author: "ada",
    ...(stage.repository.ref(`refs/heads/${ledgerBranch}`) ? {} : { parents: [] }),
    files,
  });
}

/** A file of the product's folder in the ledger. */
export function ledgerFile<T>(stage: Stage, path: string): T | undefined {
  if (!stage.repository.ref(`refs/heads/${ledgerBranch}`)) return undefined;
  const text = stage.repository.file(`shop/${path}`, ledgerBranch);
  return text === undefined ? undefined : (JSON.parse(text) as T);
}

/** What the ledger has of a version. */
export const recordOf = (stage: Stage, version: string) =>
  ledgerFile<VersionRecord>(stage, `versions/${version}.json`);

/** The digest that runs in the pods of the shop, one for each that is ready. */
export function runningDigests(stage: Stage): string[] {
  return stage.cluster
    .pods("shop")
    .filter((pod) => pod.ready && !pod.deleting)
    .flatMap((pod) => pod.containers.map(({ imageID }) => imageID.slice(imageID.indexOf("@") + 1)));
}

function serverOf(version: string, behaviour: Behaviour): string {
  if (behaviour === "crash")
    return `console.error("FATAL: no database for ${version}"); process.exit(3);\n`;
  if (typeof behaviour === "object")
    return `process.stdout.write(${JSON.stringify(behaviour.crash)}, () => process.exit(3));\n`;
  const said = behaviour === "wrong" ? "0.0.0" : version;
  return `import { createServer } from "node:http";
createServer((request, response) => {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ version: ${JSON.stringify(said)}, open: true }));
}).listen(Number(process.env.PORT));
`;
}

function manifests(registryHost: string): string {
  const labels = { app: "web" };
  const container = {
    name: "web",
    image: `${registryHost}/shop/web`,
    ports: [{ name: "http", containerPort: 8080 }],
    readinessProbe: { httpGet: { path: "/", port: "http" }, periodSeconds: 1 },
  };
  const objects = [
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web" },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { terminationGracePeriodSeconds: 1, containers: [container] },
        },
      },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "web" },
      spec: { selector: labels, ports: [{ name: "http", port: 80, targetPort: "http" }] },
    },
    {
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: { name: "web" },
      spec: {
        rules: [
          {
            host: "shop.example.org",
            http: {
              paths: [
                {
                  path: "/",
                  pathType: "Prefix",
                  backend: { service: { name: "web", port: { name: "http" } } },
                },
              ],
            },
          },
        ],
      },
    },
  ];
  return objects.map((object) => JSON.stringify(object)).join("\n---\n");
}

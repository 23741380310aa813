import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  createGitHub,
  createKubernetesStandIn,
  createRegistryStandIn,
  createZenodoStandIn,
  pullImage,
  type ChatStandIn,
  type Clock,
  type GitHub,
  type GitHubRepository,
  type KubernetesStandIn,
  type RegistryStandIn,
  type AwxStandIn,
  type SavedAwx,
  type SavedChat,
  type SavedGitHub,
  type SavedKubernetes,
  type SavedRegistry,
  type SavedSmtp,
  type SavedZenodo,
  type SmtpFault,
  type StandIn,
  type ZenodoStandIn,
} from "@release-actions/stand-ins";
import { Fault } from "@release-actions/codes";
import { parseAllDocuments } from "yaml";
import { createApps, type Apps } from "./apps.ts";
import type { Authority } from "./authority.ts";
import type { RehearsalFile, Secret } from "./language.ts";
import type { Received } from "./outgoing.ts";
import type { Pipeline } from "./pipeline.ts";
import { startChat, startSmtp, type Mail } from "./messengers.ts";
import { startAwx } from "./playbooks.ts";
import type { Answerer, Tunnel } from "./proxy.ts";
import { watchRefusals, type Refusal } from "./refusals.ts";

/** The stand-ins of one rehearsed world, and who they know. */
export type Systems = {
  github: GitHub;
  registry: RegistryStandIn | undefined;
  clusters: Record<string, KubernetesStandIn>;
  zenodo: ZenodoStandIn | undefined;
  awx: AwxStandIn | undefined;
  /** Undefined for hosts that are not declared. */
  answererOf(host: string): Answerer | undefined;
  chat: ChatStandIn | undefined;
  /** Mails that the server took, oldest first. */
  mails(): readonly Mail[];
  /** Faults that wait at the mail server. */
  mailFaults: SmtpFault[] | undefined;
  /** Whoever speaks another protocol than HTTP under a host and port. */
  tunnelOf(host: string, port: number): Tunnel | undefined;
  /** Registers the Apps, once the repositories are there. */
  addApps(repositories: readonly GitHubRepository[]): void;
  /** Every stand-in by its name: `github`, `registry`, `zenodo`, `awx`, `smtp`, `chat`, `kubernetes <cluster>`. */
  named: Record<string, StandIn>;
  /** The value of a secret, from where the file says that it comes. */
  valueOf(secret: Secret): string;
  /** Everything that they hold, and what was given out under it; GitHub's repositories are copied below `directory`. */
  save(directory: string): SavedSystems;
  /** Resolves when whatever ran in the clusters at the saved moment runs again. */
  ready(): Promise<void>;
  close(): Promise<void>;
};

/** The stand-ins of a world at one moment. Many worlds may go on from it. */
export type SavedSystems = {
  github: SavedGitHub;
  registry: SavedRegistry | undefined;
  zenodo: SavedZenodo | undefined;
  awx: SavedAwx | undefined;
  chat: SavedChat | undefined;
  smtp: SavedSmtp | undefined;
  clusters: Record<string, SavedKubernetes>;
  apps: Apps;
};

/** GitHub's own hosts need no declaration: every workflow speaks to them. */
function githubHosts({ github }: RehearsalFile): string[] {
  if (github) return [github.server, `codeload.${github.server}`];
  return ["api.github.com", "codeload.github.com", "github.com", "uploads.github.com"];
}

/**
 * Starts what `hosts:` declares, with fresh accounts and the objects that the file seeds, or with what was saved. The
 * folder of the saved world stays until the worlds that go on from it are closed: their containers share its images.
 */
export function createSystems(
  pipeline: Pipeline,
  options: {
    clock: Clock;
    authority: Authority;
    directory: string;
    nodeBinary: string;
    saved: SavedSystems | undefined;
    /** Told when GitHub refuses a token a permission. */
    refused(refusal: Refusal): void;
    /** How a cluster's nodes reach a registry. */
    request(outgoing: {
      method: string;
      url: string;
      headers: Record<string, string>;
    }): Promise<Received>;
  },
): Systems {
  const { file } = pipeline;
  const { clock, authority, directory, saved } = options;
  const passwords = secretsFor(Object.keys(file.registry?.accounts ?? {}));
  const zenodoTokens = secretsFor(file.zenodo?.accounts ?? []);
  const awxTokens = secretsFor(file.awx?.accounts ?? []);
  const clusterTokens = secretsFor(Object.keys(file.clusters));

  const mailbox = startSmtp(file, clock, authority, saved?.smtp);
  const messengers = startChat(file.chat, clock, saved?.chat);
  // GitHub knows them by the public parts of their keys.
  const apps = saved?.apps ?? createApps(file);

  const ownHosts = githubHosts(file);
  const github = createGitHub({
    clock,
    directory: join(directory, "git"),
    ...(file.github && {
      enterprise: { url: `https://${file.github.server}`, version: file.github.version },
    }),
    ...(saved && { saved: saved.github }),
  });
  const askGitHub = watchRefusals(github, options.refused);
  const registry = file.registry && startRegistry(file.registry, passwords, clock, saved?.registry);
  const zenodo = file.zenodo && startZenodo(file.zenodo, zenodoTokens, clock, saved?.zenodo);
  const puller = Object.entries(file.registry?.accounts ?? {}).toSorted(([, a], [, b]) =>
    a.localeCompare(b),
  )[0]?.[0];
  const clusters = Object.fromEntries(
    Object.entries(file.clusters).map(([name, cluster]) => {
      mkdirSync(join(directory, "nodes", name), { recursive: true });
      const standIn = createKubernetesStandIn({
        name: `kubernetes ${name}`,
        clock,
        tokens: {
          [clusterTokens[name] ?? ""]: {
            user: "system:serviceaccount:release:deployer",
            rules: [
              {
                apiGroups: ["*"],
                resources: ["*", "*/*"],
                verbs: ["*"],
                namespaces: cluster.namespaces,
              },
              { apiGroups: [""], resources: ["namespaces"], verbs: ["get"] },
            ],
          },
        },
        directory: join(directory, "nodes", name),
        nodeBinary: options.nodeBinary,
        // Most of what ran before is never spoken to again: it starts when somebody connects.
        ...(saved?.clusters[name] && { saved: saved.clusters[name], rests: true }),
        pull: (reference) =>
          pullImage({
            fetch: (host, method, path, headers) =>
              options.request({ method, url: `https://${host}${path}`, headers }),
            reference,
            platform: "linux/amd64",
            ...(puller === undefined
              ? {}
              : { username: puller, password: passwords[puller] ?? "" }),
          }),
      });
      if (saved) return [name, standIn];
      for (const namespace of cluster.namespaces) {
        standIn.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
      }
      for (const text of Object.values(pipeline.filesAt(cluster.objects))) {
        for (const document of parseAllDocuments(text.toString("utf8"))) {
          try {
            standIn.apply(document.toJS() as never);
          } catch (cause) {
            throw unseeded(`clusters: ${name}: objects`, cause);
          }
        }
      }
      return [name, standIn];
    }),
  );

  const awx =
    file.awx &&
    startAwx(file.awx, {
      clock,
      tokens: awxTokens,
      filesAt: pipeline.filesAt,
      clusters,
      saved: saved?.awx,
    });

  const named: Record<string, StandIn> = { github };
  if (awx) named["awx"] = awx;
  if (registry) named["registry"] = registry;
  if (zenodo) named["zenodo"] = zenodo;
  if (messengers) named["chat"] = messengers.standIn;
  if (mailbox) named["smtp"] = mailbox.standIn;
  for (const [name, cluster] of Object.entries(clusters)) named[`kubernetes ${name}`] = cluster;

  return {
    github,
    registry,
    zenodo,
    awx,
    clusters,
    chat: messengers?.standIn,
    mailFaults: mailbox?.faults,
    mails: () => mailbox?.mails() ?? [],
    addApps: (repositories) => apps.install(github, repositories),
    tunnelOf: (host, port) =>
      Object.hasOwn(file.hosts, host) && file.hosts[host] === "smtp"
        ? mailbox?.tunnel(port)
        : undefined,
    named,
    answererOf: (host) => {
      if (ownHosts.includes(host)) return askGitHub;
      const declared = Object.hasOwn(file.hosts, host) ? file.hosts[host] : undefined;
      if (declared === undefined || declared === "smtp") return undefined;
      const [kind, cluster = ""] = declared.split(" ");
      return kind === "ingress" ? clusters[cluster]?.ingress(host) : named[declared]?.handle;
    },
    valueOf: (secret) => {
      if (secret.value !== undefined) return secret.value;
      if (secret["registry-username"] !== undefined) return secret["registry-username"];
      if (secret["registry-password"] !== undefined)
        return passwords[secret["registry-password"]] ?? "";
      if (secret["zenodo-token"] !== undefined) return zenodoTokens[secret["zenodo-token"]] ?? "";
      if (secret["awx-token"] !== undefined) return awxTokens[secret["awx-token"]] ?? "";
      if (secret["smtp-password"] !== undefined)
        return mailbox?.passwordOf(secret["smtp-password"]) ?? "";
      if (secret["chat-hook"] !== undefined) return messengers?.urls[secret["chat-hook"]] ?? "";
      if (secret["app-key"] !== undefined) return apps.keyOf(secret["app-key"]);
      const cluster = secret.kubeconfig ?? "";
      return kubeconfig({
        host: file.clusters[cluster]?.server ?? "",
        ca: authority.pem,
        token: clusterTokens[cluster] ?? "",
        namespace: file.clusters[cluster]?.namespaces[0] ?? "default",
      });
    },
    save: (folder) => ({
      github: github.save(folder),
      registry: registry?.save(),
      zenodo: zenodo?.save(),
      awx: awx?.save(),
      chat: messengers?.standIn.save(),
      smtp: mailbox?.save(),
      clusters: Object.fromEntries(
        Object.entries(clusters).map(([name, cluster]) => [name, cluster.save()]),
      ),
      apps,
    }),
    ready: async () => {
      await Promise.all(Object.values(clusters).map((cluster) => cluster.ready()));
    },
    close: async () => {
      await Promise.all(Object.values(named).map((standIn) => standIn.close()));
    },
  };
}

/** What a system refuses at its start is a fault of the file. */
function unseeded(place: string, cause: unknown): Fault {
  const why = cause instanceof Error ? cause.message : String(cause);
  const errors = (cause as { errors?: unknown }).errors;
  const fields = Array.isArray(errors) ? ` ${JSON.stringify(errors)}` : "";
  return new Fault("RA9020", { saw: `rehearsal.yml: ${place}: ${why}${fields}`, cause });
}

const secretsFor = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, randomBytes(20).toString("hex")]));

function startRegistry(
  registry: NonNullable<Pipeline["file"]["registry"]>,
  passwords: Record<string, string>,
  clock: Clock,
  saved: SavedRegistry | undefined,
): RegistryStandIn {
  return createRegistryStandIn({
    clock,
    ...(saved && { saved }),
    realm: "bearer",
    anonymousPull: registry["anonymous-pull"],
    powerOf: (username, password) =>
      Object.hasOwn(passwords, username) && passwords[username] === password
        ? registry.accounts[username]
        : undefined,
  });
}

function startZenodo(
  zenodo: NonNullable<Pipeline["file"]["zenodo"]>,
  tokens: Record<string, string>,
  clock: Clock,
  saved: SavedZenodo | undefined,
): ZenodoStandIn {
  const standIn = createZenodoStandIn({
    clock,
    tokens: Object.fromEntries(Object.entries(tokens).map(([user, token]) => [token, user])),
    ...(saved && { saved }),
  });
  if (saved) return standIn;
  for (const { owner, concept, id, metadata, files } of zenodo.records) {
    const seed = {
      owner,
      conceptId: concept,
      id,
      metadata,
      ...(Object.keys(files).length > 0 ? { files } : {}),
    };
    try {
      standIn.seedRecord(seed);
    } catch (cause) {
      throw unseeded(`zenodo: records: ${id}`, cause);
    }
  }
  return standIn;
}

function kubeconfig(of: { host: string; ca: string; token: string; namespace: string }): string {
  return [
    "apiVersion: v1",
    "kind: Config",
    "current-context: rehearsal",
    "clusters:",
    "  - name: rehearsal",
    "    cluster:",
    `      server: https://${of.host}`,
    `      certificate-authority-data: ${Buffer.from(of.ca).toString("base64")}`,
    "users:",
    "  - name: deployer",
    "    user:",
    `      token: ${of.token}`,
    "contexts:",
    "  - name: rehearsal",
    "    context:",
    "      cluster: rehearsal",
    "      user: deployer",
    `      namespace: ${of.namespace}`,
    "",
  ].join("\n");
}

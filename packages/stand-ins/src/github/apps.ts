import { createPublicKey, verify } from "node:crypto";
import type { Permission, Permissions } from "./permission.ts";
import type { App, Installation } from "./records.ts";
import { issueToken } from "./tokens.ts";
import {
  addPerson,
  findRepository,
  nodeId,
  Refused,
  type Repository,
  type World,
} from "./world.ts";

export type AppWish = {
  /** Default: the next number. */
  id?: number;
  /** It acts as `<slug>[bot]`. */
  slug: string;
  /** Default: the account of the first installation. */
  owner?: string;
  /** RSA public key, PEM. */
  publicKey: string;
  installations: readonly {
    /** Login of the user or organization. */
    account: string;
    /** `owner/name` of each repository it is installed in; all of them the account's. */
    repositories: readonly string[];
    permissions: Permissions;
  }[];
};

export function addApp(world: World, wanted: AppWish): App & { installations: Installation[] } {
  // A key that cannot be read is the rehearsal's mistake, and no request's.
  createPublicKey(wanted.publicKey);
  const id = wanted.id ?? world.nextId();
  if (world.apps.some((app) => app.id === id || app.slug === wanted.slug))
    throw new Error(`The GitHub stand-in already has an app ${id} or ${wanted.slug}.`);
  const createdAt = world.clock.now();
  const owner = wanted.owner ?? wanted.installations[0]?.account ?? wanted.slug;
  addPerson(world, { login: owner, type: "Organization" });
  addPerson(world, { login: `${wanted.slug}[bot]`, type: "Bot" });
  const app: App = {
    id,
    nodeId: nodeId("A", id),
    clientId: `Iv23li${String(id).padStart(14, "0")}`,
    slug: wanted.slug,
    owner,
    publicKey: wanted.publicKey,
    createdAt,
  };
  const installations = wanted.installations.map(({ account, repositories, permissions }) => {
    for (const name of repositories) {
      const repository = findRepository(world, name);
      if (!repository || repository.owner.login.toLowerCase() !== account.toLowerCase())
        throw new Error(`The GitHub stand-in has no repository ${name} of ${account}.`);
    }
    return {
      id: world.nextId(),
      app: id,
      account,
      repositories: repositories.map((name) => name.toLowerCase()),
      permissions: { metadata: "read" as const, ...permissions },
      createdAt,
    };
  });
  world.apps.push(app);
  world.installations.push(...installations);
  return { ...app, installations };
}

export function looksLikeAppToken(value: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]*$/.test(value);
}

/** The App that signed a JSON web token; 401 in GitHub's words for one that it does not take. */
export function appOf(world: World, value: string): App {
  const [head = "", body = "", signature = ""] = value.split(".");
  const undecodable = new Refused(401, "A JSON web token could not be decoded");
  const [header, claims] = [part(head), part(body)];
  if (header?.["alg"] !== "RS256" || !claims) throw undecodable;
  const issuer = claims["iss"];
  if (typeof issuer !== "number" && typeof issuer !== "string")
    throw new Refused(401, "'Issuer' claim ('iss') must be an Integer");
  const app = world.apps.find(
    (one) => String(one.id) === String(issuer) || one.clientId === issuer,
  );
  if (!app) throw new Refused(404, "Integration not found");
  const signed = Buffer.from(`${head}.${body}`);
  if (!verify("RSA-SHA256", signed, app.publicKey, Buffer.from(signature, "base64url")))
    throw undecodable;
  const now = world.clock.now().getTime() / 1000;
  const [issuedAt, expires] = [claims["iat"], claims["exp"]];
  if (typeof expires !== "number" || expires <= now) {
    throw new Refused(
      401,
      "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
    );
  }
  if (expires > now + 600)
    throw new Refused(401, "'Expiration time' claim ('exp') is too far in the future");
  if (typeof issuedAt !== "number" || issuedAt > now) {
    throw new Refused(
      401,
      "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
    );
  }
  return app;
}

function part(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64url").toString());
    return typeof value === "object" && value !== null
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** 404 for an installation of another App. */
export function installationOf(world: World, app: App, id: number): Installation {
  const found = world.installations.find((one) => one.id === id && one.app === app.id);
  if (!found) throw new Refused(404, "Not Found");
  return found;
}

export type InstallationToken = {
  token: string;
  expiresAt: Date;
  permissions: Permissions;
  /** Undefined where the caller did not choose. */
  repositories: Repository[] | undefined;
};

/** A token for an hour, for all that the installation has or for the named part of it. 422 beyond that. */
export function createInstallationToken(
  world: World,
  app: App,
  installation: Installation,
  wanted: {
    repositories?: readonly string[];
    repositoryIds?: readonly number[];
    permissions?: Record<string, unknown>;
  },
): InstallationToken {
  const granted = installation.repositories
    .map((name) => findRepository(world, name))
    .filter((one) => one !== undefined);
  const chosen = [
    ...(wanted.repositories ?? []).map((name) =>
      granted.find((one) => one.name.toLowerCase() === name.toLowerCase()),
    ),
    ...(wanted.repositoryIds ?? []).map((id) => granted.find((one) => one.id === id)),
  ];
  const repositories = chosen.filter((one) => one !== undefined);
  if (repositories.length < chosen.length) {
    throw new Refused(
      422,
      "There is at least one repository that does not exist or is not accessible to the parent installation.",
    );
  }
  const permissions = wanted.permissions
    ? narrowed(installation.permissions, wanted.permissions)
    : installation.permissions;
  const expiresAt = new Date(world.clock.now().getTime() + 3_600_000);
  const token = issueToken(world, {
    kind: "app",
    repositories: (chosen.length > 0 ? repositories : granted).map((one) => one.fullName),
    actor: `${app.slug}[bot]`,
    permissions,
    expiresAt,
  });
  return {
    token,
    expiresAt,
    permissions,
    repositories: chosen.length > 0 ? repositories : undefined,
  };
}

function narrowed(granted: Permissions, wanted: Record<string, unknown>): Permissions {
  const permissions: Permissions = { metadata: "read" };
  for (const [name, level] of Object.entries(wanted)) {
    const permission = name.replaceAll("_", "-") as Permission;
    const had = granted[permission];
    if (had !== "write" && (had !== "read" || level !== "read"))
      throw new Refused(422, "The permissions requested are not granted to this installation.");
    permissions[permission] = level === "write" ? "write" : "read";
  }
  return permissions;
}

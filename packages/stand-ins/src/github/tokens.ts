import { randomBytes } from "node:crypto";
import { appOf, looksLikeAppToken } from "./apps.ts";
import type { Need, TokenRequest } from "./permission.ts";
import type { App } from "./records.ts";
import { accessOf, Refused, type Actor, type Repository, type World } from "./world.ts";

/** Who asks: nobody in particular, the bearer of a token, or an App by its key. */
export type Session = {
  token: TokenRequest | undefined;
  actor: Actor | undefined;
  app?: App | undefined;
};

export function issueToken(world: World, request: TokenRequest): string {
  const token = `${request.kind === "user" ? "ghp_" : "ghs_"}${randomBytes(18).toString("hex")}`;
  world.tokens.set(token, {
    ...request,
    repositories: request.repositories.map((name) => name.toLowerCase()),
  });
  return token;
}

/** Throws 401 for credentials that nobody issued. */
export function openSession(world: World, authorization: string | undefined): Session {
  const secret = tokenIn(authorization);
  if (secret === undefined) return { token: undefined, actor: undefined };
  if (looksLikeAppToken(secret))
    return { token: undefined, actor: undefined, app: appOf(world, secret) };
  const token = world.tokens.get(secret);
  if (!token || (token.expiresAt && token.expiresAt <= world.clock.now()))
    throw new Refused(401, "Bad credentials");
  const job = token.kind === "job";
  return {
    token,
    actor: { login: job ? "github-actions[bot]" : token.actor, startsWorkflows: !job },
  };
}

/** The token of an `Authorization` header; with Basic it is the password. */
export function tokenIn(authorization: string | undefined): string | undefined {
  if (!authorization) return undefined;
  const [scheme = "", value = ""] = authorization.trim().split(/\s+/, 2);
  return /^basic$/i.test(scheme)
    ? Buffer.from(value, "base64")
        .toString()
        .replace(/^[^:]*:/, "")
    : value;
}

/** A repository that the bearer may know of: his token reaches it, or everybody may see it. */
export function canSee(session: Session, repository: Repository): boolean {
  return !repository.private || reaches(session, repository);
}

function reaches(session: Session, repository: Repository): boolean {
  return session.token?.repositories.includes(repository.fullName.toLowerCase()) ?? false;
}

/** Whether any one of the needs is met. */
export function permits(session: Session, repository: Repository, needs: readonly Need[]): boolean {
  if (needs.length === 0) return canSee(session, repository);
  const { token } = session;
  const writes = needs.every((need) => need.level === "write");
  // Everybody reads what is public. In a repository of its own a token is held to its permissions all the same,
  // so that what passes here passes in a private repository too.
  if (!reaches(session, repository)) return !writes && !repository.private;
  if (!token) return false;
  if (token.kind === "user" && writes && !mayWrite(repository, token, needs)) return false;
  return needs.some(({ permission, level }) => {
    const granted = token.permissions[permission] ?? (permission === "metadata" ? "read" : "none");
    return granted === "write" || (granted === "read" && level === "read");
  });
}

/** A person's token never reaches beyond the person's role. */
function mayWrite(repository: Repository, token: TokenRequest, needs: readonly Need[]): boolean {
  const access = accessOf(repository, token.actor);
  const talk = needs.some(
    (need) => need.permission === "issues" || need.permission === "pull-requests",
  );
  if (access === undefined || access === "read") return talk && canComment(repository, access);
  return access !== "triage" || talk;
}

function canComment(repository: Repository, access: "read" | undefined): boolean {
  return access === "read" || !repository.private;
}

/** Throws what GitHub answers: 404 for what may not be known, 401 without a token, 403 with the permissions that would do. */
export function demand(session: Session, repository: Repository, needs: readonly Need[]): void {
  if (!canSee(session, repository)) throw new Refused(404, "Not Found");
  if (permits(session, repository, needs)) return;
  if (!session.token) throw new Refused(401, "Requires authentication");
  throw new Refused(403, refusalOf(session), {
    headers: { "x-accepted-github-permissions": acceptedPermissions(needs) },
  });
}

export function refusalOf(session: Session): string {
  return session.token?.kind === "user"
    ? "Resource not accessible by personal access token"
    : "Resource not accessible by integration";
}

/** As in `x-accepted-github-permissions`: alternatives apart by `; `. */
export function acceptedPermissions(needs: readonly Need[]): string {
  return needs
    .map(({ permission, level }) => `${permission.replaceAll("-", "_")}=${level}`)
    .join("; ");
}

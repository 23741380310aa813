import type { Resource } from "./resources.ts";
import { forbidden, forbiddenPath, unauthorized } from "./status.ts";

/** One grant, as a Role's rule; `namespaces` absent: in all of them, and at the cluster scope. */
export type AccessRule = {
  apiGroups: string[];
  /** `deployments`, `pods/log`, `*`. */
  resources: string[];
  verbs: string[];
  resourceNames?: string[];
  namespaces?: string[];
};

/** Who a token is. Without rules it may do everything. */
export type Identity = { user: string; groups?: string[]; rules?: AccessRule[] };

export type Attempt = {
  verb: string;
  resource: Resource;
  subresource?: string;
  namespace?: string;
  name?: string;
};

const open = new Set(["/healthz", "/livez", "/readyz", "/version"]);

/** The identity behind a request's token. Throws 401 for a token that nobody has; without any token it is system:anonymous. */
export function authenticate(
  authorization: string | undefined,
  tokens: Record<string, Identity>,
): Identity {
  if (authorization === undefined)
    return { user: "system:anonymous", groups: ["system:unauthenticated"], rules: [] };
  const token = /^Bearer\s+(.+)$/i.exec(authorization)?.[1];
  const identity = token !== undefined && Object.hasOwn(tokens, token) ? tokens[token] : undefined;
  if (!identity) throw unauthorized();
  return identity;
}

export function isAllowed(identity: Identity, attempt: Attempt): boolean {
  if (!identity.rules) return true;
  const resource = attempt.subresource
    ? `${attempt.resource.name}/${attempt.subresource}`
    : attempt.resource.name;
  const has = (list: string[], wanted: string): boolean =>
    list.includes("*") || list.includes(wanted);
  return identity.rules.some(
    (rule) =>
      has(rule.verbs, attempt.verb) &&
      has(rule.apiGroups, attempt.resource.group) &&
      (has(rule.resources, resource) ||
        (attempt.subresource !== undefined &&
          rule.resources.includes(`*/${attempt.subresource}`))) &&
      (!rule.resourceNames ||
        (attempt.name !== undefined && rule.resourceNames.includes(attempt.name))) &&
      (!rule.namespaces ||
        (attempt.namespace !== undefined && rule.namespaces.includes(attempt.namespace))),
  );
}

/** Throws 403 in the API's own words when the identity may not. */
export function authorize(identity: Identity, attempt: Attempt): void {
  if (!isAllowed(identity, attempt)) throw forbidden({ ...attempt, user: identity.user });
}

/** Discovery is open to everybody with a token, the health pages and the version to everybody. */
export function authorizePath(identity: Identity, method: string, path: string): void {
  if (open.has(path) || identity.user !== "system:anonymous") return;
  throw forbiddenPath(identity.user, method.toLowerCase(), path);
}

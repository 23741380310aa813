import { Fault, reasons, tellReason, type Code, type ReasonName } from "@release-actions/codes";
import { ruleThatSaysNo } from "./admission.ts";
import { listAt, numberAt, textAt } from "./object.ts";

/** What was asked of the cluster, for the message. */
export type Asked = {
  method: string;
  path: string;
  object?: string;
  secret?: boolean;
  /** When the login ended, if it did. */
  loginEnded?: string | undefined;
};

/** The RBAC rule that a 403 says is missing. */
export type MissingRule = {
  verb: string;
  resource: string;
  group: string;
  namespace?: string;
  user: string;
};

/**
 * Turns a refusing answer (a Kubernetes `Status` or a proxy's page) into a Fault: 401, 403 with the missing rule,
 * 404 of a namespace or a kind, 409 with owner and field, 422, and the rest. Values of Secrets are not repeated.
 */
export function faultOf(status: number, body: unknown, asked: Asked): Fault {
  const said = saidBy(status, body, asked);
  const what = asked.object ?? `${asked.method} ${asked.path.split("?", 1)[0] ?? ""}`;
  const fault = (code: Code, saw: string, next?: string): Fault =>
    new Fault(code, { saw, ...(next ? { next } : {}), cause: { status, said } });
  const refused = (reason: ReasonName, saw: string, values: Values, next?: string): Fault => {
    const { code, command } = tellReason(reason, { ...addressOf(asked), ...values });
    const told = { saw, ...(next ? { next } : {}), cause: { status, said, reason, command } };
    return new Fault(code, told);
  };
  const missing = status === 403 ? missingRule(said) : undefined;
  if (status === 401) {
    const { loginEnded: at } = asked;
    const why = at ? `, and the login of the kubeconfig ended on ${at}` : "";
    return refused(
      at ? "login-expired" : "login-unknown",
      `${what}: the cluster answered 401: ${said}${why}`,
      { at },
    );
  }
  if (missing) {
    const where = missing.namespace ? `in the namespace ${missing.namespace}` : "in the cluster";
    const { user, verb, resource, group } = missing;
    const values = { user, verb, resource, group, where };
    return refused("forbidden", `${what}: ${said}`, values, roleToMend(missing));
  }
  if (status === 404 && textAt(body, "details", "kind") === "namespaces") {
    return fault(
      "RA3009",
      `${what}: ${said}`,
      `kubectl create namespace ${textAt(body, "details", "name")}`,
    );
  }
  if (status === 404 && textAt(body, "details", "name") === "")
    return fault("RA3010", `${what}: ${said}`);
  const conflicts = listAt(body, "details", "causes").filter(
    (cause) => cause["reason"] === "FieldManagerConflict",
  );
  if (status === 409 && conflicts.length > 0) {
    const owned = conflicts
      .map((cause) => `${textAt(cause, "field")} belongs to ${ownerIn(textAt(cause, "message"))}`)
      .join("; ");
    return refused("conflict", `${what}: ${owned}.`, { owned }, takeOver(conflicts));
  }
  if (status === 422 && /\bis immutable\b|updates to .* are forbidden/.test(said)) {
    const field = listAt(body, "details", "causes").map((cause) => textAt(cause, "field"))[0];
    return refused("immutable", `${what}: ${said}`, { field: field || "a field" });
  }
  const no = ruleThatSaysNo(said);
  if (no && [400, 403, 422, 500].includes(status)) {
    const { rule, message } = no;
    return refused(no.silent ? "admission-silent" : "admission-denied", `${what}: ${said}`, {
      rule,
      message,
    });
  }
  if ([400, 403, 422].includes(status) || isRefusal(status, body))
    return fault("RA3011", `${what}: ${said}`);
  return fault("RA3012", `${what}: the cluster answered ${status}: ${said}`);
}

type Values = Readonly<Record<string, string | undefined>>;

/** Kind, namespace and name of what was asked for, as `Deployment catalogue/web` says them. */
function addressOf({ object = "" }: Asked): Values {
  const [, kind, namespace, name] = /^(\S+) (?:([^/\s]+)\/)?(\S+)$/.exec(object) ?? [];
  return { kind: kind?.toLowerCase(), namespace: namespace ?? "default", name };
}

/** A 500 that says why nothing was written: a field outside the schema, an admission webhook that did not answer. */
export function isRefusal(status: number, body: unknown): boolean {
  return (
    status === 500 &&
    /^failed to create typed patch object|failed calling webhook/.test(textAt(body, "message"))
  );
}

function saidBy(status: number, body: unknown, asked: Asked): string {
  if (asked.secret && (status === 422 || status === 400 || status === 500)) {
    const fields = listAt(body, "details", "causes").map((cause) => textAt(cause, "field"));
    return `${textAt(body, "reason") || "refused"}${fields.length > 0 ? ` at ${fields.join(", ")}` : ""} (the cluster's sentence is left out, it may hold the secret).`;
  }
  const message =
    textAt(body, "message") || (typeof body === "string" ? body : "") || "no reason given";
  return message.slice(0, 1000);
}

/** Reads verb, resource, group and namespace out of a 403's sentence. */
export function missingRule(said: string): MissingRule | undefined {
  const found =
    /User "([^"]*)" cannot ([a-z*]+) resource "([^"]+)" in API group "([^"]*)"(?: in the namespace "([^"]+)")?/.exec(
      said,
    );
  if (!found) return undefined;
  const [, user = "", verb = "", resource = "", group = "", namespace] = found;
  return { user, verb, resource, group, ...(namespace ? { namespace } : {}) };
}

function roleToMend(rule: MissingRule): string {
  const role = rule.namespace
    ? `the Role of ${rule.user} in namespace ${rule.namespace}`
    : `the ClusterRole of ${rule.user}`;
  return `Add to ${role}: {apiGroups: ["${rule.group}"], resources: ["${rule.resource}"], verbs: ["${rule.verb}"]}`;
}

/** Objects that kubectl made are handed over once, by hand; other owners are asked. */
function takeOver(conflicts: readonly Record<string, unknown>[]): string | undefined {
  return conflicts.every((cause) => ownerIn(textAt(cause, "message")).startsWith("kubectl"))
    ? "Take the object over once, after a look at the difference: kubectl apply --server-side --field-manager=release-actions --force-conflicts -f FILE"
    : undefined;
}

function ownerIn(message: string): string {
  return /conflict with "([^"]+)"/.exec(message)?.[1] ?? "somebody else";
}

/** The status code that a Fault of this cluster was made from, if it was. */
export function statusOf(fault: Fault): { status: number; said: string } | undefined {
  const status = numberAt(fault.cause, "status");
  return status === undefined ? undefined : { status, said: textAt(fault.cause, "said") };
}

/** Which line of the table of reasons a refusal is, and what to type. */
export function refusalOf(fault: Fault): { reason?: ReasonName; command?: string } {
  const reason = textAt(fault.cause, "reason");
  if (!Object.hasOwn(reasons, reason)) return {};
  return { reason: reason as ReasonName, command: textAt(fault.cause, "command") };
}

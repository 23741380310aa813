import { tellReason, type ToldReason } from "@release-actions/codes";
import { ruleThatSaysNo } from "./kubernetes/admission.ts";
import { missingRule } from "./kubernetes/status.ts";

/**
 * What a message of Helm means in our words; undefined for one that says only what it says. Helm passes on what the cluster
 * answered, so that a refusal is read out of it too.
 */
export function helmTrouble(
  said: string,
  release: { namespace: string; name: string },
): ToldReason | undefined {
  const { namespace, name } = release;
  const about = { namespace, name, release: name, kind: "deployment" };
  if (/another operation \(install\/upgrade\/rollback\) is in progress/.test(said))
    return tellReason("helm-busy", about);
  const missing = missingRule(said);
  if (missing) {
    const where = missing.namespace ? `in the namespace ${missing.namespace}` : "in the cluster";
    const { user, verb, resource, group } = missing;
    return tellReason("forbidden", { ...about, user, verb, resource, group, where });
  }
  const no = ruleThatSaysNo(said);
  if (no) {
    const { rule, message, silent } = no;
    return tellReason(silent ? "admission-silent" : "admission-denied", {
      ...about,
      rule,
      message,
    });
  }
  const [, kind, object, field] =
    /(\w+)(?:\.\w+)* "([^"]+)" is invalid: ([\w.[\]]+): .*\bis immutable\b/s.exec(said) ?? [];
  if (kind && object && field)
    return tellReason("immutable", {
      ...about,
      kind: kind.toLowerCase(),
      name: object,
      field,
    });
  const [, owner, fields] = /conflict with "([^"]+)"[^:]*: ?([^\n]+)/.exec(said) ?? [];
  if (owner && fields)
    return tellReason("conflict", { ...about, owned: `${fields.trim()} belongs to ${owner}` });
  return undefined;
}

/** A task of a job template that failed on one host, with what its module said. */
export type FailedTask = { task: string; host: string; message: string };

/** What the failed tasks of an AWX job mean in our words: the first task, every host on which it failed, and its message. */
export function awxTrouble(failed: readonly FailedTask[], job: { api: string }): ToldReason {
  const [first] = failed;
  const hosts = failed.filter(({ task }) => task === first?.task).map(({ host }) => host);
  return tellReason("awx-job-failed", {
    task: first ? `«${first.task}»` : "that AWX does not name",
    hosts: [...new Set(hosts)].slice(0, 5).join(", ") || "a host that AWX does not name",
    message: first?.message.trim().slice(0, 500) || "no reason given",
    url: job.api,
  });
}

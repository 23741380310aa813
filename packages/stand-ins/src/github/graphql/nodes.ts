import type { Deployment, Issue, IssueComment, Label } from "../records.ts";
import { recordOf } from "../world.ts";
import { failure, within, type Asking, type Scope } from "./scope.ts";

/** What a global id can name. */
export type Named =
  | { kind: "repository"; scope: Scope }
  | { kind: "ref"; scope: Scope; name: string }
  | { kind: "issue"; scope: Scope; issue: Issue }
  | { kind: "comment"; scope: Scope; issue: Issue; comment: IssueComment }
  | { kind: "label"; scope: Scope; label: Label }
  | { kind: "deployment"; scope: Scope; deployment: Deployment };

/** Throws NOT_FOUND as GitHub does, also for what the token may not see. */
export function nodeOf<K extends Named["kind"]>(
  asking: Asking,
  id: string,
  ...kinds: K[]
): Extract<Named, { kind: K }> {
  const found = find(asking, id);
  if (!found || !(kinds as string[]).includes(found.kind)) {
    throw failure("NOT_FOUND", `Could not resolve to a node with the global id of '${id}'`);
  }
  return found as Extract<Named, { kind: K }>;
}

function find(asking: Asking, id: string): Named | undefined {
  const record = recordOf(id);
  if (!record) return undefined;
  const { prefix, key } = record;
  for (const repository of asking.world.repositories.values()) {
    const scope = within(asking, repository);
    if (!scope) continue;
    if (prefix === "R" && id === repository.nodeId) return { kind: "repository", scope };
    if (prefix === "REF" && key.startsWith(`${repository.id}:`)) {
      const name = key.slice(key.indexOf(":") + 1);
      if (repository.refs.read(name)) return { kind: "ref", scope, name };
    }
    if (prefix === "LA") {
      const label = repository.labels.find((one) => one.nodeId === id);
      if (label) return { kind: "label", scope, label };
    }
    if (prefix === "DE") {
      const deployment = repository.deployments.find((one) => one.nodeId === id);
      if (deployment) return { kind: "deployment", scope, deployment };
    }
    for (const issue of prefix === "I" || prefix === "PR" || prefix === "IC"
      ? repository.issues
      : []) {
      if (issue.nodeId === id) return { kind: "issue", scope, issue };
      const comment = issue.comments.find((one) => one.nodeId === id);
      if (comment) return { kind: "comment", scope, issue, comment };
    }
  }
  return undefined;
}

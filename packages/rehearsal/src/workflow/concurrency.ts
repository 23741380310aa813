import type { WorkflowRequest } from "./contract.ts";
import { asText, fill, resolve, type Scope } from "./expression.ts";

/** Runs `run` when the group that `concurrency:` names is free; without a group, or a queue to wait in, at once. */
export async function inGroup<T>(
  request: WorkflowRequest,
  written: unknown,
  scope: Scope,
  remark: (text: string) => void,
  run: () => Promise<T>,
): Promise<T> {
  const group = groupOf(written, scope, remark);
  if (group === undefined || request.concurrency === undefined) return run();
  let result: { value: T } | undefined;
  await request.concurrency(group, async () => {
    result = { value: await run() };
  });
  if (result === undefined)
    throw new Error(`The concurrency group ${group} ended without running its job`);
  return result.value;
}

/** That a newer run cancels or displaces an older one is not rehearsed, and said. */
function groupOf(
  written: unknown,
  scope: Scope,
  remark: (text: string) => void,
): string | undefined {
  if (written === undefined || written === null) return undefined;
  const mapping =
    typeof written === "object" ? (written as Record<string, unknown>) : { group: written };
  const group = fill(mapping["group"], scope);
  if (asText(resolve(mapping["cancel-in-progress"] ?? false, scope)) === "true") {
    remark(
      `RA9003 concurrency ${group}: cancel-in-progress is not rehearsed; runs of the group wait for each other.`,
    );
  }
  return group;
}

import type { GitHub } from "./client.ts";

/** Has a workflow run ended? Undefined when GitHub no longer knows it. Needs `actions: read`. @throws Fault RA5003 without it */
export async function runHasEnded(github: GitHub, id: number): Promise<boolean | undefined> {
  const run = await github.find<{ status: string }>(
    "GET /repos/{owner}/{repo}/actions/runs/{run_id}",
    { run_id: id },
    "status",
  );
  return run === undefined ? undefined : run.status === "completed";
}

/** When a workflow run was started, RFC 3339; undefined when GitHub no longer knows it. Needs `actions: read`. @throws Fault RA5003 without it */
export async function readRunStart(github: GitHub, id: number): Promise<string | undefined> {
  const run = await github.find<{ created_at: string }>(
    "GET /repos/{owner}/{repo}/actions/runs/{run_id}",
    { run_id: id },
    "created_at",
  );
  return run?.created_at;
}

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTransport } from "@release-actions/net";
import { runStep } from "@release-actions/plan";
import { createGitHub, listen, movableClock } from "@release-actions/stand-ins";
import { expect, onTestFinished, test } from "vitest";
import { openGitHub } from "./client.ts";
import { deploymentStatusStep, deploymentStep } from "./deployments.ts";

async function start() {
  const directory = mkdtempSync(join(tmpdir(), "deployments-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const standIn = createGitHub({ clock: movableClock(), directory });
  standIn.addUser({ login: "ada" });
  const repository = standIn.addRepository({ owner: "cessda", name: "cdc" });
  repository.addCollaborator("ada", "write");
  const [released = "", head = ""] = ["Release", "Later"].map((message) =>
    repository.commit({ branch: "main", message, files: { "a.txt": message }, author: "ada" }),
  );
  const server = await listen(standIn);
  onTestFinished(server.close);
  const transport = createTransport({ env: {}, userAgent: "test" });
  onTestFinished(transport.close);
  const github = openGitHub({
    transport,
    token: standIn.issueToken({
      kind: "job",
      repositories: ["cessda/cdc"],
      actor: "ada",
      permissions: { deployments: "write" },
    }),
    repository: { owner: "cessda", name: "cdc" },
    apiUrl: `${server.url}/api/v3`,
    serverUrl: server.url,
  });
  const run = `${server.url}/cessda/cdc/actions/runs/7`;
  /** What GitHub does by itself when a job with `environment:` starts, and when it ends. */
  const jobStarts = async (log: string, environment = "production"): Promise<number> => {
    const { id } = await github.rest<{ id: number }>(
      "POST /repos/{owner}/{repo}/deployments",
      { ref: head, environment, auto_merge: false, required_contexts: [] },
      "id",
    );
    await says(id, "in_progress", log);
    return id;
  };
  const says = (id: number, state: string, log: string) =>
    github.send("POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses", {
      deployment_id: id,
      state,
      log_url: log,
    });
  /** The deployment of an entry, said to be successful. */
  const deploy = async (entry: string, resuming = false): Promise<number> => {
    const by = {
      now: () => 0,
      sleep: async () => undefined,
      resuming,
    };
    const made = await runStep(
      deploymentStep(github, {
        entry,
        commit: released,
        environment: "production",
        production: true,
        fresh: !resuming,
        workflow: { commit: head, run },
      }),
      by,
    );
    if ("refusal" in made) throw new Error(made.refusal.saw);
    await runStep(
      deploymentStatusStep(github, {
        entry,
        deployment: made.value,
        state: "success",
        url: "https://cdc.example.org",
        logUrl: run,
        description: "2.4.1 runs",
        fresh: !resuming,
      }),
      by,
    );
    return made.value;
  };
  return { repository, github, run, jobStarts, says, deploy, released };
}

test("the deployment that the job's environment made is taken, and there is no second", async () => {
  const { repository, run, jobStarts, deploy } = await start();
  const made = await jobStarts(`${run}/job/11`);
  expect(await deploy("production-1")).toBe(made);
  expect(await deploy("production-1", true)).toBe(made);
  expect(repository.deployments).toHaveLength(1);
  expect(repository.deployments[0]?.statuses.at(-1)).toMatchObject({
    state: "success",
    environmentUrl: "https://cdc.example.org",
    logUrl: run,
  });
});

test("without one, ours is made of the released commit, once", async () => {
  const { repository, deploy, released } = await start();
  const made = await deploy("production-1");
  expect(await deploy("production-1", true)).toBe(made);
  expect(repository.deployments.map(({ sha }) => sha)).toEqual([released]);
});

test("those of other runs, other environments and of a job that is over are left alone", async () => {
  const { repository, run, jobStarts, says, deploy } = await start();
  const other = await jobStarts(`${run}0/job/11`);
  const elsewhere = await jobStarts(`${run}/job/11`, "staging");
  const over = await jobStarts(`${run}/job/12`);
  await says(over, "success", `${run}/job/12`);
  const made = await deploy("production-1");
  expect([other, elsewhere, over]).not.toContain(made);
  expect(repository.deployments).toHaveLength(4);
});

test("another attempt of the job goes on with the first one's deployment where that was ours", async () => {
  const { repository, run, jobStarts, deploy } = await start();
  const made = await deploy("production-1");
  await jobStarts(`${run}/job/13`);
  expect(await deploy("production-1", true)).toBe(made);
  expect(repository.deployments).toHaveLength(2);
});

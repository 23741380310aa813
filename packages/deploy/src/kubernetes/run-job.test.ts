import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { digestOf, openStage, referenceOf, type Stage } from "../test/stage.ts";
import { renderJob, type JobRole, type ReleaseJob } from "./release-job.ts";
import { runJob, type JobWaiting } from "./run-job.ts";

let stage: Stage;
beforeEach(async () => {
  stage = await openStage();
});
afterEach(() => stage.close());

const image = "registry.example.org/catalogue/web";

type Shape = {
  script?: string;
  image?: string;
  spec?: Record<string, unknown>;
  role?: JobRole;
  version?: string;
  name?: string;
};

function manifest({ script = "", spec = {}, name = "backup", ...more }: Shape): string {
  const container = { name: "job", image: more.image ?? image, args: ["-e", script] };
  return JSON.stringify({
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name },
    spec: {
      backoffLimit: 0,
      ...spec,
      template: { spec: { restartPolicy: "Never", containers: [container] } },
    },
  });
}

const jobOf = (shape: Shape, text = manifest(shape)): ReleaseJob =>
  renderJob({
    role: shape.role ?? "before",
    file: { path: "deploy/backup.yml", text },
    images: [{ image, reference: referenceOf("1.0.0") }],
    namespace: "catalogue",
    placeholders: {},
    version: shape.version ?? "1.0.0",
    identity: `production ${shape.version ?? "1.0.0"}`,
  });

const run = async (job: ReleaseJob, more: Partial<JobWaiting> = {}) =>
  runJob(await stage.connect("jobs"), job, {
    timeout: 20_000,
    entry: "production-1",
    again: false,
    now: () => performance.now(),
    progress: () => undefined,
    steps: {
      now: () => performance.now(),
      sleep: (milliseconds) =>
        new Promise((resolve) => setTimeout(resolve, Math.min(milliseconds, 100))),
      resuming: false,
    },
    ...more,
  });

const names = () => stage.standIn.objects("Job", "catalogue").map(({ metadata }) => metadata.name);
const podCount = () => stage.standIn.objects("Pod", "catalogue").length;

describe("a Job of a release", () => {
  test("runs the released digest once, whoever asks, and its name says whose it is", async () => {
    const job = jobOf({ script: "console.log('saved')" });
    expect(await run(job)).toMatchObject({ found: false, failure: undefined });
    expect(names()).toEqual([expect.stringMatching(/^backup-[0-9a-f]{10}$/)]);
    expect(stage.standIn.objects("Pod", "catalogue")).toMatchObject([
      { spec: { containers: [{ image: `${image}:1.0.0@${digestOf("1.0.0")}` }] } },
    ]);
    expect(await run(job, { entry: "production-9" })).toMatchObject({ found: true });
    expect(podCount()).toBe(1);
    // Another version, and another place in the deployment, are other Jobs.
    expect(jobOf({ version: "2.0.0" }).object.metadata.name).not.toBe(names()[0]);
    expect(jobOf({ role: "after" }).object.metadata.name).not.toBe(names()[0]);
  });

  test("its failure has the container's words; another entry tries again, this one does not", async () => {
    const job = jobOf({ script: "console.error('disk full'); process.exit(4)" });
    const { failure } = await run(job);
    expect(failure).toMatchObject({
      code: "RA3501",
      plain: expect.stringMatching(
        /^Job catalogue\/backup-\w+ failed: container job ended with exit code 4; it said: disk full\.$/,
      ) as string,
      log: ["disk full"],
      next: `kubectl -n catalogue logs job/${names()[0]}`,
    });
    expect((await run(job)).failure?.code).toBe("RA3501");
    expect(podCount()).toBe(1);
    await run(job, { entry: "production-2" });
    await run(job, { entry: "production-2", again: true });
    const [base = ""] = names();
    expect(names()).toEqual([base, `${base}-2`, `${base}-3`]);
  });

  test("its backoffLimit is the manifest's", async () => {
    await run(jobOf({ script: "process.exit(1)", spec: { backoffLimit: 1 } }));
    expect(podCount()).toBe(2);
  });

  test("two runs at once make one Job", async () => {
    const job = jobOf({ script: "setTimeout(() => {}, 300)" });
    const ends = await Promise.all([run(job), run(job, { entry: "production-2" })]);
    expect(ends.map(({ failure }) => failure)).toEqual([undefined, undefined]);
    expect([names().length, podCount()]).toEqual([1, 1]);
  });

  test("whatever happens to a request, it runs once", async () => {
    const clean = jobOf({ name: "clean" });
    await run(clean);
    const requests = stage.standIn.requests.length;
    for (let at = 0; at < requests; at += 1)
      for (const when of ["before", "after"] as const) {
        const job = jobOf({ name: `job-${at}-${when}` });
        let count = 0;
        stage.standIn.faults.push({
          matches: ({ path }) => path.includes("catalogue") && (count += 1) === at + 1,
          when,
          does: "reset",
        });
        await run(job).catch(() => undefined);
        stage.standIn.faults.length = 0;
        expect((await run(job)).failure, `request ${at + 1} ${when}`).toBeUndefined();
        const made = names().filter((name) => name.startsWith(`job-${at}-${when}-`));
        expect(made, `request ${at + 1} ${when}`).toHaveLength(1);
      }
  });

  test("one that cannot start is taken away, so that it does not start some day", async () => {
    const { failure } = await run(jobOf({ image: "registry.example.org/other@sha256:0" }));
    expect(failure).toMatchObject({
      code: expect.stringMatching(/^RA31/) as string,
      plain: expect.stringContaining("It was taken away and has done nothing.") as string,
    });
    await expect.poll(names).toEqual([]);
  });

  test("one that is not done in time goes on, and the next run waits for the same", async () => {
    const job = jobOf({ script: "setTimeout(() => {}, 1500)" });
    expect((await run(job, { timeout: 200 })).failure).toMatchObject({ code: "RA3503" });
    expect(await run(job, { entry: "production-2" })).toMatchObject({
      found: true,
      failure: undefined,
    });
    expect(podCount()).toBe(1);
  });

  test("a caller without the rights is told which", async () => {
    await expect(
      runJob(await stage.connect("ci"), jobOf({}), {
        timeout: 1,
        entry: "e",
        again: false,
        now: () => 0,
        progress: () => undefined,
        steps: { now: () => 0, sleep: async () => undefined, resuming: false },
      }),
    ).rejects.toMatchObject({ code: "RA3120" });
  });
});

describe("a file that is no Job", () => {
  const service = JSON.stringify({ apiVersion: "v1", kind: "Service", metadata: { name: "web" } });
  test.each<[string, string, string]>([
    ["nothing", "", "holds 0 objects"],
    ["two Jobs", `${manifest({})}\n---\n${manifest({ name: "other" })}`, "holds 2 objects"],
    ["another kind", service, "is Service web of v1"],
    ["a suspended Job", manifest({ spec: { suspend: true } }), "is suspended"],
    [
      "a Job without pods",
      '{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"x"}}',
      "has no pod template",
    ],
  ])("%s", (_what, text, saw) => {
    expect(() => jobOf({}, text)).toThrow(saw);
  });

  test("a long name is cut, and a short life prolonged", () => {
    const { object } = jobOf({ name: "a".repeat(80), spec: { ttlSecondsAfterFinished: 5 } });
    expect(object.metadata.name.length).toBeLessThanOrEqual(60);
    expect(object["spec"]).toMatchObject({ ttlSecondsAfterFinished: 7 * 24 * 3600 });
  });
});

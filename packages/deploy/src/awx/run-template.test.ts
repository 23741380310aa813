import { createTransport } from "@release-actions/net";
import {
  createAwxStandIn,
  listen,
  templateWith,
  type AwxJob,
  type AwxUser,
  type Played,
} from "@release-actions/stand-ins";
import { afterEach, describe, expect, test } from "vitest";
import { openAwx } from "./awx.ts";
import { runTemplate } from "./run-template.ts";
import { findTemplate } from "./template.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const token = "token-of-the-pipeline";
const image = `docker.io/xchem/stack@sha256:${"a".repeat(64)}`;
const variables = { IMAGE_STACK: image, VERSION: "2023.06.1", stack_image: image };
const stack = { id: 7, name: "Fragalysis stack", ask_variables_on_launch: true };

async function open(
  about: {
    template?: Partial<Parameters<typeof templateWith>[0]>;
    templates?: Parameters<typeof templateWith>[0][];
    user?: AwxUser;
    play?: (job: AwxJob) => Promise<Played>;
  } = {},
) {
  const awxServer = createAwxStandIn({
    clock: { now: () => new Date() },
    tokens: { [token]: about.user ?? { user: "pipeline" } },
    templates: (about.templates ?? [{ ...stack, ...about.template }]).map(templateWith),
    workflows: ["Fragalysis flow"],
    play: about.play ?? (async () => ({ status: "successful" })),
  });
  const served = await listen(awxServer);
  closers.push(served.close);
  const said: string[] = [];
  const connect = (given = token) => {
    const transport = createTransport({ env: {}, userAgent: "test" });
    closers.push(transport.close);
    return openAwx({ transport, url: served.url, token: given });
  };
  const key = { entry: "xchem/stack staging staging-1", way: "forward", release: "2023.06.1 aaaa" };
  const run = async (
    more: {
      token?: string;
      way?: string;
      again?: boolean;
      resumed?: boolean;
      timeout?: number;
      template?: string;
    } = {},
  ) => {
    const awx = connect(more.token);
    const template = await findTemplate(awx, more.template ?? stack.name, Object.keys(variables));
    return runTemplate(
      awx,
      template,
      { key: { ...key, way: more.way ?? key.way }, variables, again: more.again ?? false },
      {
        timeout: more.timeout ?? 20_000,
        now: () => performance.now(),
        sleep: (milliseconds) =>
          new Promise((resolve) => setTimeout(resolve, Math.min(milliseconds, 20))),
        progress: (line) => said.push(line),
        resumed: more.resumed ?? false,
        steps: {
          now: () => performance.now(),
          sleep: (milliseconds) =>
            new Promise((resolve) => setTimeout(resolve, Math.min(milliseconds, 20))),
          resuming: more.resumed ?? false,
        },
      },
    );
  };
  const launches = () =>
    awxServer.requests.filter(({ method, path }) => method === "POST" && path.endsWith("/launch/"));
  return { awx: awxServer, url: served.url, said, run, launches };
}

describe("a launch", () => {
  test("is one job with the release's variables, and its link", async () => {
    const stage = await open();
    const end = await stage.run();
    expect(end).toMatchObject({
      job: 1,
      found: false,
      failure: undefined,
      link: `${stage.url}/#/jobs/playbook/1/output`,
    });
    expect(stage.awx.jobs.map(({ extra_vars }) => extra_vars)).toEqual([
      {
        ...variables,
        release_actions_key: "xchem/stack staging staging-1 forward 2023.06.1 aaaa",
      },
    ]);
    expect(stage.said).toContain("AWX job 1: successful");
  });

  test("is found again by the same entry, and not by another entry or way", async () => {
    const stage = await open();
    await stage.run();
    expect(await stage.run({ resumed: true })).toMatchObject({ job: 1, found: true });
    expect(await stage.run({ way: "back" })).toMatchObject({ job: 2, found: false });
    expect(stage.launches()).toHaveLength(2);
  });

  test("by id, or by name; nobody's name, a workflow's name and a name of two are refused", async () => {
    const stage = await open({
      templates: [
        { ...stack },
        { id: 8, name: "Twice", organization: "A" },
        { id: 9, name: "Twice", organization: "B" },
      ],
    });
    expect(await stage.run({ template: "7" })).toMatchObject({ job: 1 });
    await expect(stage.run({ template: "70" })).rejects.toMatchObject({ code: "RA3604" });
    await expect(stage.run({ template: "None" })).rejects.toMatchObject({ code: "RA3604" });
    await expect(stage.run({ template: "Fragalysis flow" })).rejects.toMatchObject({
      code: "RA3604",
      saw: expect.stringContaining("is a workflow job template") as string,
    });
    await expect(stage.run({ template: "Twice" })).rejects.toMatchObject({
      saw: "2 job templates are called Twice: 8 in A, 9 in B",
    });
    expect(stage.launches()).toHaveLength(1);
  });

  test.each<[string, Partial<Parameters<typeof templateWith>[0]>, RegExp]>([
    ["ignores variables", { ask_variables_on_launch: false }, /would ignore the release's images/],
    ["only checks", { job_type: "check" }, /check mode/],
    ["is cut into slices", { job_slice_count: 2 }, /slices/],
    ["has no inventory", { inventory: null }, /has no inventory/],
    ["asks for passwords", { passwords_needed_to_start: ["ssh_password"] }, /ssh_password/],
    ["needs what is not given", { survey: [{ variable: "who", required: true }] }, /who$/],
  ])("a template that %s is refused before anything is launched", async (_what, template, saw) => {
    const stage = await open({ template });
    await expect(stage.run()).rejects.toMatchObject({
      code: "RA3605",
      saw: expect.stringMatching(saw) as string,
    });
    expect(stage.awx.jobs).toEqual([]);
    expect(stage.launches()).toEqual([]);
  });

  test("an unknown token, a user who may not launch, and one who sees nothing", async () => {
    const stage = await open({ user: { user: "reader", starts: [] } });
    await expect(stage.run({ token: "other" })).rejects.toMatchObject({ code: "RA3602" });
    await expect(stage.run()).rejects.toMatchObject({ code: "RA3603" });
    const blind = await open({ user: { user: "blind", sees: [] } });
    await expect(blind.run()).rejects.toMatchObject({ code: "RA3604" });
    expect([...stage.awx.jobs, ...blind.awx.jobs]).toEqual([]);
  });

  test.each(["ftp://awx.example.org", "http://awx.example.org", "https://u:p@awx.example.org"])(
    "the address %s is refused",
    (url) => {
      const transport = createTransport({ env: {}, userAgent: "test" });
      closers.push(transport.close);
      expect(() => openAwx({ transport, url, token })).toThrow("RA3601");
    },
  );
});

describe("what AWX says of a job that did not do its work", () => {
  const tasks = [
    { play: "Deploy", task: "Read facts", host: "stack-1", result: "ok" },
    { play: "Deploy", task: "Old pod", host: "stack-1", result: "ignored", msg: "not there" },
    { play: "Deploy", task: "Set image", host: "stack-1", result: "failed", msg: "no such image" },
    { play: "Deploy", task: "Set image", host: "stack-2", result: "failed", msg: "no such image" },
  ] as const;
  test.each<[string, Played, string, string]>([
    [
      "a failed task",
      { status: "failed", tasks: [...tasks] },
      "RA3607",
      "The AWX job 1 failed: task «Set image» failed on stack-1 (and 1 more): no such image",
    ],
    [
      "an unreachable host",
      { status: "failed", tasks: [{ ...tasks[2], result: "unreachable", msg: "timed out" }] },
      "RA3607",
      "The AWX job 1 failed: the host stack-1 could not be reached in task «Set image»: timed out",
    ],
    [
      "a task that tells nothing",
      { status: "failed", tasks: [{ ...tasks[2], no_log: true }] },
      "RA3607",
      "The AWX job 1 failed: task «Set image» failed on stack-1: its output is hidden (no_log)",
    ],
    [
      "a job that could not run",
      { status: "error", job_explanation: "The project revision could not be found." },
      "RA3610",
      "AWX could not run job 1: The project revision could not be found.",
    ],
  ])("%s", async (_what, played, code, plain) => {
    const stage = await open({ play: async () => played });
    const { failure, link } = await stage.run();
    expect(failure).toMatchObject({ code, plain, object: link });
    expect(failure?.log.join("\n")).not.toContain("\u001b");
  });

  test("somebody cancels it, and somebody launches it again", async () => {
    const stage = await open({ play: () => new Promise(() => undefined) });
    const running = stage.run();
    await expect.poll(() => stage.awx.jobs[0]?.status).toBe("running");
    stage.awx.cancel(1);
    expect((await running).failure).toMatchObject({ code: "RA3608" });

    const other = await open({
      play: async (job) => ({ status: job.launch_type === "relaunch" ? "successful" : "failed" }),
    });
    expect((await other.run()).failure).toMatchObject({ code: "RA3607" });
    other.awx.relaunch(1, "duncan");
    expect(await other.run({ resumed: true })).toMatchObject({ job: 2, failure: undefined });
    expect(other.launches()).toHaveLength(1);
  });

  test("at the deadline it is cancelled before anything else happens", async () => {
    const stage = await open({ play: () => new Promise(() => undefined) });
    const { failure } = await stage.run({ timeout: 50 });
    expect(failure).toMatchObject({ code: "RA3609" });
    expect(stage.awx.jobs[0]?.status).toBe("canceled");
  });

  test("a job that failed is launched anew only where that is wanted", async () => {
    let played = 0;
    const stage = await open({
      play: async () => ({ status: (played += 1) === 1 ? "failed" : "successful" }),
    });
    await stage.run();
    expect(await stage.run({ resumed: true })).toMatchObject({ job: 1, found: true });
    expect(await stage.run({ again: true })).toMatchObject({ job: 2, failure: undefined });
    expect(await stage.run({ again: true })).toMatchObject({ job: 2, found: true });
    expect(stage.awx.jobs).toHaveLength(2);
  });

  test("a run that had begun to take back does not go forward again", async () => {
    const stage = await open();
    await stage.run();
    await stage.run({ way: "back" });
    expect(await stage.run({ resumed: true })).toMatchObject({
      job: undefined,
      failure: { code: "RA3612" },
    });
    expect(stage.awx.jobs).toHaveLength(2);
  });
});

describe("whatever happens to a request, there is one job", () => {
  /** Which requests a clean run sends. */
  const paths = async (): Promise<string[]> => {
    const stage = await open();
    await stage.run();
    return stage.awx.requests.map(({ method, path }) => `${method} ${path}`);
  };

  test("each request is struck before and after it takes effect; the run or the next one ends well", async () => {
    const requests = (await paths()).length;
    expect(requests).toBeGreaterThanOrEqual(5);
    for (let at = 0; at < requests; at += 1)
      for (const when of ["before", "after"] as const)
        for (const does of ["reset", { status: 502, body: "<html>bad gateway</html>" }] as const) {
          const stage = await open();
          let count = 0;
          stage.awx.faults.push({ matches: () => (count += 1) === at + 1, when, does });
          const what = `request ${at + 1} ${when} ${JSON.stringify(does)}`;
          const first = await stage.run().catch((error: unknown) => error);
          // A busy machine asks once more or less for the job's end: what did not strike this run is not for the next.
          stage.awx.faults.length = 0;
          const second = await stage.run({ resumed: true });
          expect(second.failure, what).toBeUndefined();
          expect(stage.awx.jobs, what).toHaveLength(1);
          if (first instanceof Error)
            expect(first, what).toMatchObject({ code: expect.stringMatching(/^RA80/) as string });
        }
  });

  test.each([
    "<html>Please log in</html>",
    "[]",
    "{}",
    '{"results":[{"id":"x"},null,7]}',
    '{"id":"7","status":["successful"],"job":"9","results":{"a":1}}',
  ])("whoever answers %s in AWX's place is not believed", async (body) => {
    const requests = (await paths()).length;
    for (let at = 0; at < requests; at += 1) {
      const stage = await open();
      let count = 0;
      const does = { status: 200, headers: { "content-type": "application/json" }, body };
      stage.awx.faults.push({ matches: () => (count += 1) === at + 1, when: "after", does });
      const end = await stage.run().catch((error: unknown) => error);
      stage.awx.faults.length = 0;
      if (end instanceof Error)
        expect(end).toMatchObject({ code: expect.stringMatching(/^RA\d{4}$/) as string });
      expect((await stage.run({ resumed: true })).failure).toBeUndefined();
      expect(stage.awx.jobs, `request ${at + 1}`).toHaveLength(1);
    }
  });

  test("a launch that was lost on its way is not sent again by the same run", async () => {
    const stage = await open();
    stage.awx.faults.push({
      matches: ({ method }) => method === "POST",
      when: "before",
      does: { status: 504 },
    });
    await expect(stage.run()).rejects.toMatchObject({ code: "RA8002" });
    expect(stage.launches()).toHaveLength(1);
    expect(await stage.run({ resumed: true })).toMatchObject({ job: 1, found: false });
  });
});

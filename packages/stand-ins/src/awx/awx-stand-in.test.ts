import { expect, onTestFinished, test } from "vitest";
import { listen } from "../stand-in.ts";
import { createAwxStandIn, type SavedAwx } from "./awx-stand-in.ts";
import { templateWith } from "./template.ts";

type Answered = { results: { id: number }[]; next: string | null; [field: string]: unknown };
const clock = { now: () => new Date("2026-01-06T10:00:00Z") };

async function start(saved?: SavedAwx) {
  let go = (): void => undefined;
  const gate = new Promise<void>((resolve) => (go = resolve));
  const awx = createAwxStandIn({
    clock,
    saved,
    tokens: { t: { user: "pipeline", sees: [1, 2, 3], starts: [1, 2] } },
    templates: [
      templateWith({ id: 1, name: "asks", ask_variables_on_launch: true, extra_vars: { a: "1" } }),
      templateWith({ id: 2, name: "asks not", extra_vars: { a: "1" } }),
      templateWith({ id: 3, name: "not ours" }),
      templateWith({ id: 4, name: "unseen" }),
    ],
    play: async ({ extra_vars }) => {
      if (extra_vars["wait"]) await gate;
      return { status: "successful" };
    },
  });
  const served = await listen(awx);
  onTestFinished(served.close);
  const ask = async (method: string, path: string, body?: unknown, headers = {}) => {
    const answer = await fetch(`${served.url}${path}`, {
      method,
      redirect: "manual",
      headers: { authorization: "Bearer t", "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return {
      status: answer.status,
      body: (text.startsWith("{") ? JSON.parse(text) : {}) as Answered,
    };
  };
  return { awx, ask, go };
}

test("variables that the template does not ask for are ignored, and it is launched all the same", async () => {
  const { ask, awx } = await start();
  const given = { extra_vars: { a: "1", b: "2" } };
  const asks = await ask("POST", "/api/v2/job_templates/1/launch/", given);
  expect(asks).toMatchObject({ status: 201, body: { job: 1, ignored_fields: {} } });
  const not = await ask("POST", "/api/v2/job_templates/2/launch/", given);
  expect(not).toMatchObject({
    status: 201,
    body: { job: 2, ignored_fields: { extra_vars: { b: "2" } } },
  });
  await awx.quiet();
  expect((await ask("GET", "/api/v2/jobs/2/")).body).toMatchObject({
    status: "successful",
    extra_vars: '{"a":"1"}',
  });
});

test.each<[string, string, string, unknown, object, number]>([
  ["no token", "GET", "/api/v2/job_templates/", undefined, { authorization: "" }, 401],
  ["another token", "GET", "/api/v2/job_templates/", undefined, { authorization: "Bearer x" }, 401],
  ["a template that is not seen", "GET", "/api/v2/job_templates/4/", undefined, {}, 404],
  ["a template of others", "POST", "/api/v2/job_templates/3/launch/", {}, {}, 403],
  ["no mapping", "POST", "/api/v2/job_templates/1/launch/", { extra_vars: "[" }, {}, 400],
  ["a form", "POST", "/api/v2/job_templates/1/launch/", {}, { "content-type": "text/plain" }, 415],
  ["a field that is none", "GET", "/api/v2/job_templates/?color=red", undefined, {}, 400],
  ["a page that is none", "GET", "/api/v2/job_templates/?page=9", undefined, {}, 404],
  ["another method", "DELETE", "/api/v2/jobs/1/", undefined, {}, 404],
  ["no slash", "GET", "/api/v2/job_templates", undefined, {}, 301],
])("refuses %s", async (_what, method, path, body, headers, status) => {
  const { ask, awx } = await start();
  expect((await ask(method, path, body, headers)).status).toBe(status);
  expect(awx.jobs).toEqual([]);
});

test("lists come in pages, and nobody searches in variables", async () => {
  const { ask, awx } = await start();
  for (let count = 0; count < 3; count += 1)
    await ask("POST", "/api/v2/job_templates/1/launch/", {});
  await awx.quiet();
  const list = "/api/v2/job_templates/1/jobs/?order_by=-id&page_size=2";
  const first = (await ask("GET", list)).body;
  expect(first.results.map(({ id }) => id)).toEqual([3, 2]);
  const second = (await ask("GET", first.next ?? "")).body;
  expect([second.results.length, second.next]).toEqual([1, null]);
  expect((await ask("GET", `${list}&extra_vars=a`)).status).toBe(403);
});

test("jobs of one template wait for each other; one that is over cannot be cancelled", async () => {
  const { ask, awx, go } = await start();
  const launch = "/api/v2/job_templates/1/launch/";
  await ask("POST", launch, { extra_vars: { wait: "yes" } });
  await ask("POST", launch, {});
  await expect.poll(() => awx.jobs.map(({ status }) => status)).toEqual(["running", "pending"]);
  expect((await ask("POST", "/api/v2/jobs/2/cancel/", {})).status).toBe(202);
  expect((await ask("POST", "/api/v2/jobs/2/cancel/", {})).status).toBe(405);
  go();
  await awx.quiet();
  expect(awx.jobs.map(({ status }) => status)).toEqual(["successful", "canceled"]);
});

test("goes on from a saved moment, twice and apart; what was at work is at work again", async () => {
  const { ask, awx } = await start();
  const launch = "/api/v2/job_templates/1/launch/";
  await ask("POST", launch, { extra_vars: { wait: "yes" } });
  await expect.poll(() => awx.jobs[0]?.status).toBe("running");
  const saved = awx.save();
  await ask("POST", launch, {});
  const [one, other] = [await start(saved), await start(saved)];
  one.go();
  await one.awx.quiet();
  expect(one.awx.jobs.map(({ status }) => status)).toEqual(["successful"]);
  expect(other.awx.jobs.map(({ status }) => status)).toEqual(["running"]);
  expect([one.awx.requests, awx.jobs.length]).toEqual([[], 2]);
});

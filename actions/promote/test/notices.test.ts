import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { listenToChat } from "../../test-support/chat.ts";
import { killWhen, watchEach } from "../../test-support/requests.ts";
import { configure, recordOf, recordPass, release } from "../../test-support/shop.ts";
import { openStage, type JobWish, type Stage } from "../../test-support/stage.ts";
import { appends, currentOf, into } from "./promotion.ts";

const contacts = { owner: "Olga Owner <olga@example.org>" };
const told = (on: string[]) => ({ contacts, messages: [{ to: "webhook:SINK", on }] });
const atTheEnd = told(["passed", "failed", "rolled-back"]);

/** A site that always says that it is 1.0.0. */
async function openSite() {
  const site = createServer((_request, response) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ version: "1.0.0" }));
  });
  await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(site.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      site.closeAllConnections();
      site.close();
    },
  };
}
const onlyFirst = (url: string) => ({
  url,
  smoke: {
    deadline: "1s",
    identity: { get: "/", json: { "$.version": "${version}" } },
    checks: [],
  },
});

/** Versions that have passed in staging, and a chat that hears of production. */
async function start(notify: object | undefined, production: Record<string, unknown> = {}) {
  const stage = await openStage();
  configure(stage, { deploy: false, production, file: notify ? { notify } : {} });
  for (const version of ["1.0.0", "1.1.0"])
    recordPass(stage, await release(stage, version), "staging");
  return { stage, chat: await listenToChat() };
}
const promotes =
  (version: string, more: JobWish = {}) =>
  (stage: Stage) =>
    into(stage, "production", { dispatch: { version }, ...more });

const states = (stage: Stage, version = "1.0.0") =>
  recordOf(stage, version)?.notices?.map(({ event, state }) => `${event} ${state}`);

describe.concurrent("notices of a promotion", { timeout: 60_000 }, () => {
  test("are sent once each, and none before the entry is closed", async () => {
    const { stage, chat } = await start(atTheEnd);
    await using _stage = stage;
    await using _chat = chat;
    const { variables } = chat;
    const seen: unknown[] = [];
    watchEach(chat.chat, () =>
      seen.push([currentOf(stage, "production")?.latest.result, states(stage)]),
    );
    const run = stage.newRun();
    const commits = appends(stage);
    const end = await stage.run("promote", promotes("1.0.0", { run, variables })(stage));
    expect([end.status, end.annotations]).toEqual([0, []]);
    // It is due with the entry's end, claimed before it is sent, and settled after it.
    expect(seen).toEqual([["passed", ["passed sending"]]]);
    expect(chat.posts()).toEqual(["production-1 passed webhook:SINK"]);
    expect(chat.messages()).toEqual([
      {
        title: "Shop 1.0.0 runs in production",
        lines: ["Environment: production", "Now: 1.0.0", "Started by: pia"],
      },
    ]);
    expect(states(stage)).toEqual(["passed sent"]);
    // Open, close, claim, settle.
    expect(appends(stage) - commits).toBe(4);

    const writes = stage.writes().length;
    const again = await stage.run(
      "promote",
      promotes("1.0.0", { run, attempt: 2, variables })(stage),
    );
    expect(again.status).toBe(0);
    expect(stage.writes()).toHaveLength(writes);
    expect(chat.chat.requests).toHaveLength(1);
  });

  test("of its beginning are sent after the entry is open and before anything else is done", async () => {
    const { stage, chat } = await start(told(["started", "passed"]));
    await using _stage = stage;
    await using _chat = chat;
    const seen: unknown[] = [];
    watchEach(chat.chat, () =>
      seen.push([
        currentOf(stage, "production")?.latest.result,
        stage.repository.deployments.length,
        stage.registry.tags("shop/web")["production"] !== undefined,
      ]),
    );
    const { variables } = chat;
    const end = await stage.run("promote", promotes("1.0.0", { variables })(stage));
    expect(end.annotations).toEqual([]);
    expect(seen).toEqual([
      ["running", 0, false],
      ["passed", 1, true],
    ]);
    expect(chat.posts()).toEqual([
      "production-1 started webhook:SINK",
      "production-1 passed webhook:SINK",
    ]);
    expect(chat.messages()[0]?.title).toBe("Shop 1.0.0 is on its way to production");
    expect(states(stage)).toEqual(["started sent", "passed sent"]);
  });

  test("killed when the entry is closed and nothing is sent: the next attempt sends it, once", async () => {
    const { stage, chat } = await start(told(["started", "passed"]));
    await using _stage = stage;
    await using _chat = chat;
    const { variables } = chat;
    const run = stage.newRun();
    const wish = promotes("1.0.0", { run, variables })(stage);
    const killed = stage.start("promote", wish);
    killWhen(
      stage.github,
      () => currentOf(stage, "production")?.latest.result === "passed",
      killed.kill,
    );
    expect((await killed.ended).status).toBe(null);
    expect(states(stage)).toEqual(["started sent", "passed due"]);
    for (const attempt of [2, 3]) {
      const end = await stage.run("promote", { ...wish, attempt });
      expect([end.status, end.outputs["decision"], end.annotations]).toEqual([0, "skipped", []]);
      expect(chat.posts()).toEqual([
        "production-1 started webhook:SINK",
        "production-1 passed webhook:SINK",
      ]);
    }
    expect(states(stage)).toEqual(["started sent", "passed sent"]);
  });

  test.each([
    ["after it was sent", true, ["production-1 passed webhook:SINK"]],
    ["after it was claimed", false, []],
  ])(
    "killed %s: it is not sent again, and one run says that nobody knows",
    async (_w, sent, posts) => {
      const { stage, chat } = await start(atTheEnd);
      await using _stage = stage;
      await using _chat = chat;
      const { variables } = chat;
      const run = stage.newRun();
      const wish = promotes("1.0.0", { run, variables })(stage);
      const killed = stage.start("promote", wish);
      if (sent)
        chat.chat.faults.push({
          matches: () => true,
          when: "after",
          does: () => (killed.kill(), "gone"),
        });
      else killWhen(stage.github, () => states(stage)?.[0] === "passed sending", killed.kill);
      expect((await killed.ended).status).toBe(null);
      expect(states(stage)).toEqual(["passed sending"]);
      const second = await stage.run("promote", { ...wish, attempt: 2 });
      expect(second.status).toBe(0);
      expect(second.annotations).toMatchObject([
        {
          level: "warning",
          message: expect.stringContaining(
            "May have told webhook:SINK of “Shop 1.0.0 runs in production”",
          ) as string,
        },
      ]);
      expect(second.summary).toContain("Only its notices were seen to.");
      expect(second.summary).toContain("**Notice:** May have told webhook:SINK");
      expect(states(stage)).toEqual(["passed unknown"]);
      const third = await stage.run("promote", { ...wish, attempt: 3 });
      expect([third.status, third.annotations]).toEqual([0, []]);
      expect(third.summary).toContain("Nothing was written.");
      expect(chat.posts()).toEqual(posts);
    },
  );

  test("killed in the middle of the rollout: the resumed run sends its beginning no second time", async () => {
    const { stage, chat } = await start(told(["started", "passed"]));
    await using _stage = stage;
    await using _chat = chat;
    const { variables } = chat;
    const run = stage.newRun();
    const wish = promotes("1.0.0", { run, variables })(stage);
    const killed = stage.start("promote", wish);
    killWhen(stage.registry, () => chat.posts().length === 1, killed.kill);
    expect((await killed.ended).status).toBe(null);
    const end = await stage.run("promote", { ...wish, attempt: 2 });
    expect([end.status, end.annotations]).toEqual([0, []]);
    expect(chat.posts()).toEqual([
      "production-1 started webhook:SINK",
      "production-1 passed webhook:SINK",
    ]);
  });

  test("a first release that fails: its notice is recorded with the version, and names whom to call", async () => {
    await using site = await openSite();
    const { stage, chat } = await start(atTheEnd, onlyFirst(site.url));
    await using _stage = stage;
    await using _chat = chat;
    const { variables } = chat;
    const end = await stage.run("promote", promotes("1.1.0", { variables })(stage));
    expect([end.status, end.outputs["result"]]).toEqual([1, "failed"]);
    expect(chat.posts()).toEqual(["production-1 failed webhook:SINK"]);
    const [message] = chat.messages();
    expect(message?.title).toBe("Shop 1.1.0 failed in production");
    expect(message?.lines).toContain("Now: not known");
    expect(message?.lines).toContain("owner: Olga Owner <olga@example.org>");
    expect(message?.lines.map((line) => line.split(":")[0])).toEqual([
      "Environment",
      "Now",
      "Why",
      "Next",
      "Started by",
      "owner",
    ]);
    expect(states(stage, "1.1.0")).toEqual(["failed sent"]);
    expect(recordOf(stage, "1.1.0")?.passes).toMatchObject([{ environment: "staging" }]);
  });

  test("a release that was taken back by itself says so; a wanted rollback says so without an alarm", async () => {
    await using site = await openSite();
    const { stage, chat } = await start(atTheEnd, onlyFirst(site.url));
    await using _stage = stage;
    await using _chat = chat;
    const { variables } = chat;
    await stage.run("promote", promotes("1.0.0", { variables })(stage));
    const failed = await stage.run("promote", promotes("1.1.0", { variables })(stage));
    expect(failed.outputs["result"]).toBe("rolled-back");
    expect(chat.posts().at(-1)).toBe("production-2 rolled-back webhook:SINK");
    expect(chat.messages().at(-1)?.title).toBe(
      "Shop 1.1.0 failed in production and was rolled back",
    );
    expect(chat.messages().at(-1)?.lines).toEqual(
      expect.arrayContaining([
        "Before: 1.0.0",
        "Now: 1.0.0",
        "owner: Olga Owner <olga@example.org>",
      ]),
    );
    // Now both are in use, and somebody wants the first one back.
    configure(stage, { deploy: false, file: { notify: atTheEnd } });
    await stage.run("promote", promotes("1.1.0", { variables })(stage));
    const dispatch = { action: "rollback", reason: "Prices are wrong" };
    const back = await stage.run("promote", into(stage, "production", { dispatch, variables }));
    expect(back.outputs["result"]).toBe("passed");
    expect(chat.posts().at(-1)).toBe("production-4 rolled-back webhook:SINK");
    expect(chat.messages().at(-1)).toEqual({
      title: "production was rolled back: Shop 1.0.0 runs again",
      lines: [
        "Environment: production",
        "Before: 1.1.0",
        "Now: 1.0.0",
        "Reason: Prices are wrong",
        "Started by: pia",
      ],
    });
  });

  test("that what ran before runs again is told to nobody", async () => {
    const { stage, chat } = await start(told(["started", "passed"]));
    await using _stage = stage;
    await using _chat = chat;
    const { variables } = chat;
    for (const entry of ["production-1", "production-2"]) {
      const end = await stage.run("promote", promotes("1.0.0", { variables })(stage));
      expect([end.status, end.outputs["entry"]]).toEqual([0, entry]);
    }
    expect(chat.posts()).toEqual([
      "production-1 started webhook:SINK",
      "production-1 passed webhook:SINK",
    ]);
  });

  test("what the receiver refused is tried again by the next attempt, and only once delivered", async () => {
    const { stage, chat } = await start(atTheEnd);
    await using _stage = stage;
    await using _chat = chat;
    const run = stage.newRun();
    const attempt = (number: number, variables: Record<string, string>) =>
      stage.run("promote", promotes("1.0.0", { run, attempt: number, variables })(stage));
    await attempt(1, { SINK: `${chat.variables.SINK}x` });
    expect([states(stage), chat.posts()]).toEqual([["passed refused"], []]);
    for (const number of [2, 3]) {
      const end = await attempt(number, chat.variables);
      expect([end.status, end.annotations]).toEqual([0, []]);
    }
    expect(states(stage)).toEqual(["passed sent"]);
    expect(chat.posts()).toEqual(["production-1 passed webhook:SINK"]);
  });

  test("who accepts is told what to do next", async () => {
    const { stage, chat } = await start(atTheEnd, { "accept-by": "owner" });
    await using _stage = stage;
    await using _chat = chat;
    const { variables } = chat;
    await stage.run("promote", promotes("1.0.0", { variables })(stage));
    expect(chat.messages()[0]?.lines).toContain(
      "Next: owner: test it more widely, then comment /accept 1.0.0",
    );
  });

  test.each<[string, (chat: Awaited<ReturnType<typeof listenToChat>>) => JobWish, string]>([
    [
      "the receiver says no",
      ({ variables }) => ({ variables: { SINK: `${variables.SINK}x` } }),
      "Could not tell webhook:SINK",
    ],
    ["the secret is missing", () => ({}), "this job has no SINK"],
    [
      "nobody listens",
      () => ({ variables: { SINK: "http://127.0.0.1:1/events" } }),
      "Could not tell webhook:SINK",
    ],
    [
      "the address is no address",
      () => ({ variables: { SINK: "the hook of the team" } }),
      "webhook:SINK",
    ],
  ])("where %s, the run is green and says so", async (_what, wish, says) => {
    const { stage, chat } = await start(atTheEnd);
    await using _stage = stage;
    await using _chat = chat;
    const end = await stage.run("promote", promotes("1.0.0", wish(chat))(stage));
    expect([end.status, end.outputs["result"]]).toEqual([0, "passed"]);
    expect(end.annotations).toMatchObject([
      { level: "warning", message: expect.stringContaining(says) as string },
    ]);
    expect(end.summary).toContain("**Notice:**");
    expect(chat.posts()).toEqual([]);
  });

  test("where the mail server is down, the run is green and says so; the chat is told all the same", async () => {
    const mail = { server: "smtp://127.0.0.1:1", from: "releases@example.org" };
    const messages = [{ to: ["owner", "webhook:SINK"], on: "passed" }];
    const { stage, chat } = await start({ mail, contacts, messages });
    await using _stage = stage;
    await using _chat = chat;
    const { variables } = chat;
    const end = await stage.run("promote", promotes("1.0.0", { variables })(stage));
    expect([end.status, end.outputs["result"]]).toEqual([0, "passed"]);
    expect(end.annotations).toMatchObject([
      { level: "warning", message: expect.stringContaining("Could not tell owner") as string },
    ]);
    expect(chat.posts()).toEqual(["production-1 passed webhook:SINK"]);
    expect(states(stage)).toEqual(["passed refused", "passed sent"]);
  });

  test("what waits from the beginning is said once, in the summary too", async () => {
    const { stage, chat } = await start(told(["started", "passed"]));
    await using _stage = stage;
    await using _chat = chat;
    const end = await stage.run("promote", promotes("1.0.0")(stage));
    expect(end.status).toBe(0);
    expect(end.annotations.map(({ message }) => /“(.*)”/.exec(message)?.[1])).toEqual([
      "Shop 1.0.0 is on its way to production",
      "Shop 1.0.0 runs in production",
    ]);
    expect(end.summary.match(/\*\*Notice:\*\*/g)).toHaveLength(2);
    expect(states(stage)).toEqual(["started due", "passed due"]);
  });

  test("where the ledger takes no more appends, the run is green and says so", async () => {
    const { stage, chat } = await start(atTheEnd);
    await using _stage = stage;
    await using _chat = chat;
    const { variables } = chat;
    stage.github.faults.push(
      ...Array.from({ length: 8 }, () => ({
        matches: ({ method }: { method: string }) =>
          method === "POST" && currentOf(stage, "production")?.latest.result === "passed",
        when: "before" as const,
        does: { status: 403, body: '{"message":"Resource not accessible by integration"}' },
      })),
    );
    const end = await stage.run("promote", promotes("1.0.0", { variables })(stage));
    expect([end.status, end.outputs["result"]]).toEqual([0, "passed"]);
    expect(end.annotations).toMatchObject(
      Array.from({ length: 2 }, () => ({ level: "warning", title: "A notice needs attention" })),
    );
    expect(end.summary).toContain("The claim of the notices could not be written");
    expect(chat.posts()).toEqual([]);
  });

  test("without notify and without a release issue nothing more is asked", async () => {
    const counts: string[][] = [];
    for (const notify of [undefined, told(["accepted"]), atTheEnd]) {
      const { stage, chat } = await start(notify);
      await using _stage = stage;
      await using _chat = chat;
      const asked = stage.watch(stage.github);
      const { variables } = chat;
      await stage.run("promote", promotes("1.0.0", { variables })(stage));
      counts.push(asked());
    }
    const [silent, other, loud] = counts;
    // The last request closes the entry.
    expect(silent?.at(-1)).toBe("POST /api/graphql");
    expect(silent).toHaveLength(11);
    expect(other).toHaveLength(11);
    // The claim, and what came of it.
    expect(loud).toHaveLength(13);
  });
});

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { appendStep, openGitHub, readLedger } from "@release-actions/github";
import {
  ledgerPaths,
  readVersionRecord,
  recordVersion,
  type VersionRecord,
} from "@release-actions/ledger";
import { createTransport, type Transport } from "@release-actions/net";
import {
  createChatStandIn,
  createGitHub,
  createSmtpStandIn,
  listen,
  movableClock,
  type PlannedFault,
  type SmtpFault,
} from "@release-actions/stand-ins";
import { afterEach, describe, expect, test } from "vitest";
import { readPipeline } from "./configuration/pipeline-file.ts";
import type { Connection } from "./connect.ts";
import { claim, dueNotices, sendDue, withNotices } from "./notices.ts";
import { runToEnd } from "./run-to-end.ts";

const pipeline = readPipeline(
  "release-pipeline.yml",
  `
product: CDC
components: [{name: searcher, image: registry.example.org/cdc/searcher}]
environments:
  staging: {deploy: {manifests: k8s}}
  production: {from: staging, deploy: {manifests: k8s}}
notify:
  messages:
    - {to: ['slack:USERS', 'webhook:SINK'], on: accepted}
`,
);
const at = "2026-01-06T10:00:00.000Z";
const about = {
  key: "production-3",
  title: "CDC 2.4.1 is live",
  lines: [{ label: "Version", text: "2.4.1" }],
  at,
};

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** Ends a run as `kill -9` would: nothing that it sends later arrives. */
class Killed extends Error {}

const path = ledgerPaths("CDC", "").version("2.4.1");
const passes = [
  {
    environment: "staging",
    entry: "staging-1",
    at,
    release: { version: "2.4.1", tag: "2.4.1", commit: "c", components: [] },
  },
];
const hook = "/services/T01/B01/abcdefghijkl";

async function start() {
  const directory = mkdtempSync(join(tmpdir(), "notices-"));
  closers.push(() => rmSync(directory, { recursive: true, force: true }));
  const clock = movableClock(new Date(at));
  const hub = createGitHub({ clock, directory });
  hub.addUser({ login: "pia" });
  const repository = hub.addRepository({ owner: "cessda", name: "cdc" });
  repository.addCollaborator("pia", "write");
  const headSha = repository.commit({
    branch: "main",
    message: "Begin",
    author: "pia",
    files: { "a.txt": "1" },
  });
  const hubServer = await listen(hub);
  const chat = createChatStandIn({
    clock,
    hooks: { [hook]: "users", "/events/abcdefghijkl": "sink" },
  });
  const chatServer = await listen(chat);
  closers.push(hubServer.close, chatServer.close);
  const permissions = { contents: "write", actions: "read" } as const;
  const tokenOf = (granted: Partial<typeof permissions>): string =>
    hub.issueToken({
      kind: "job",
      repositories: ["cessda/cdc"],
      actor: "pia",
      permissions: granted,
    });
  const variables = { USERS: chatServer.url + hook, SINK: `${chatServer.url}/events/abcdefghijkl` };

  const connection = (
    options: {
      attempt?: number;
      killAt?: number;
      when?: "before" | "after";
      env?: Record<string, string>;
      permissions?: Partial<typeof permissions>;
    } = {},
  ): Connection & { said: string[]; masked: string[] } => {
    const said: string[] = [];
    const masked: string[] = [];
    const real = createTransport({
      env: {},
      userAgent: "test",
      sleep: async () => {},
      trace: (line) => said.push(line),
    });
    closers.push(() => real.close());
    let sent = 0;
    let dead = false;
    const transport: Transport = {
      ...real,
      send: async (request) => {
        sent += 1;
        dead ||= sent === options.killAt && options.when === "before";
        if (dead) throw new Killed();
        const answer = await real.send(request);
        dead ||= sent === options.killAt;
        if (dead) throw new Killed();
        return answer;
      },
    };
    return {
      said,
      masked,
      transport,
      github: openGitHub({
        transport,
        token: tokenOf(options.permissions ?? permissions),
        repository: { owner: "cessda", name: "cdc" },
        apiUrl: `${hubServer.url}/api/v3`,
        serverUrl: hubServer.url,
      }),
      job: {
        env: { runId: 7, runAttempt: options.attempt ?? 1 } as Connection["job"]["env"],
        variables: options.env ?? variables,
        say: (text) => said.push(text),
        debug: (text) => said.push(text),
        warn: (title, text) => said.push(title, text),
        mask: (secret) => masked.push(secret),
      },
      records: [],
      steps: { now: () => 0, sleep: async () => {}, resuming: (options.attempt ?? 1) > 1 },
    };
  };
  const head = (by: Connection = connection()) => readLedger(by.github, "release-ledger", [path]);
  const record = async (): Promise<VersionRecord | undefined> =>
    readVersionRecord(path, (await head()).files[path]);
  const write = async (change: (before: VersionRecord) => VersionRecord): Promise<void> => {
    const { github, steps } = connection();
    await runToEnd(
      appendStep(github, {
        branch: "release-ledger",
        title: "Seed",
        key: "seed",
        paths: [path],
        head: await readLedger(github, "release-ledger", [path]),
        isThere: () => false,
        next: (now) =>
          recordVersion("CDC", "2.4.1", readVersionRecord(path, now.files[path]), "seed", change),
      }),
      steps,
    );
  };
  const writes = () => hub.requests.filter(({ wrote }) => wrote).length;
  const secrets = Object.values(variables).map((url) => new URL(url).pathname);
  const run = (status: "in_progress" | "completed"): number => {
    const id = hub.createRun({
      repository: "cessda/cdc",
      workflowPath: ".github/workflows/production.yml",
      event: "workflow_dispatch",
      headSha,
      headBranch: "main",
      actor: "pia",
    });
    hub.setRunState(id, {
      status,
      ...(status === "completed" ? { conclusion: "cancelled" as const } : {}),
    });
    return id;
  };
  return { hub, chat, run, connection, head, record, write, writes, secrets, variables };
}

const accepted = dueNotices(pipeline, { ...about, event: "accepted", environment: "production" });
const withAccepted = (before: VersionRecord): VersionRecord =>
  withNotices({ ...before, passes }, accepted);
const statesOf = (record: VersionRecord | undefined) => record?.notices?.map(({ state }) => state);
const codesOf = (findings: { code?: string }[]) => findings.map(({ code }) => code);

describe("sending", () => {
  test("claims in one append, sends each once, settles in one append, and keeps the rest of the record", async () => {
    const world = await start();
    await world.write(withAccepted);
    const connection = world.connection();
    const head = await world.head(connection);
    const [before, asked] = [world.writes(), world.hub.requests.length];
    const { findings, record } = await sendDue(connection, pipeline, "2.4.1", { id: 7 }, { head });
    expect(findings).toEqual([
      { rule: "notices", holds: true, saw: "Told slack:USERS of “CDC 2.4.1 is live”." },
      { rule: "notices", holds: true, saw: "Told webhook:SINK of “CDC 2.4.1 is live”." },
    ]);
    expect(world.chat.posts.map((post) => post.hook)).toEqual(["users", "sink"]);
    expect(world.writes() - before).toBe(2);
    expect(world.hub.requests.length - asked).toBe(2);
    expect(await world.record()).toEqual(record);
    expect(record).toMatchObject({
      passes,
      notices: [
        { state: "sent", run: 7 },
        { state: "sent", run: 7 },
      ],
    });
    expect(world.chat.posts[1]?.payload).toMatchObject({
      type: "org.release-actions.accepted",
      id: "production-3 accepted webhook:SINK",
    });
  });

  test("writes nothing and reads nothing when nothing is due", async () => {
    const world = await start();
    await world.write(withAccepted);
    await sendDue(world.connection(), pipeline, "2.4.1", { id: 7 });
    const head = await world.head();
    const asked = world.hub.requests.length;
    expect(
      (
        await sendDue(
          world.connection({ attempt: 2 }),
          pipeline,
          "2.4.1",
          { id: 7 },
          { head, notices: accepted },
        )
      ).findings,
    ).toEqual([]);
    expect(world.hub.requests.length).toBe(asked);
    expect(world.chat.posts).toHaveLength(2);
  });

  test("records and sends notices that are new, in the same two appends", async () => {
    const world = await start();
    await world.write((before) => ({ ...before, passes }));
    const before = world.writes();
    const { record } = await sendDue(
      world.connection(),
      pipeline,
      "2.4.1",
      { id: 7 },
      { notices: accepted },
    );
    expect(statesOf(record)).toEqual(["sent", "sent"]);
    expect(record?.passes).toEqual(passes);
    expect(world.writes() - before).toBe(2);
  });

  test("asks nobody anything where the file has no `notify:`", async () => {
    const world = await start();
    await world.write(withAccepted);
    const asked = world.hub.requests.length;
    const { notify: _notify, ...silent } = pipeline;
    const told = await sendDue(world.connection(), silent, "2.4.1", { id: 7 });
    expect(told).toEqual({ findings: [], record: undefined });
    expect(world.hub.requests.length).toBe(asked);
  });

  test("starts the ledger where there is none", async () => {
    const world = await start();
    const { record } = await sendDue(
      world.connection(),
      pipeline,
      "2.4.1",
      { id: 7 },
      { notices: accepted },
    );
    expect(statesOf(record)).toEqual(["sent", "sent"]);
    expect(statesOf(await world.record())).toEqual(["sent", "sent"]);
  });

  test("does not take a head without the record for an empty record", async () => {
    const world = await start();
    await world.write(withAccepted);
    const { commit } = await world.head();
    const { record } = await sendDue(
      world.connection(),
      pipeline,
      "2.4.1",
      { id: 7 },
      { head: { commit, files: {} } },
    );
    expect(record).toMatchObject({ passes, notices: [{ state: "sent" }, { state: "sent" }] });
  });

  test("leaves what this job has no secret for to a later one", async () => {
    const world = await start();
    const { SINK } = world.variables;
    const first = await sendDue(
      world.connection({ env: { SINK } }),
      pipeline,
      "2.4.1",
      { id: 7 },
      { notices: accepted },
    );
    expect(statesOf(first.record)).toEqual(["due", "sent"]);
    expect(first.findings).toMatchObject([
      {
        holds: false,
        warning: true,
        code: "RA8203",
        saw: "The notice to slack:USERS, “CDC 2.4.1 is live”, waits: this job has no USERS.",
      },
      { holds: true },
    ]);
    const again = world.writes();
    await sendDue(world.connection({ env: { SINK } }), pipeline, "2.4.1", { id: 7 });
    expect(world.writes()).toBe(again);
    const second = await sendDue(world.connection(), pipeline, "2.4.1", { id: 8 });
    expect(second.record?.notices).toMatchObject([
      { state: "sent", run: 8 },
      { state: "sent", run: 7 },
    ]);
    expect(world.chat.posts.map((post) => post.hook)).toEqual(["sink", "users"]);
  });

  test("makes a refusal and an unknown outcome warnings with the receiver's words, and repeats neither", async () => {
    const world = await start();
    await world.write(withAccepted);
    world.chat.faults.push({
      matches: ({ path: asked }) => asked.startsWith("/events"),
      when: "after",
      does: { status: 500, body: "oops" },
    });
    world.chat.archive(hook);
    const connection = world.connection();
    const { findings, record } = await sendDue(connection, pipeline, "2.4.1", { id: 7 });
    expect(findings).toMatchObject([
      {
        warning: true,
        code: "RA8201",
        saw: "Could not tell slack:USERS of “CDC 2.4.1 is live”: 410 channel_is_archived",
      },
      {
        warning: true,
        code: "RA8202",
        saw: "May have told webhook:SINK of “CDC 2.4.1 is live”: 500 oops",
      },
    ]);
    expect(record?.notices).toMatchObject([
      { state: "refused", said: "410 channel_is_archived" },
      { state: "unknown", said: "500 oops" },
    ]);
    const posted = world.chat.requests.length;
    expect((await sendDue(world.connection(), pipeline, "2.4.1", { id: 8 })).findings).toEqual([]);
    expect(world.chat.requests).toHaveLength(posted);
    // The addresses are masked before they are used, and are in nothing that is written.
    const written = JSON.stringify([
      findings,
      record,
      connection.said.filter((line) => !line.startsWith("POST ")),
    ]);
    for (const secret of world.secrets) {
      expect(connection.masked).toContain(secret);
      expect(written).not.toContain(secret);
    }
  });

  test.each([
    [8, 9],
    [7, 7],
  ])("two jobs at once, of runs %i and %i, send each notice once", async (...ids) => {
    const world = await start();
    await world.write(withAccepted);
    const jobs = await Promise.all(
      ids.map(async (id) => {
        const connection = world.connection();
        return { id, connection, head: await world.head(connection) };
      }),
    );
    const runs = await Promise.all(
      jobs.map(({ id, connection, head }) =>
        sendDue(connection, pipeline, "2.4.1", { id }, { head }),
      ),
    );
    expect(world.chat.posts).toHaveLength(2);
    expect(runs.flatMap(({ findings }) => findings).filter(({ holds }) => holds)).toHaveLength(2);
    expect(statesOf(await world.record())).toEqual(["sent", "sent"]);
  });
});

describe("mail", () => {
  async function withMail(...faults: SmtpFault[]) {
    const world = await start();
    const smtp = createSmtpStandIn({ clock: movableClock(new Date(at)), accounts: {}, faults });
    const { port, close } = await smtp.listen();
    closers.push(close);
    const told = {
      ...pipeline,
      notify: {
        mail: { server: `smtp://127.0.0.1:${port}`, from: "releases@example.org" },
        contacts: { "service-owner": "Olga Owner <olga@example.org>" },
        messages: [{ to: ["service-owner"], on: ["passed" as const] }],
      },
    };
    const notices = dueNotices(told, { ...about, event: "passed", environment: "production" });
    const tell = () =>
      sendDue(world.connection({ env: {} }), told, "2.4.1", { id: 7 }, { notices });
    return { smtp, tell, close };
  }

  test("goes to the contact of the role, once", async () => {
    const { smtp, tell } = await withMail();
    expect(statesOf((await tell()).record)).toEqual(["sent"]);
    expect((await tell()).findings).toEqual([]);
    expect(smtp.mails).toMatchObject([{ to: ["olga@example.org"], subject: about.title }]);
  });

  test("that was taken without an answer is unknown, and is not sent again", async () => {
    const { smtp, tell } = await withMail({ at: "DOT", when: "after", does: "reset" });
    const { findings, record } = await tell();
    expect(codesOf(findings)).toEqual(["RA8202"]);
    expect(statesOf(record)).toEqual(["unknown"]);
    await tell();
    expect(smtp.mails).toHaveLength(1);
  });

  test("to a server that is down is a warning", async () => {
    const { tell, close } = await withMail();
    await close();
    const { findings, record } = await tell();
    expect(findings).toMatchObject([{ warning: true, code: "RA8201" }]);
    expect(statesOf(record)).toEqual(["refused"]);
  });
});

describe("what another run has claimed", () => {
  const claimedBy =
    (id: number) =>
    (before: VersionRecord): VersionRecord =>
      claim(withAccepted(before), new Set(accepted.map(({ key }) => key)), {
        id,
        at,
        mark: "other",
      });

  test.each(["has ended", "GitHub no longer knows", "is this one's earlier attempt"])(
    "is given up as unknown when that run %s",
    async (how) => {
      const world = await start();
      const id = how === "has ended" ? world.run("completed") : how.startsWith("GitHub") ? 4711 : 7;
      await world.write(claimedBy(id));
      const before = world.writes();
      const { findings, record } = await sendDue(world.connection(), pipeline, "2.4.1", { id: 7 });
      expect(codesOf(findings)).toEqual(["RA8202", "RA8202"]);
      expect(statesOf(record)).toEqual(["unknown", "unknown"]);
      expect(record?.passes).toEqual(passes);
      expect(world.writes() - before).toBe(1);
      expect(world.chat.requests).toEqual([]);
      expect((await sendDue(world.connection(), pipeline, "2.4.1", { id: 7 })).findings).toEqual(
        [],
      );
    },
  );

  test("is given up when it is this very run's, which still goes on", async () => {
    const world = await start();
    const id = world.run("in_progress");
    await world.write(claimedBy(id));
    const { findings } = await sendDue(world.connection({ attempt: 2 }), pipeline, "2.4.1", { id });
    expect(codesOf(findings)).toEqual(["RA8202", "RA8202"]);
    expect(world.chat.requests).toEqual([]);
  });

  test("is left alone while that run goes on", async () => {
    const world = await start();
    await world.write(claimedBy(world.run("in_progress")));
    const before = world.writes();
    const { findings, record } = await sendDue(world.connection(), pipeline, "2.4.1", { id: 7 });
    expect(findings).toEqual([]);
    expect(statesOf(record)).toEqual(["sending", "sending"]);
    expect(world.writes()).toBe(before);
  });

  test("is left alone when this job may not ask for the run", async () => {
    const world = await start();
    await world.write(claimedBy(4711));
    const before = world.writes();
    const { findings, record } = await sendDue(
      world.connection({ permissions: { contents: "write" } }),
      pipeline,
      "2.4.1",
      { id: 7 },
    );
    expect(findings).toMatchObject([
      { warning: true, code: "RA8202" },
      { warning: true, code: "RA8202" },
    ]);
    expect(findings[0]?.next).toMatch(/actions: read/);
    expect(statesOf(record)).toEqual(["sending", "sending"]);
    expect(world.writes()).toBe(before);
  });
});

describe("faults", () => {
  /** Runs again until a run says what came of the notices. */
  async function end(world: Awaited<ReturnType<typeof start>>): Promise<string[]> {
    const seen: string[] = [];
    for (let attempt = 2; attempt < 6; attempt += 1) {
      const { findings } = await sendDue(world.connection({ attempt }), pipeline, "2.4.1", {
        id: 7,
      });
      seen.push(...findings.map(({ code, holds }) => code ?? String(holds)));
    }
    return seen;
  }

  // A clean run: read, claim, two posts, settle.
  const points = [1, 2, 3, 4, 5].flatMap((killAt) =>
    (["before", "after"] as const).map((when) => ({ killAt, when })),
  );
  test.each(points)(
    "killed $when request $killAt: each notice once or unknown, never twice",
    async ({ killAt, when }) => {
      const world = await start();
      await world.write(withAccepted);
      const killed = sendDue(world.connection({ killAt, when }), pipeline, "2.4.1", { id: 7 });
      // A client may make a fault of the kill; the run is dead all the same, since nothing that it sends arrives any more.
      await killed.then(
        ({ findings }) => expect(codesOf(findings)).toContain("RA8205"),
        (error: unknown) => expect(error).toBeInstanceOf(Killed),
      );
      const seen = await end(world);
      const record = await world.record();
      expect(record?.passes).toEqual(passes);
      const claimedBefore = killAt > 2 || (killAt === 2 && when === "after");
      const settledBefore = killAt === 5 && when === "after";
      expect(statesOf(record)).toEqual(
        settledBefore || !claimedBefore ? ["sent", "sent"] : ["unknown", "unknown"],
      );
      // What may have arrived is reported in one run, and only there.
      expect(seen.filter((code) => code === "RA8202")).toHaveLength(
        claimedBefore && !settledBefore ? 2 : 0,
      );
      for (const name of ["users", "sink"])
        expect(
          world.chat.requests.filter(
            ({ path: asked }) => asked === (name === "users" ? hook : "/events/abcdefghijkl"),
          ).length,
        ).toBeLessThanOrEqual(1);
      if (!claimedBefore || settledBefore) expect(world.chat.posts).toHaveLength(2);
    },
  );

  const answers: PlannedFault["does"][] = ["reset", { status: 502 }];
  const faults = [0, 1].flatMap((skip) =>
    (["before", "after"] as const).flatMap((when) => answers.map((does) => ({ skip, when, does }))),
  );
  test.each(faults)(
    "the ledger fails at append $skip, $when it took effect ($does)",
    async ({ skip, when, does }) => {
      const world = await start();
      await world.write(withAccepted);
      const connection = world.connection();
      const head = await world.head(connection);
      let left = skip;
      world.hub.faults.push({
        matches: ({ method }) => method === "POST" && (left -= 1) < 0,
        when,
        does,
      });
      const { findings } = await sendDue(connection, pipeline, "2.4.1", { id: 7 }, { head });
      await end(world);
      expect(world.chat.requests).toHaveLength(2);
      expect(statesOf(await world.record())).toEqual(["sent", "sent"]);
      expect(findings.filter(({ holds }) => holds)).toHaveLength(2);
    },
  );
});

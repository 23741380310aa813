import type { Notice, VersionRecord } from "@release-actions/ledger";
import { describe, expect, test } from "vitest";
import { readPipeline } from "./configuration/pipeline-file.ts";
import { wrongNotices } from "./configuration/wrong-notices.ts";
import { canSend, claim, dueNotices, settle, withNotices } from "./notices.ts";

const file = `
product: CDC
components: [{name: searcher, image: registry.example.org/cdc/searcher}]
roles: {service-owner: [olga], platform-maintainer: [pia], tester: [tess]}
environments:
  staging: {deploy: {manifests: k8s}}
  production: {from: staging, deploy: {manifests: k8s}}
notify:
  mail: {server: 'smtps://smtp.example.org', from: releases@example.org, secret: SMTP_PASSWORD}
  contacts:
    service-owner: Olga Owner <olga@example.org>
    platform-maintainer: Olga Owner <OLGA@example.org>
  messages:
    - {to: [service-owner, 'mail:olga@example.org', platform-maintainer], on: passed}
    - {to: ['slack:USERS', 'webhook:SINK'], on: [accepted, passed]}
    - {to: 'slack:USERS', on: accepted}
    - {to: 'slack:USERS', on: failed, environments: [staging]}
    - {to: 'slack:USERS', on: requested}
`;
const pipeline = readPipeline("release-pipeline.yml", file);
const at = "2026-01-06T10:00:00.000Z";
const about = {
  key: "production-3",
  title: "CDC 2.4.1 is live",
  lines: [{ label: "Version", text: "2.4.1" }],
  at,
};

describe("due notices", () => {
  test.each<[string, Parameters<typeof dueNotices>[1], string[]]>([
    [
      "one for each receiver",
      { ...about, event: "passed", environment: "production" },
      ["mail:olga@example.org", "slack:USERS", "webhook:SINK"],
    ],
    [
      "one although two messages name it",
      { ...about, event: "accepted", environment: "production" },
      ["slack:USERS", "webhook:SINK"],
    ],
    [
      "none for an environment before the last",
      { ...about, event: "passed", environment: "staging" },
      [],
    ],
    [
      "those of the environment that is named",
      { ...about, event: "failed", environment: "staging" },
      ["slack:USERS"],
    ],
    [
      "none for another than the named one",
      { ...about, event: "failed", environment: "production" },
      [],
    ],
    ["those of an event without environment", { ...about, event: "requested" }, ["slack:USERS"]],
    ["none where a message is for an environment only", { ...about, event: "failed" }, []],
    ["none for an event that nobody wants", { ...about, event: "published" }, []],
  ])("%s", (_name, occasion, receivers) => {
    const notices = dueNotices(pipeline, occasion);
    expect(notices.map(({ key }) => key)).toEqual(
      receivers.map((to) => `production-3 ${occasion.event} ${to}`),
    );
    for (const notice of notices)
      expect(notice).toMatchObject({ state: "due", at, title: about.title });
  });

  test("are made once", () => {
    const known = dueNotices(pipeline, { ...about, event: "accepted", environment: "production" });
    expect(
      dueNotices(pipeline, { ...about, event: "accepted", environment: "production", known }),
    ).toEqual([]);
    const record = withNotices({ passes: [], withdrawn: [] }, known);
    expect(withNotices(record, known)).toBe(record);
    expect(record.notices).toHaveLength(2);
  });

  test("are none without `notify:`", () => {
    const { notify: _notify, ...silent } = pipeline;
    expect(dueNotices(silent, { ...about, event: "passed", environment: "production" })).toEqual(
      [],
    );
    expect(wrongNotices(silent)).toEqual([]);
  });
});

test("what the file promises and cannot keep is an error at its place", () => {
  expect(wrongNotices(pipeline)).toEqual([]);
  const wrong = file
    .replace(/^ {2}mail: .*\n/m, "")
    .replace("on: passed}", "on: passed}\n    - {to: tester, on: failed, environments: [qa]}");
  expect(() => readPipeline("release-pipeline.yml", wrong)).toThrow(
    expect.objectContaining({
      code: "RA1103",
      saw: [
        "release-pipeline.yml:13:13: `service-owner` gets mail, and `notify.mail` names no server",
        "release-pipeline.yml:13:28: `mail:olga@example.org` gets mail, and `notify.mail` names no server",
        "release-pipeline.yml:13:53: `platform-maintainer` gets mail, and `notify.mail` names no server",
        "release-pipeline.yml:14:8: the role `tester` has no mail address under `notify.contacts`",
        "release-pipeline.yml:14:47: the environment `qa` does not exist",
      ].join("\n"),
    }) as Error,
  );
});

test.each<[string, Record<string, string>, boolean]>([
  ["slack:USERS", { USERS: "https://hooks.example.org/x" }, true],
  ["slack:USERS", { USERS: "" }, false],
  ["slack:USERS", {}, false],
  ["service-owner", { SMTP_PASSWORD: "x" }, true],
  ["service-owner", {}, false],
  ["mail:a@example.org", { SMTP_PASSWORD: "x" }, true],
  ["tester", { SMTP_PASSWORD: "x" }, false],
])("%s with %j can be sent: %s", (to, env, can) => {
  expect(canSend({ to }, pipeline, env)).toBe(can);
});

const by = { id: 7, at: "later", mark: "m" };
const states = ["due", "sending", "sent", "refused", "unknown"] as const;
const one = (state: Notice["state"]): VersionRecord => ({
  passes: [],
  withdrawn: [],
  notices: [{ key: "k", event: "passed", to: "slack:USERS", state, at, title: "t", lines: [] }],
});

describe.each(states)("a notice that is %s", (state) => {
  // What was surely not delivered may be tried again; who calls decides whether.
  const isOpen = state === "due" || state === "refused";
  test(isOpen ? "is claimed" : "is not claimed", () => {
    const claimed = claim(one(state), new Set(["k"]), by);
    if (isOpen)
      expect(claimed.notices).toMatchObject([
        { state: "sending", run: 7, at: "later", claim: "m" },
      ]);
    else expect(claimed).toEqual(one(state));
    expect(claim(one(state), new Set(["other"]), by)).toEqual(one(state));
  });

  test.each(["sent", "refused", "unknown"] as const)("and came out as %s", (outcome) => {
    const settled = settle(one(state), new Map([["k", { outcome, said: "words" }]]));
    const open = state === "sending" || (state === "unknown" && outcome !== "unknown");
    expect(settled.notices?.[0]?.state).toBe(open ? outcome : state);
    expect(settled.notices?.[0]?.said).toBe(open && outcome !== "sent" ? "words" : undefined);
    // A second look finds nothing to do.
    expect(settle(settled, new Map([["k", { outcome, said: "words" }]]))).toBe(settled);
  });
});

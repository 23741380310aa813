import { describe, expect, test } from "vitest";
import { createCanaries } from "../../../test-support/hostile/canaries.ts";
import { wrongsOf } from "../../../test-support/hostile/oracle.ts";
import { openReceivers } from "../../../test-support/hostile/receivers.ts";
import { showsSecret } from "../../../test-support/secret-forms.ts";
import { configure, release } from "../../../test-support/shop.ts";
import { openStage } from "../../../test-support/stage.ts";
import { into } from "../promotion.ts";

/** Addresses of channels are secrets: who knows one can post there. */
const hooks = {
  SLACK: "/services/T0CANARY00/B0CANARY00/canary00of00slack00",
  TEAMS: "/workflows/canaryofteams/triggers/manual/paths/invoke?sig=canary-of-teams",
  SINK: "/events/canary-of-the-sink",
};
const password = "canary-of-the-mail";

async function start() {
  const { chat, server, smtp, port } = await openReceivers(hooks);
  const canaries = createCanaries();
  const stage = await openStage({
    tap: (to, request) => {
      canaries.hear(to, request);
      return false;
    },
  });
  stage.github.addTeam({ organization: "example", slug: "platform", members: ["pia"] });
  configure(stage, {
    staging: { gate: { "run-by": ["platform"] } },
    file: {
      roles: { platform: ["@example/platform"], owner: ["olga"] },
      notify: {
        mail: {
          server: `smtp://127.0.0.1:${port}`,
          from: "shop@example.org",
          secret: "SMTP_PASSWORD",
        },
        contacts: { owner: "olga@example.org" },
        messages: [
          {
            to: ["owner", "slack:SLACK", "teams:TEAMS", "webhook:SINK"],
            on: ["started", "passed", "failed"],
            environments: ["staging"],
          },
        ],
      },
    },
  });
  const app = stage.github.issueToken({
    kind: "app",
    repositories: ["example/shop"],
    actor: "pia",
    permissions: { members: "read" },
  });
  const own = [app, password, ...Object.values(hooks)];
  const wish = into(stage, "staging", {
    tag: "1.0.0",
    secrets: own,
    inputs: { "app-token": app },
    variables: {
      SMTP_PASSWORD: password,
      RUNNER_DEBUG: "1",
      ...Object.fromEntries(
        Object.entries(hooks).map(([name, path]) => [name, `${server.url}${path}`]),
      ),
    },
  });
  const leaks = () => {
    const elsewhere: [string, string][] = [
      ["github", app],
      ["mail", password],
      ...Object.values(hooks).map((path): [string, string] => ["chat", path]),
    ];
    const chats = chat.requests.flatMap(({ path, headers, body }) => [
      { of: path, text: `${JSON.stringify(headers)} ${body.toString()}` },
      { of: path, text: path },
    ]);
    const known = [...stage.credentials().map(([, secret]) => secret), ...own];
    return [
      ...canaries.leaks(stage, elsewhere),
      ...chats.flatMap(({ of, text }) =>
        known
          .filter((secret) => secret !== of && showsSecret(text, secret))
          .map(() => `a credential in a message to ${of}`),
      ),
      ...smtp.mails.flatMap(({ raw }) =>
        known.filter((secret) => showsSecret(raw.toString(), secret)).map(() => "one in a mail"),
      ),
    ];
  };
  return {
    stage,
    wish,
    chat,
    smtp,
    canaries,
    leaks,
    [Symbol.asyncDispose]: async () => {
      await server.close();
      await smtp.close();
      await stage[Symbol.asyncDispose]();
    },
  };
}

describe.concurrent("credentials", { timeout: 120_000 }, () => {
  test.each([
    ["passes", "good"],
    ["fails", "crash"],
  ] as const)("of a promotion that %s, with debug logging", async (_, behaviour) => {
    await using world = await start();
    const { stage, chat, smtp, canaries, leaks, wish } = world;
    await release(stage, "1.0.0", { behaviour });
    const end = await stage.run("promote", wish);
    expect(wrongsOf(end), end.printed).toEqual([]);
    expect(end.status).toBe(behaviour === "good" ? 0 : 1);
    expect(canaries.shown(stage)).toEqual(["cluster", "github", "registry"]);
    expect(new Set(chat.posts.map(({ hook }) => hook))).toEqual(new Set(Object.keys(hooks)));
    expect(smtp.mails.length + smtp.commands.length).toBeGreaterThan(0);
    expect(leaks()).toEqual([]);
  });

  test.each([403, 404, 500])(
    "of channels that answer %i and repeat what they got",
    async (status) => {
      await using world = await start();
      const { stage, chat, leaks, wish } = world;
      await release(stage, "1.0.0");
      for (const own of Object.values(hooks)) {
        const does = {
          status,
          body: JSON.stringify({ message: `no ${own}`, url: `https://x${own}` }),
        };
        for (let times = 0; times < 5; times += 1)
          chat.faults.push({ matches: ({ path }) => path === own, when: "before", does });
      }
      const end = await stage.run("promote", wish);
      expect(wrongsOf(end), end.printed).toEqual([]);
      expect(end.status).toBe(0);
      expect(leaks()).toEqual([]);
    },
  );
});

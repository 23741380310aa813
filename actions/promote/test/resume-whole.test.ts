import { expect, test } from "vitest";
import { listenToChat } from "../../test-support/chat.ts";
import { addOtherRepository } from "../../test-support/other-repository.ts";
import { configure, recordOf, release } from "../../test-support/shop.ts";
import { openStage } from "../../test-support/stage.ts";
import { currentOf, into, openIssue, withIssues } from "./promotion.ts";

test.concurrent.each([1, 2, 3])(
  "with tags, notices and a release issue, killed after any request (%d of 3): run again, it ends as one clean run",
  { timeout: 240_000 },
  async (first) => {
    await using stage = await openStage();
    await using chat = await listenToChat();
    const other = addOtherRepository(stage, "shop.indexer");
    const web = { name: "web", image: `${stage.registryHost}/shop/web` };
    configure(stage, {
      deploy: false,
      file: {
        tag: { branch: "main" },
        components: [web, other.component],
        notify: {
          messages: [{ to: "webhook:SINK", on: ["started", "passed"], environments: ["staging"] }],
        },
      },
    });
    const token = stage.github.issueToken({
      kind: "app",
      repositories: [other.repository.fullName],
      actor: "pia",
      permissions: { contents: "write" },
    });
    const make = async (version: string) => {
      const { commit } = await release(stage, version, { tag: null });
      const elsewhere = await other.build(version);
      const issue = await openIssue(stage, version);
      const run = stage.newRun();
      const wish = into(stage, "staging", {
        run,
        dispatch: { version },
        inputs: { "app-token": token },
        secrets: [token],
        permissions: withIssues,
        variables: chat.variables,
      });
      return { issue, run, wish, commits: [commit, elsewhere] };
    };
    const standIns = [stage.github, stage.registry, chat.chat];
    await stage.run("promote", (await make("1.0.0")).wish);
    const { wish } = await make("1.1.0");
    const counted = standIns.map((standIn) => stage.watch(standIn));
    await stage.run("promote", wish);
    const requests = counted.flatMap((all) => all()).length;
    expect(requests).toBeLessThan(70);

    for (let at = first; at <= requests; at += 3) {
      const version = `1.2.${at}`;
      const made = await make(version);
      let count = 0;
      const killed = stage.start("promote", made.wish);
      for (const standIn of standIns) {
        standIn.faults.length = 0;
        standIn.faults.push({
          matches: () => (count += 1) === at,
          when: "after",
          does: () => (killed.kill(), "gone"),
        });
      }
      expect((await killed.ended).status, `kill at ${at}`).toBe(null);
      const end = await stage.run("promote", { ...made.wish, attempt: 2 });
      expect([at, end.status, end.outputs["result"]]).toEqual([at, 0, "passed"]);

      const { id } = currentOf(stage, "staging")?.latest ?? { id: "" };
      expect(
        [stage.repository, other.repository].map((one) => one.ref(`refs/tags/${version}`)),
      ).toEqual(made.commits);
      const record = recordOf(stage, version);
      expect(record?.passes).toMatchObject([{ entry: id }]);
      // Each message once, or nobody knows; that is one message at most.
      const notices = record?.notices ?? [];
      expect(notices.map(({ key }) => key)).toEqual([
        `${id} started webhook:SINK`,
        `${id} passed webhook:SINK`,
      ]);
      const unsure = notices.filter(({ state }) => state === "unknown");
      expect(unsure.length, `kill at ${at}`).toBeLessThan(2);
      for (const { key, state } of notices.filter((notice) => !unsure.includes(notice)))
        expect([at, key, state, chat.posts().includes(key)]).toEqual([at, key, "sent", true]);
      expect(new Set(chat.posts()).size).toBe(chat.posts().length);
      const issue = stage.repository.issues.find(({ number }) => number === made.issue);
      expect(issue?.body, `kill at ${at}`).toContain(`- [x] Passed in staging (${id}`);
      const comments = stage.repository.comments.filter((one) => one.issue === made.issue);
      expect(comments.map(({ body }) => body.includes(`${id}, passed`))).toEqual([true]);
      // Who did nothing new says nothing new.
      const writes = stage.writes().length;
      const last = await stage.run("promote", { ...made.wish, attempt: 3 });
      expect([at, last.status, last.annotations, stage.writes().length]).toEqual([
        at,
        0,
        [],
        writes,
      ]);
    }
  },
);

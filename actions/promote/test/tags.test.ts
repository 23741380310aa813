import { describe, expect, test } from "vitest";
import { addOtherRepository } from "../../test-support/other-repository.ts";
import { killWhen, watchEach } from "../../test-support/requests.ts";
import { configure, release } from "../../test-support/shop.ts";
import { openStage, type JobWish, type Stage } from "../../test-support/stage.ts";
import { currentOf, into } from "./promotion.ts";

const others = ["shop.indexer", "shop.aggregator"];
const nothing = [undefined, undefined, undefined];

/** A product of three repositories, each with a commit on main whose image was built, and no tag anywhere. */
async function start(options: { app?: "write" | "read" | "none" } = {}) {
  const stage = await openStage();
  const elsewhere = others.map((name) => addOtherRepository(stage, name));
  const web = { name: "web", image: `${stage.registryHost}/shop/web` };
  const components = [web, ...elsewhere.map(({ component }) => component)];
  configure(stage, { deploy: false, file: { tag: { branch: "main" }, components } });
  const { commit } = await release(stage, "1.0.0", { tag: null });
  const commits = [commit];
  for (const other of elsewhere) commits.push(await other.build("1"));
  const app = options.app ?? "write";
  const token =
    app === "none"
      ? ""
      : stage.github.issueToken({
          kind: "app",
          repositories: others.map((name) => `example/${name}`),
          actor: "pia",
          permissions: { contents: app },
        });
  const wish = (more: JobWish = {}): JobWish =>
    into(stage, "staging", {
      dispatch: { version: "1.0.0" },
      secrets: token ? [token] : [],
      ...more,
      inputs: { "app-token": token, ...more.inputs },
    });
  const tags = () =>
    [stage, ...elsewhere].map(({ repository }) => repository.ref("refs/tags/1.0.0"));
  return { stage, elsewhere, commits, wish, tags };
}

/** Tags that were made, as `repository`, in order. */
const made = (stage: Stage) =>
  stage.github.requests
    .filter(({ wrote, body }) => wrote && body.toString().includes("refs/tags/1.0.0"))
    .map(({ path }) => /repos\/example\/([^/]+)\/git\/refs$/.exec(path)?.[1]);

describe.concurrent("the tags of several repositories", { timeout: 60_000 }, () => {
  test("are made in the file's order, when the entry is open, at the commits in it", async () => {
    const { stage, commits, wish, tags } = await start();
    await using _ = stage;
    const seen: unknown[] = [];
    watchEach(stage.github, ({ method, path }) => {
      if (method === "POST" && path.endsWith("/git/refs"))
        seen.push([path.split("/")[5], currentOf(stage, "staging")?.latest.result]);
    });
    const run = stage.newRun();
    const end = await stage.run("promote", wish({ run }));
    expect([end.status, end.annotations]).toEqual([0, []]);
    // May they be made? These make nothing, and are asked at once.
    expect(new Set(seen.slice(0, 2).map(String))).toEqual(
      new Set(["shop.indexer,", "shop.aggregator,"]),
    );
    expect(seen.slice(2)).toEqual([
      // The ledger's branch, with the open entry as its first commit.
      ["shop", undefined],
      ["shop", "running"],
      ["shop.indexer", "running"],
      ["shop.aggregator", "running"],
    ]);
    expect(made(stage)).toEqual(["shop", ...others]);
    expect(tags()).toEqual(commits);
    expect(currentOf(stage, "staging")?.latest.release).toMatchObject({
      version: "1.0.0",
      commit: commits[0],
      components: [
        { name: "web" },
        { repository: "example/shop.indexer", commit: commits[1] },
        { repository: "example/shop.aggregator", commit: commits[2] },
      ],
    });
    const writes = stage.writes().length;
    expect((await stage.run("promote", wish({ run, attempt: 2 }))).status).toBe(0);
    expect(stage.writes()).toHaveLength(writes);
  });

  test.each([1, 2])(
    "killed after tag %d: the resumed run makes the rest, at the same commits",
    async (count) => {
      const { stage, elsewhere, commits, wish, tags } = await start();
      await using _ = stage;
      const run = stage.newRun();
      const killed = stage.start("promote", wish({ run }));
      const isMade = () => tags().filter((tag) => tag !== undefined).length === count;
      killWhen(stage.github, isMade, killed.kill);
      expect((await killed.ended).status).toBe(null);
      expect(tags()).toEqual(commits.map((commit, index) => (index < count ? commit : undefined)));
      // Work went on meanwhile; it is not what was allowed.
      for (const other of elsewhere) await other.build("2");
      const end = await stage.run("promote", wish({ run, attempt: 2 }));
      expect([end.status, end.outputs["result"], end.outputs["entry"]]).toEqual([
        0,
        "passed",
        "staging-1",
      ]);
      expect(tags()).toEqual(commits);
      expect(made(stage)).toEqual(["shop", ...others]);
    },
  );

  test.each([
    ["no app-token", "none", "`app-token` is not given"],
    ["an app-token that may only read", "read", "it cannot be made"],
  ] as const)("with %s: refused before any write", async (_what, app, says) => {
    const { stage, wish, tags } = await start({ app });
    await using _ = stage;
    const end = await stage.run("promote", wish());
    expect([end.status, end.outputs["decision"]]).toEqual([1, "refused"]);
    const [open, ...more] = end.reasons.filter(({ holds }) => !holds);
    expect(more).toEqual([]);
    expect(open).toMatchObject({ rule: "tag", code: "RA1308" });
    for (const name of others) expect(open?.saw).toContain(`example/${name} has no tag 1.0.0`);
    expect(open?.saw).toContain(says);
    expect(stage.writes()).toEqual([]);
    expect(tags()).toEqual(nothing);
  });

  test("of a pushed tag: those of the other repositories are made", async () => {
    const { stage, commits, wish, tags } = await start();
    await using _ = stage;
    const [own = ""] = commits;
    stage.repository.createTag("1.0.0", own, "ada");
    const run = stage.newRun({ tag: "1.0.0" });
    const { dispatch: _dispatch, ...pushed } = wish({ run, tag: "1.0.0" });
    const killed = stage.start("promote", pushed);
    killWhen(stage.github, () => tags()[1] !== undefined, killed.kill);
    expect((await killed.ended).status).toBe(null);
    expect((await stage.run("promote", { ...pushed, attempt: 2 })).status).toBe(0);
    expect(tags()).toEqual(commits);
    expect(made(stage)).toEqual(others);
  });

  test("a dry run names them, and makes none", async () => {
    const { stage, commits, wish, tags } = await start();
    await using _ = stage;
    const end = await stage.run("promote", wish({ inputs: { "dry-run": "true" } }));
    expect(end.status).toBe(0);
    const lines = ["shop", ...others].map(
      (name, index) =>
        `${index + 2}. make the tag \`1.0.0\` in example/${name} at \`${commits[index]?.slice(0, 7)}\``,
    );
    expect(end.summary).toContain(lines.join("\n"));
    expect(stage.writes()).toEqual([]);
    expect(tags()).toEqual(nothing);
  });

  test("of a pushed tag are not made anew by a resumed run when somebody took the tag away", async () => {
    await using stage = await openStage();
    configure(stage, { deploy: false });
    await release(stage, "1.0.0");
    const run = stage.newRun({ tag: "1.0.0" });
    const wish = into(stage, "staging", { tag: "1.0.0", run });
    const killed = stage.start("promote", wish);
    killWhen(
      stage.github,
      () => currentOf(stage, "staging")?.latest.result === "running",
      killed.kill,
    );
    expect((await killed.ended).status).toBe(null);
    stage.repository.deleteRef("refs/tags/1.0.0", "ada");
    await stage.run("promote", { ...wish, attempt: 2 });
    expect(stage.repository.ref("refs/tags/1.0.0")).toBeUndefined();
  });
});

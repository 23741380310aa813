import { describe, expect, test } from "vitest";
import { killWhen } from "../../test-support/requests.ts";
import { configure, recordPass, release } from "../../test-support/shop.ts";
import { allPermissions, openStage, type JobWish, type Stage } from "../../test-support/stage.ts";
import { currentOf, into, openIssue, withIssues } from "./promotion.ts";

const gate = { approvals: ["owner"], checklist: [{ item: "Backups taken" }] };

async function start() {
  const stage = await openStage();
  configure(stage, { deploy: false, production: { gate, "accept-by": "owner" } });
  const build = await release(stage, "1.0.0");
  return { stage, build, issue: await openIssue(stage, "1.0.0") };
}
const bodyOf = (stage: Stage, number: number) =>
  stage.repository.issues.find((issue) => issue.number === number)?.body ?? "";
const commentsOf = (stage: Stage, number: number) =>
  stage.repository.comments.filter(({ issue }) => issue === number).map(({ body }) => body);
const toStaging = (stage: Stage, more: JobWish = {}) =>
  stage.run("promote", into(stage, "staging", { tag: "1.0.0", permissions: withIssues, ...more }));
const edit = (stage: Stage, issue: number, change: (before: string) => string) =>
  stage.repository.editIssue({ issue, body: change(bodyOf(stage, issue)), by: "olga" });

describe.concurrent("the release issue after a promotion", { timeout: 60_000 }, () => {
  test("says what passed and what to approve; people's lines stay", async () => {
    const { stage, build, issue } = await start();
    await using _ = stage;
    const before = bodyOf(stage, issue);
    expect(before).toContain("- [ ] Passed in staging <!-- ra:passed-staging -->");
    expect(before).toContain("**Candidate:** 1.0.0, not tested anywhere yet.");
    expect(before).toContain("`/approve 1.0.0`");
    edit(
      stage,
      issue,
      (text) =>
        `Dear all, $& $1\n\n- [x] Ask Tess\n\n${text.replace("[ ] Backups taken", "[x] Backups taken")}\n\n**Candidate:** mine\n`,
    );
    const end = await toStaging(stage);
    expect([end.status, end.annotations]).toEqual([0, []]);

    const digest = build.digest.slice(0, 19);
    const after = bodyOf(stage, issue);
    expect(after).toMatch(
      /^- \[x\] Passed in staging \(staging-1, [\d-]+ [\d:]+ UTC\) <!-- ra:passed-staging -->$/m,
    );
    expect(after).toContain(`**Candidate:** web \`${digest}\`, passed in staging (\`staging-1\`).`);
    expect(after).toContain(`\`/approve 1.0.0 ${digest}\``);
    // All else is as it was.
    const theirs = (text: string): string[] =>
      text
        .split("\n")
        .filter((line) => !/ra:passed-|\*\*Candidate:\*\* (1|web)|\/approve/.test(line));
    const edited = `Dear all, $& $1\n\n- [x] Ask Tess\n\n${before.replace("[ ] Backups taken", "[x] Backups taken")}\n\n**Candidate:** mine\n`;
    expect(theirs(after)).toEqual(theirs(edited));
    const [comment, ...more] = commentsOf(stage, issue);
    expect(more).toEqual([]);
    expect(comment).toContain("| staging | 1.0.0 | staging-1, passed |");

    // Run again, all is as it should be.
    const writes = stage.writes().length;
    const run = currentOf(stage, "staging")?.latest.run.id ?? 0;
    const again = await toStaging(stage, { run, attempt: 2 });
    expect([again.status, stage.writes().length]).toEqual([0, writes]);
  });

  test("is up to date after production, and after it was taken back", async () => {
    const { stage, issue } = await start();
    await using _ = stage;
    const first = await release(stage, "0.9.0");
    for (const place of ["staging", "production"]) recordPass(stage, first, place);
    await toStaging(stage);
    edit(stage, issue, (text) => text.replace("[ ] Backups taken", "[x] Backups taken"));
    stage.repository.comment({ issue, body: "/approve 1.0.0", by: "olga" });
    const into2 = (dispatch: Record<string, string>) =>
      stage.run("promote", into(stage, "production", { dispatch, permissions: withIssues }));
    const end = await into2({ version: "1.0.0" });
    expect([end.status, end.annotations]).toEqual([0, []]);
    const ours = () => commentsOf(stage, issue).find((body) => body.includes("ra:status"));
    expect(ours()).toContain("### Shop 1.0.0: passed");
    expect(ours()).toContain("| production | 1.0.0 | production-2, passed |");
    expect(ours()).toContain("waiting for acceptance");
    expect((await into2({ action: "rollback", reason: "Prices" })).status).toBe(0);
    expect(ours()).toContain("| production | 0.9.0 | production-3, passed |");
    expect(ours()).not.toContain("waiting for acceptance");
  });

  test("a rollback of staging takes its tick back", async () => {
    const { stage, issue } = await start();
    await using _ = stage;
    recordPass(stage, await release(stage, "0.9.0"), "staging");
    await toStaging(stage);
    expect(bodyOf(stage, issue)).toContain("- [x] Passed in staging");
    const dispatch = { action: "rollback", reason: "Prices" };
    await stage.run("promote", into(stage, "staging", { dispatch, permissions: withIssues }));
    expect(bodyOf(stage, issue)).toContain("- [ ] Passed in staging <!--");
    expect(bodyOf(stage, issue)).toContain("**Candidate:** 1.0.0, not tested anywhere yet.");
    expect(bodyOf(stage, issue)).toContain("`/approve 1.0.0`");
  });

  test("a body without our mark stays as it is; our comment is brought up to date all the same", async () => {
    const { stage, issue } = await start();
    await using _ = stage;
    const theirs = "This is ours.\r\n\r\n**Candidate:** none\r\n- [ ] Passed in staging\r\n";
    edit(stage, issue, () => theirs);
    const end = await toStaging(stage);
    expect([end.status, end.annotations]).toEqual([0, []]);
    expect(bodyOf(stage, issue)).toBe(theirs);
    expect(commentsOf(stage, issue).join()).toContain("staging-1, passed");
  });

  test("a candidate line that somebody took out is not looked for in people's text", async () => {
    const { stage, issue } = await start();
    await using _ = stage;
    edit(
      stage,
      issue,
      (text) =>
        `${text.replace(/^\*\*Candidate:.*$/m, "")}\n\n**Candidate:** the red one, says Tess\n`,
    );
    await toStaging(stage);
    expect(bodyOf(stage, issue)).toContain("**Candidate:** the red one, says Tess");
  });

  test("without `issues: write` the run is green and warns", async () => {
    const { stage, issue } = await start();
    await using _ = stage;
    const before = bodyOf(stage, issue);
    const end = await toStaging(stage, { permissions: allPermissions });
    expect([end.status, end.outputs["result"]]).toEqual([0, "passed"]);
    expect(end.annotations).toMatchObject([
      {
        level: "warning",
        title: "The release issue is not up to date",
        message: expect.stringContaining("`issues: write`") as string,
      },
    ]);
    expect(bodyOf(stage, issue)).toBe(before);
  });

  test("killed when the entry is closed: the next attempt brings it up to date", async () => {
    const { stage, issue } = await start();
    await using _ = stage;
    const run = stage.newRun({ tag: "1.0.0" });
    const wish = into(stage, "staging", { tag: "1.0.0", run, permissions: withIssues });
    const killed = stage.start("promote", wish);
    killWhen(
      stage.github,
      () => currentOf(stage, "staging")?.latest.result === "passed",
      killed.kill,
    );
    expect((await killed.ended).status).toBe(null);
    expect(bodyOf(stage, issue)).toContain("- [ ] Passed in staging");
    const end = await stage.run("promote", { ...wish, attempt: 2 });
    expect([end.status, end.outputs["result"], end.annotations]).toEqual([0, "passed", []]);
    expect(bodyOf(stage, issue)).toContain("- [x] Passed in staging");
  });

  test("that somebody closed does no harm", async () => {
    const { stage, issue } = await start();
    await using _ = stage;
    stage.repository.closeIssue(issue, "olga");
    const end = await toStaging(stage);
    expect([end.status, end.outputs["result"], end.annotations]).toEqual([0, "passed", []]);
  });
});

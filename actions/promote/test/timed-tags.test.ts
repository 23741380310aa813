import { expect, test } from "vitest";
import { killWhen } from "../../test-support/requests.ts";
import { configure, ledgerFile, release } from "../../test-support/shop.ts";
import { openStage, type Stage } from "../../test-support/stage.ts";

type Entry = { verdict: { at: string } };

const staging = {
  "image-tags": ["${environment}-${short-sha:8}-${date:DD-MM-YYYY}.${unix}"],
};

function entry(stage: Stage, number: number): Entry {
  const found = ledgerFile<Entry>(stage, `staging/entries/staging-${number}.json`);
  if (found === undefined) throw new Error(`the ledger has no entry staging-${number}`);
  return found;
}

/** The tag that the verdict's time makes of a commit. */
function tagOf(commit: string, { verdict }: Entry): string {
  const [year, month, day] = verdict.at.slice(0, 10).split("-");
  const unix = Math.floor(Date.parse(verdict.at) / 1000);
  return `staging-${commit.slice(0, 8)}-${day}-${month}-${year}.${unix}`;
}

function deployed(stage: Stage): string | undefined {
  const [object] = stage.cluster.objects("Deployment", "shop") as readonly {
    kind: string;
    spec?: { template: { spec: { containers: { image: string }[] } } };
  }[];
  return object?.spec?.template.spec.containers[0]?.image;
}

test("a tag with a time is the entry's: the same after a kill, in the cluster, and on the way back", async () => {
  await using stage = await openStage();
  configure(stage, { staging });
  const inputs = { ...stage.registryLogin, kubeconfig: stage.kubeconfig, environment: "staging" };
  const good = await release(stage, "1.0.0");
  const run = stage.newRun({ tag: "1.0.0" });
  const killed = stage.start("promote", { inputs, tag: "1.0.0", run });
  killWhen(
    stage.registry,
    () => Object.keys(stage.registry.tags("shop/web")).some((tag) => tag.startsWith("staging-")),
    killed.kill,
  );
  expect((await killed.ended).status).toBe(null);
  // A clock that went on would give another tag.
  await new Promise((resolve) => setTimeout(resolve, 1100));
  const end = await stage.run("promote", { inputs, tag: "1.0.0", run, attempt: 2 });
  expect(end.outputs["result"]).toBe("passed");
  const first = tagOf(good.commit, entry(stage, 1));
  expect(stage.registry.tags("shop/web")).toEqual({
    [good.commit]: good.digest,
    [first]: good.digest,
  });
  expect(deployed(stage)).toBe(`${good.image}:${first}@${good.digest}`);

  const bad = await release(stage, "1.1.0", { behaviour: "wrong" });
  const back = await stage.run("promote", { inputs, tag: "1.1.0" });
  expect(back.outputs["result"]).toBe("rolled-back");
  expect(stage.registry.tags("shop/web")).toEqual({
    [good.commit]: good.digest,
    [first]: good.digest,
    [bad.commit]: bad.digest,
    [tagOf(bad.commit, entry(stage, 2))]: bad.digest,
  });
  expect(deployed(stage)).toBe(`${good.image}:${first}@${good.digest}`);
});

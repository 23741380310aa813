import { mkdirSync, writeFileSync } from "node:fs";
import { arch, availableParallelism, loadavg, platform } from "node:os";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { sampleJobs } from "../sample-jobs.ts";
import { measureActions, treeBytes } from "./action-cost.ts";
import { measureDeployments } from "./deployment-cost.ts";
import { rehearseGoodRelease, type GoodRelease } from "./good-release.ts";
import { measurePeers } from "./peers.ts";
import { measurePromotions } from "./promotion-cost.ts";
import {
  actionTable,
  deploymentTable,
  goals,
  goodReleaseText,
  peerTable,
  promotionTable,
} from "./table.ts";

const usage = `npm run bench -- [promote-image | deploy-env] [--action NAME]... [--json FILE] [--quick]

promote-image   only promotions, beside crane, regctl and skopeo on Docker's registry
deploy-env      only deployments, beside kubectl and helm on a real control plane

--action   only this action, without the peers, the promotions, the deployments and the good release
--json     writes what was measured
--quick    few rounds: for a look, not for a comparison`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    action: { type: "string", multiple: true },
    json: { type: "string" },
    quick: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}
const parts = ["promote-image", "deploy-env"];
if (positionals.some((part) => !parts.includes(part))) {
  console.error(
    `There is no part ${positionals.join(", ")}. There are: ${parts.join(", ")}.\n\n${usage}`,
  );
  process.exit(2);
}
const known = sampleJobs.map(({ action }) => action);
const unknown = (values.action ?? []).filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`There is no action ${unknown.join(", ")}. There are: ${known.join(", ")}.`);
  process.exit(2);
}
const rounds = values.quick ? { starts: 3, runs: 1 } : { starts: 15, runs: 5 };
const tell = (what: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${what}`);
};

const load = loadavg().map((value) => value.toFixed(1));
if (positionals.length > 0) {
  console.log(machine());
  const measured: Record<string, unknown> = { load };
  if (positionals.includes("promote-image")) {
    const promotions = await measurePromotions(rounds.runs, tell);
    tell("");
    console.log(promotionTable(promotions));
    measured["promotions"] = promotions;
  }
  if (positionals.includes("deploy-env")) {
    const deployed = await measureDeployments(rounds.runs, tell);
    tell("");
    console.log(deploymentTable(deployed));
    measured["deployments"] = deployed;
  }
  save(measured);
  process.exit(0);
}
const { empty, actions } = await measureActions(values.action ?? known, rounds, tell);
const tree = treeBytes();
tell("");
console.log(machine());
console.log(
  `× is the CPU of \`node -e 0\` in the same rounds: ${empty.toFixed(0)} ms in the middle\n`,
);
console.log(actionTable(actions, tree));

const whole = values.action === undefined;
const peers = whole ? measurePeers(rounds.starts) : [];
if (whole) console.log(`\n${peerTable(peers)}\n`);
const promotions = whole ? await measurePromotions(rounds.runs, tell) : undefined;
tell("");
if (promotions) console.log(`${promotionTable(promotions)}\n`);
const deployed = whole ? await measureDeployments(rounds.runs, tell) : undefined;
tell("");
if (deployed) console.log(`${deploymentTable(deployed)}\n`);
const goodReleases: GoodRelease[] = [];
for (let round = 1; whole && round <= (values.quick ? 1 : 3); round += 1) {
  tell(`the good release, ${round}`);
  goodReleases.push(await rehearseGoodRelease());
  tell("");
}
if (whole) console.log(goodReleaseText(goodReleases));
save({ goals, load, empty, tree, actions, peers, promotions, deployed, goodReleases });

function machine(): string {
  return `Node ${process.version}, ${platform()} ${arch()}, ${availableParallelism()} processors, load ${load.join(" ")}`;
}

function save(measured: Record<string, unknown>): void {
  if (values.json === undefined) return;
  mkdirSync(dirname(resolve(values.json)), { recursive: true });
  writeFileSync(values.json, `${JSON.stringify(measured, null, 2)}\n`);
}

import { appendFileSync } from "node:fs";
import { note } from "./stage.mjs";

const { env } = process;
const output = (name, value) => appendFileSync(env.GITHUB_OUTPUT, `${name}=${value}\n`);
const inputs = ["INPUT_GIVEN", "INPUT_ABSENT", "INPUT_BY-DEFAULT", "INPUT_MIXED-CASE"];
output("inputs", inputs.map((name) => `${name}: ${env[name]}`).join(", "));
output("state", env.STATE_before);
output(
  "github",
  [env.GITHUB_ACTION, env.GITHUB_ACTION_REPOSITORY, env.GITHUB_ACTION_REF].join(" "),
);
output("node", process.versions.node);
output("env", env.OF_STEP);
note("main");

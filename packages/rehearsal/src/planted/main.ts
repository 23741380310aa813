import { join, resolve } from "node:path";
import { planted } from "./planted.ts";
import { uproot } from "./plant.ts";

const root = resolve(import.meta.dirname, "../../../..");
const copies = join(root, "out", `planted.${process.pid}`);

// An exit, and not the signal's own end: what the worlds and the copies left is removed at it.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
process.once("exit", () => uproot(copies));

const status = await planted(
  process.argv.slice(2),
  {
    root,
    actions: { "org/release-actions": join(root, "out/release") },
    pipeline: join(root, "docs/pipelines/cessda"),
    copies,
    table: join(root, "out/planted.md"),
    longest: 300_000,
  },
  { line: (text) => console.log(text), colour: process.stdout.isTTY === true },
);
// A scenario that was given up may still wait.
process.exit(status);

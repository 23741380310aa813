import { resolve } from "node:path";
import { runTask } from "./tasks.ts";

const root = resolve(import.meta.dirname, "../../..");
process.exitCode = await runTask(root, process.argv[2] ?? "", process.argv.slice(3));

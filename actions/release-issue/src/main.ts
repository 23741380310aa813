import { releaseIssue } from "@release-actions/pipeline";
import { run } from "@release-actions/runner";
import { io } from "./io.gen.ts";

await run(io, releaseIssue);

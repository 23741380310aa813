import { serveStandIn } from "./command.ts";

process.exitCode = await serveStandIn(process.argv.slice(2), {
  line: (text) => console.log(text),
  error: (text) => console.error(text),
});

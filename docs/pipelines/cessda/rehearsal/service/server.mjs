// The rehearsed product: one small service, the same for every component.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { answer } from "./answers.mjs";

const build = JSON.parse(readFileSync(new URL("build.json", import.meta.url), "utf8"));

createServer((request, response) => {
  const { status, body } = answer(new URL(request.url, "http://localhost").pathname, build);
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}).listen(Number(process.env.PORT ?? 8080), process.env.HOST);

import { createSign } from "node:crypto";
import { appendFileSync } from "node:fs";
import { call, input } from "./api.mts";

const [ownOwner = "", ownName = ""] = (process.env["GITHUB_REPOSITORY"] ?? "").split("/");
const owner = input("owner") || ownOwner;
const names = input("repositories")
  .split(/[\s,]+/)
  .filter(Boolean);
if (names.length === 0) names.push(ownName);

// The App's proof is dated, and in a rehearsal it is another day than on this machine: GitHub's own clock counts.
const { date } = await call("GET", "/meta", undefined);
const at = Math.floor(date.getTime() / 1000);
const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const claims = `${part({ alg: "RS256", typ: "JWT" })}.${part({ iat: at - 60, exp: at + 300, iss: input("app-id") })}`;
const proof = `Bearer ${claims}.${createSign("RSA-SHA256").update(claims).sign(input("private-key"), "base64url")}`;

const installation = await call("GET", `/repos/${owner}/${names[0] ?? ""}/installation`, proof);
const permissions = Object.fromEntries(
  ["contents", "pull-requests"]
    .map((name) => [name.replace("-", "_"), input(`permission-${name}`)])
    .filter(([, level]) => level !== ""),
);
const made = await call(
  "POST",
  `/app/installations/${String(installation.body["id"])}/access_tokens`,
  proof,
  { repositories: names, permissions },
);
const token = made.body["token"];
if (typeof token !== "string") {
  console.log(`::error::GitHub made no token: ${made.status} ${JSON.stringify(made.body)}`);
  process.exit(1);
}
console.log(`::add-mask::${token}`);
appendFileSync(process.env["GITHUB_OUTPUT"] ?? "", `token=${token}\n`);
appendFileSync(process.env["GITHUB_STATE"] ?? "", `token=${token}\n`);

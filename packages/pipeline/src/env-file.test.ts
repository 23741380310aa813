import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { readEnvFile } from "./env-file.ts";

const valueOf = (line: string) => readEnvFile("dev.env", line).get("KEY");

test("reads what a team's file has: comments, export, quotes, CRLF", () => {
  const values = readEnvFile(
    "config/environment_dev",
    "\u{feff}# replicas\r\nexport REPLICAS=3 # of the API\r\n\r\nHOST='a b $c'\nURL=https://x.example.org/?a=b\nEMPTY=\nREPLICAS=4\n",
  );
  expect(Object.fromEntries(values)).toEqual({
    REPLICAS: { value: "4" },
    HOST: { value: "a b $c" },
    URL: { value: "https://x.example.org/?a=b" },
    EMPTY: { value: "" },
  });
});

test.each([
  "KEY=3",
  "KEY=",
  "KEY='a \"b\" $c `d`'",
  'KEY="a \\$b \\"c\\" d\\e"',
  "KEY=a'b c'\"d e\"f",
  "KEY=a\\ b",
  "KEY=a=b",
  "KEY=a*[b]?{c,d}!",
  "KEY=a#b",
  "KEY=a # b",
  "KEY=a~b:c,d@e%f+g^h/i.j_k-l",
])("%s has the value that a shell would give it", (line) => {
  const shell = spawnSync("sh", ["-c", `${line}\nprintf %s "$KEY"`], { encoding: "utf8" });
  expect(valueOf(line)).toEqual({ value: shell.stdout });
});

test.each([
  "KEY=$(touch /tmp/x)",
  "KEY=`id`",
  "KEY=${OTHER}",
  'KEY="$HOME/x"',
  'KEY="\\\\$HOME"',
  "KEY=~/x",
  "KEY=a:~/x",
  "KEY=a&b",
  "KEY=a;id",
  "KEY=a b",
  "KEY='a",
  'KEY="a',
  "KEY=a\\",
])("%s is refused when it is asked for", (line) => {
  expect(valueOf(line)).toHaveProperty("wrong");
});

test.each(["if true; then", "source other", "KEY = 3", "1KEY=3", "KEY", "unset KEY"])(
  "%s is no line of an env file",
  (line) => {
    expect(() => readEnvFile("dev.env", `A=1\n${line}`)).toThrow(/dev\.env:2 is not KEY=VALUE/);
  },
);

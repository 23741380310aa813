import { expect, test } from "vitest";
import { credentialsFrom } from "./credentials.ts";

const dockerConfig = JSON.stringify({
  auths: {
    "https://index.docker.io/v1/": { auth: Buffer.from("hub:se:cret").toString("base64") },
    "ghcr.io": { auth: Buffer.from("octo:token").toString("base64") },
    "store.example.org": {},
    "odd.example.org": { auth: Buffer.from("nocolon").toString("base64") },
  },
  credsStore: "desktop",
  credHelpers: { "helped.example.org": "ecr-login" },
});

test("a docker login is found under the names that Docker gives a host", () => {
  const credentials = credentialsFrom({ dockerConfig });
  expect(credentials("docker.io")).toEqual({ username: "hub", password: "se:cret" });
  expect(credentials("ghcr.io")).toEqual({ username: "octo", password: "token" });
  expect(credentials("other.example.org")).toBeUndefined();
});

test("the inputs go before the docker login, and only to the hosts they are for", () => {
  const given = { username: "me", password: "mine", dockerConfig };
  expect(credentialsFrom(given)("ghcr.io")).toEqual({ username: "me", password: "mine" });
  const only = credentialsFrom({ ...given, hosts: ["registry.example.org"] });
  expect(only("registry.example.org")).toEqual({ username: "me", password: "mine" });
  expect(only("ghcr.io")).toEqual({ username: "octo", password: "token" });
  expect(credentialsFrom({ username: "", password: "", dockerConfig })("ghcr.io")?.username).toBe(
    "octo",
  );
});

test("a login outside the file is named, not guessed", () => {
  const credentials = credentialsFrom({ dockerConfig });
  expect(() => credentials("helped.example.org")).toThrow(/RA2002.*helper ecr-login/);
  expect(() => credentials("store.example.org")).toThrow(/RA2002.*store desktop/);
  expect(() => credentials("odd.example.org")).toThrow(/RA2002.*no user name/);
});

test("a broken file is refused without showing any of it", () => {
  expect(() => credentialsFrom({ dockerConfig: '{"auths": {"x": "hunter2"' })).toThrow(/RA2002/);
  try {
    credentialsFrom({ dockerConfig: '{"auths": hunter2' });
  } catch (error) {
    expect(String(error)).not.toContain("hunter2");
    expect((error as Error).cause).toBeUndefined();
  }
  expect(credentialsFrom({ dockerConfig: undefined })("ghcr.io")).toBeUndefined();
});

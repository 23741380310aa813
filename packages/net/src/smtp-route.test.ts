import { expect, test } from "vitest";
import { goesUnencrypted } from "./smtp-route.ts";

test("without encryption only to the machine itself", () => {
  const plain = (host: string, secure = false) => goesUnencrypted({ host, port: 25, secure });
  for (const host of ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
    expect(plain(host), host).toBe(true);
  for (const host of [
    "mail.example.org",
    "127.example.org",
    "10.0.0.1",
    "localhost.example.org",
    "a.localhost",
  ])
    expect(plain(host), host).toBe(false);
  expect(plain("localhost", true)).toBe(false);
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { createSecrets, maskedForms } from "./secrets.ts";

test("an empty or blank secret is no secret", () => {
  expect(maskedForms("")).toEqual([]);
  expect(maskedForms(" \n ")).toEqual([]);
});

test("each line of a key is masked, short ones are not", () => {
  const forms = maskedForms("-----BEGIN KEY-----\nabcdef\n{\n-----END KEY-----");
  expect(forms).toContain("abcdef");
  expect(forms).toContain(Buffer.from("abcdef").toString("base64"));
  expect(forms).not.toContain("{");
});

test("a secret with odd line ends is masked line by line, and never told to the runner whole", () => {
  const registered: string[] = [];
  const secrets = createSecrets((form) => registered.push(form));
  const secret = "first part\u2028::error::x\vlast part";
  secrets.add(secret);
  expect(registered).toEqual(expect.arrayContaining(["first part", "::error::x", "last part"]));
  expect(registered.filter((form) => /[\v\u2028]/.test(form))).toEqual([]);
  expect(secrets.redact(`a ${secret} b`)).toBe("a *** b");
});

test("base64 and URL forms are masked", () => {
  const forms = maskedForms("p@ss/word?");
  expect(forms).toContain("p%40ss%2Fword%3F");
  expect(forms).toContain("cEBzcy93b3JkPw==");
  expect(forms).toContain("cEBzcy93b3JkPw");
});

test("no form of a secret is left in a redacted text", () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 4, maxLength: 40 }),
      fc.string(),
      fc.string(),
      (secret, before, after) => {
        fc.pre(secret.trim().length >= 4 && !"***".includes(secret.trim()));
        const registered: string[] = [];
        const secrets = createSecrets((form) => registered.push(form));
        secrets.add(secret);
        for (const form of maskedForms(secret)) {
          // A form that is only stars or that stars and neighbours make up again cannot be told from the mask.
          fc.pre(!form.includes("*"));
          expect(secrets.redact(`${before}${form}${after}`).includes(form)).toBe(false);
        }
        expect(new Set(registered).size).toBe(registered.length);
      },
    ),
  );
});

test("the longer secret goes first when one is part of the other", () => {
  const secrets = createSecrets(() => undefined);
  secrets.add("token");
  secrets.add("token-and-more");
  expect(secrets.redact("token-and-more token")).toBe("*** ***");
});

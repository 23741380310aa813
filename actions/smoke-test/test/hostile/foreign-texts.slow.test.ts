import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, expect } from "vitest";
import { triesForeignTexts } from "../../../test-support/hostile/foreign-text.ts";

const sites: { close(): void }[] = [];
afterAll(() => {
  for (const site of sites) site.close();
});

triesForeignTexts("smoke-test", {
  "what the site answers": {
    prepare: async (_, text) => {
      const site = createServer((request, response) => {
        response.setHeader("content-type", "application/json");
        response.setHeader("x-said", encodeURI(text).slice(0, 4000));
        if (request.url === "/words") response.end(text);
        else response.end(JSON.stringify({ said: text, [text]: text }));
      });
      sites.push(site);
      await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
      const url = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
      return () => ({
        inputs: {
          config: "",
          url,
          deadline: "1s",
          checks: `
- {name: words, get: /words, body: {contains: no such words}}
- {name: header, get: /, headers: {x-said: nothing}}
- {name: json, get: /, json: {$.said: nothing}}
- {name: any, get: /, json: {$.*: {matches: "(a+)+$"}}}`,
        },
      });
    },
    holds: (end) => {
      expect(end.status).toBe(1);
      expect(end.outputs["passed"]).toBe("false");
      expect(end.left("smoke-test.xml")).not.toMatch(/<script|[\u0000-\u0008\u202e]/);
    },
  },
});

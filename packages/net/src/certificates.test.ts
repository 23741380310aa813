import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { createTransport } from "./node-transport.ts";
import { makeCertificate } from "./test-certificate.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

test.each([
  ["nobody vouches for it", {}, false, "127.0.0.1", /signed by somebody the runner does not know/],
  ["it has run out", { from: -3, until: -1 }, true, "127.0.0.1", /has expired/],
  [
    "it begins tomorrow",
    { from: 1, until: 2 },
    true,
    "127.0.0.1",
    /is not valid yet, or the runner's clock is slow/,
  ],
  ["it is for another name", {}, true, "[::1]", /is for another name/],
])("a certificate is refused because %s", async (_, validity, trusted, host, why) => {
  const { key, cert } = makeCertificate(validity);
  const server = createServer({ key, cert }, (_request, response) => response.end());
  await new Promise<void>((resolve) => server.listen(0, "::", resolve));
  const transport = createTransport({ env: {}, userAgent: "test" });
  closers.push(() => server.close(), transport.close);
  const { port } = server.address() as AddressInfo;
  const sent = transport.send({
    method: "POST",
    url: `https://${host}:${port}/`,
    ...(trusted ? { tls: { ca: cert } } : {}),
  });
  await expect(sent).rejects.toMatchObject({
    code: "RA8003",
    outcome: "none",
    saw: expect.stringMatching(why) as string,
    next: expect.stringContaining(`openssl s_client`) as string,
  });
  await expect(sent).rejects.toMatchObject({
    next: expect.stringContaining(`${host}:${port}`) as string,
  });
});

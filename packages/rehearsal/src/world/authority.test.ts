import { X509Certificate } from "node:crypto";
import { createServer } from "node:https";
import { connect } from "node:tls";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { createAuthority } from "./authority.ts";

const handshake = (port: number, host: string, ca: string) =>
  new Promise<string>((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", servername: host, ca }, () => {
      resolve(socket.authorized ? "trusted" : String(socket.authorizationError));
      socket.destroy();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });

describe("the rehearsal's authority", () => {
  test("its certificate is a CA that verifies itself", () => {
    const own = new X509Certificate(createAuthority().pem);
    expect(own.ca).toBe(true);
    expect(own.verify(own.publicKey)).toBe(true);
  });

  test("a leaf is trusted for its own name, and for no other name or authority", async () => {
    const authority = createAuthority();
    const server = createServer({
      SNICallback: (_name, done) => done(null, authority.contextFor("zenodo.org")),
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const port = (server.address() as AddressInfo).port;
    expect(await handshake(port, "zenodo.org", authority.pem)).toBe("trusted");
    expect(await handshake(port, "github.com", authority.pem)).toBe("ERR_TLS_CERT_ALTNAME_INVALID");
    expect(await handshake(port, "zenodo.org", createAuthority().pem)).not.toBe("trusted");
    server.close();
  });
});

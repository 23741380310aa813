import { createRegistryStandIn, listen, movableClock } from "@release-actions/stand-ins";
import type { RegistryStandIn, RegistryStandInOptions } from "@release-actions/stand-ins";

/** The embedded registry on a port of its own. */
export type EmbeddedRegistry = { host: string; standIn: RegistryStandIn } & AsyncDisposable;

/** Starts the embedded registry. */
export async function startEmbeddedRegistry(
  options: Omit<RegistryStandInOptions, "clock"> = {},
): Promise<EmbeddedRegistry> {
  const standIn = createRegistryStandIn({ ...options, clock: movableClock() });
  const server = await listen(standIn);
  return {
    host: new URL(server.url).host,
    standIn,
    [Symbol.asyncDispose]: () => server.close(),
  };
}

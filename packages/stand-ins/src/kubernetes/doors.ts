import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { pipeline } from "node:stream";
import type { ContainerPorts } from "./ports.ts";

/** Open in place of a container's ports while it has no process. */
export type Doors = {
  /** Somebody has connected. */
  knocked: Promise<void>;
  /** The door of a port; undefined once there is a process to go to. */
  of(port: number | string): number | undefined;
  /** Leads everybody who has come, and who comes later, to the process. */
  lead(): void;
  close(): void;
};

export async function openDoors(ports: ContainerPorts): Promise<Doors> {
  const knocked = Promise.withResolvers<void>();
  const ready = Promise.withResolvers<void>();
  const servers = new Map<number, Server>();
  const guests = new Set<Socket>();
  let leads = false;

  for (const number of ports.numbers) {
    const server = createServer({ allowHalfOpen: true }, (guest) => {
      guests.add(guest);
      guest.once("close", () => guests.delete(guest));
      guest.on("error", () => guest.destroy());
      knocked.resolve();
      void ready.promise.then(() => {
        const inside = connect({
          port: ports.of(number) ?? 0,
          host: "127.0.0.1",
          allowHalfOpen: true,
        });
        pipeline(guest, inside, guest, () => {
          guest.destroy();
          inside.destroy();
        });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    servers.set(number, server);
  }

  return {
    knocked: knocked.promise,
    of: (port) => {
      const number = ports.numberOf(port);
      if (leads || number === undefined) return undefined;
      const server = servers.get(number) ?? [...servers.values()][0];
      return (server?.address() as AddressInfo | undefined)?.port;
    },
    lead: () => {
      leads = true;
      ready.resolve();
    },
    close: () => {
      for (const server of servers.values()) server.close();
      for (const guest of guests) guest.destroy();
    },
  };
}

import { bootControlPlane, type ControlPlaneAccess } from "@release-actions/stand-ins";
import type { TestProject } from "vitest/node";
import { peerForTests } from "./registries/peers.ts";

/** One control plane for all tests of `npm run peers`; each takes a namespace of its own. They get it by `inject("controlPlane")`. */
export async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const program = peerForTests("control-plane");
  if (program === undefined) {
    provide("controlPlane", undefined);
    return async () => undefined;
  }
  const { restartApiServer: _, close, ...access } = await bootControlPlane(program);
  provide("controlPlane", access);
  return close;
}

declare module "vitest" {
  interface ProvidedContext {
    controlPlane: ControlPlaneAccess | undefined;
  }
}

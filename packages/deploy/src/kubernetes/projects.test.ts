import { afterEach } from "vitest";
import { openStandIn } from "../test/open-stand-in.ts";
import { testProjects } from "../test/projects.ts";

let close: () => Promise<void>;
afterEach(() => close());

testProjects(async () => {
  const opened = await openStandIn();
  close = opened.close;
  return opened;
});

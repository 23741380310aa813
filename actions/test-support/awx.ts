import {
  createAwxStandIn,
  listen,
  templateWith,
  type AwxStandIn,
} from "@release-actions/stand-ins";

/** One for every test of a process; it holds no process back from its end. */
export const awxToken = "canary-of-awx";

/** An AWX with the template `Deploy`, whose playbook does nothing and is successful. */
export async function startAwx(): Promise<{ url: string; awx: AwxStandIn }> {
  const awx = createAwxStandIn({
    clock: { now: () => new Date() },
    tokens: { [awxToken]: { user: "pipeline" } },
    templates: [templateWith({ id: 5, name: "Deploy", ask_variables_on_launch: true })],
    play: async () => ({ status: "successful" }),
  });
  const { url, server } = await listen(awx);
  server.unref();
  return { url, awx };
}

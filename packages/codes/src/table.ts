import { chart } from "./chart.ts";
import { awx } from "./awx.ts";
import { configuration } from "./configuration.ts";
import { deploy } from "./deploy.ts";
import { gate } from "./gate.ts";
import { github } from "./github.ts";
import { inputs } from "./inputs.ts";
import { issue } from "./issue.ts";
import { jobs } from "./jobs.ts";
import { network } from "./network.ts";
import { notify } from "./notify.ts";
import { registry } from "./registry.ts";
import { rehearsal } from "./rehearsal.ts";
import { release } from "./release.ts";
import { smoke } from "./smoke.ts";
import { tag } from "./tag.ts";
import { zenodo } from "./zenodo.ts";

/** What a code says wherever it appears: heading, what it means, and what to do by default. */
export type CodeText = { title: string; means: string; next: string };

/** Every code of the product, by area; docs/reference/errors is made from it. */
export const codes = {
  ...inputs,
  ...configuration,
  ...gate,
  ...tag,
  ...registry,
  ...deploy,
  ...chart,
  ...awx,
  ...jobs,
  ...smoke,
  ...github,
  ...issue,
  ...release,
  ...zenodo,
  ...network,
  ...notify,
  ...rehearsal,
} as const satisfies Record<`RA${number}`, CodeText>;

export type Code = keyof typeof codes;

import { Fault } from "@release-actions/codes";
import { fullImageName } from "../kubernetes/image.ts";
import {
  acceptedDigests,
  imagesByName,
  setNamespace,
  type Rendered,
} from "../kubernetes/rendered.ts";
import { lastWords, type OpenChart } from "./helm.ts";
import { pinManifest, strayHooks, type PinnedManifest } from "./pin-manifest.ts";

/** Nobody waits longer for templates: they only compute. */
const longest = 120_000;

/**
 * Renders a chart without a cluster and writes the release's images into it: what is wrong with chart and values is said before
 * anything is written. @throws Fault RA3403, RA3404, RA3007, RA3005
 */
export async function renderChart(chart: OpenChart): Promise<Rendered> {
  const words = lastWords(chart, []);
  const chunks: Buffer[] = [];
  const end = await chart.run(["template"], {
    timeout: longest,
    line: words.line,
    output: (bytes) => chunks.push(bytes),
  });
  if (end.how !== "exited" || end.code !== 0)
    throw new Fault("RA3403", {
      saw: `${chart.place}: ${end.how === "timed-out" ? "helm was not done after two minutes" : words.why()}`,
    });
  const text = Buffer.concat(chunks).toString("utf8");
  const images = imagesByName(chart.images);
  const stray = chart.helm.major === 3 ? strayHooks(text, images) : [];
  if (stray.length > 0)
    throw new Fault("RA3404", {
      saw: `${chart.place}: ${stray.join(", ")}, and helm is version 3`,
    });
  const pinned = pinManifest(text, images, chart.version);
  const unused = chart.images.filter(({ image }) => !pinned.used.has(fullImageName(image)));
  if (unused.length > 0)
    throw new Fault("RA3007", {
      saw: `${unused.map(({ image }) => image).join(", ")} is in no container of ${pinned.objects.length} objects of ${chart.place}.`,
      next: "Name the image in a container of the chart's templates or values, or correct `image` of the component.",
    });
  return renderedOf(chart, pinned);
}

/** The objects of the release in their namespaces, without its hooks. */
export function renderedOf(chart: OpenChart, pinned: PinnedManifest): Rendered {
  for (const object of pinned.objects) setNamespace(object, chart.namespace);
  return {
    namespace: chart.namespace,
    version: chart.version,
    objects: pinned.objects,
    digests: acceptedDigests(imagesByName(chart.images)),
  };
}

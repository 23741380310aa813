/** The file of the bundle that stands where a left-out module is imported. */
export const leftOutFile = "left-out.cjs";

/**
 * What libraries import and a release never asks, by the text of the import: undici, the HTTP client of GitHub's toolkit
 * and of the Kubernetes client (`net` sends everything), and that client's generated classes of the whole Kubernetes API
 * (17 MB; only its reader of kubeconfigs is used). They were three quarters of the tree. And the toolkit's table of GitHub's
 * 900 methods: routes are asked by their text.
 */
export const leftOut: Record<string, string> = {
  undici: `./${leftOutFile}`,
  "./gen/index.js": `./${leftOutFile}`,
  "@octokit/plugin-rest-endpoint-methods": `./${leftOutFile}`,
};

/** The agents can be made: the toolkit makes one as it is loaded, where a proxy is set. What would use one throws. */
export const leftOutSource = `"use strict";
const leftOut = (name) => () => {
  throw new Error(\`\${name} is not in a release: all requests go by the package net.\`);
};
exports.Agent = class {};
exports.ProxyAgent = class {};
exports.fetch = leftOut("undici");
exports.restEndpointMethods = () => ({});
exports.createConfiguration = leftOut("The Kubernetes API's client");
exports.ServerConfiguration = function () {
  leftOut("The Kubernetes API's client")();
};
`;

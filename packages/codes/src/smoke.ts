/** RA40xx: smoke. */
export const smoke = {
  RA4001: {
    title: "A smoke check does not hold",
    means:
      "The environment answers, and the answer is another than the check wants, until the deadline.",
    next: "Open the address and compare; then correct the build, the configuration of the environment, or the check.",
  },
  RA4002: {
    title: "A smoke check cannot be used",
    means:
      "It names no address, an unknown placeholder, a path or a pattern that cannot be read, or there is no check at all. Nothing was sent.",
    next: "Correct the check under `smoke.checks`; the message names the place.",
  },
  RA4003: {
    title: "The environment does not answer",
    means: "No connection, no name, or no answer in the time of the check, until the deadline.",
    next: "Look whether the pods are ready and the address leads to them; a runner outside the network needs a proxy or another place to run.",
  },
  RA4004: {
    title: "The environment's certificate is not trusted",
    means:
      "It is expired, for another name, or signed by somebody the runner does not know. This is not asked again: it does not go away.",
    next: "Renew the certificate, or give its authority to the runner with NODE_EXTRA_CA_CERTS.",
  },
  RA4005: {
    title: "Another build answers than the released one",
    means:
      "The check of the build's identity does not hold, so no other answer would prove anything about this release.",
    next: "Look what the address leads to: a cache, another cluster, or pods of the build before.",
  },
  RA4006: {
    title: "A smoke check was not asked",
    means: "The deadline was over, or the identity of the build was not proven before.",
    next: "Look at the checks that failed first, or give more time with `smoke.deadline`.",
  },
} as const;

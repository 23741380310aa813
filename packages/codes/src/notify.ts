/** RA82xx: notices. */
export const notify = {
  RA8201: {
    title: "A notice was not delivered",
    means:
      "The receiver refused the message, or its server could not be reached. The release itself is not touched by that.",
    next: "Correct the address or its secret and run the job again: the notice is sent, and nothing is released again. Or tell the people by hand.",
  },
  RA8202: {
    title: "It is not known whether a notice arrived",
    means:
      "The message was handed over and no clear answer came. It is not sent again by itself: nobody is told twice.",
    next: "Look in the channel or ask the receiver, and tell them by hand if nothing arrived.",
  },
  RA8203: {
    title: "A notice waits for its secret",
    means:
      "The file names an environment variable for this receiver, and this job does not have it. The notice stays in the ledger.",
    next: "Fill the variable from a secret under `env:` of the step that is to send it.",
  },
  RA8204: {
    title: "A notice has no address",
    means:
      "`notify.messages` names a receiver that cannot be written to: a role without a contact, mail without a server, or an environment that does not exist.",
    next: "Complete `notify:` in the pipeline's file at the named place.",
  },
  RA8205: {
    title: "The notices could not be recorded",
    means:
      "A notice is claimed in the ledger before it is sent, so that no run sends it twice. That append did not succeed.",
    next: "Run the job again: what was not claimed is sent then, and what may have been sent is named.",
  },
} as const;

/** RA90xx: rehearsal. RA9001 to RA9019: its runner of workflows; from RA9020: its world. */
export const rehearsal = {
  RA9001: {
    title: "GitHub would refuse the workflow file",
    means:
      "The file is no YAML, has a key or value that GitHub does not know, or calls a workflow in a way that it does not allow.",
    next: 'Correct the named line; GitHub shows the same message as "Invalid workflow file".',
  },
  RA9002: {
    title: "A part of the workflow cannot be rehearsed",
    means:
      "The file is right for GitHub, and the rehearsal's runner does not have what the named key asks for.",
    next: "Rehearse the workflow without that key, or test that job on GitHub.",
  },
  RA9003: {
    title: "A part of the workflow is rehearsed in another way",
    means: "The named key is read, and the rehearsal does something milder than GitHub.",
    next: "Nothing, if the difference does not matter to the release; else test it on GitHub.",
  },
  RA9020: {
    title: "rehearsal.yml cannot be used",
    means:
      "A key is not known, a value is of another kind, or a name is used that the file does not declare.",
    next: "Correct the line; docs/reference/rehearsal.md lists every key.",
  },
  RA9021: {
    title: "A file that rehearsal.yml names is not there",
    means: "Paths in rehearsal.yml are relative to the folder that holds it.",
    next: "Correct the path, or add the file.",
  },
  RA9022: {
    title: "An act of the scenario cannot be done",
    means:
      "Somebody does something that the systems of the rehearsal refuse, or that names a thing that is not there.",
    next: "Correct the act, or what comes before it.",
  },
  RA9023: {
    title: "An expected effect was not seen",
    means: "After the scenario's acts a system does not hold the state that `expect:` says.",
    next: "Read what was seen, and the end of the job's log below it.",
  },
  RA9024: {
    title: "A job asked for more than its permissions",
    means: "GitHub answers 403 to a job's token beyond the job's `permissions:`.",
    next: "Add the named line under `permissions:` of the job.",
  },
  RA9025: {
    title: "A job uses a secret or a variable that it is not given",
    means:
      "Neither the repository nor the job's environment has one of that name; GitHub would hand over an empty text.",
    next: "Add the named line to rehearsal.yml, and the secret or variable to the environment on GitHub.",
  },
  RA9026: {
    title: "A job called a host that is not declared",
    means:
      "In a rehearsal nothing reaches the outside: every host is declared under `hosts:` and played by a stand-in.",
    next: "Add the named line under `hosts:` in rehearsal.yml, or take the call out of the workflow.",
  },
  RA9027: {
    title: "The built actions are not there",
    means:
      "The rehearsal runs the actions as they are released, from the folder that the release tree is written to.",
    next: "Run `npm run release-tree`, then the rehearsal again.",
  },
  RA9028: {
    title: "No such pipeline or scenario",
    means: "A pipeline is a folder with a rehearsal.yml, a scenario is one of its list.",
    next: "Run `npm run rehearse -- --list` to see the names.",
  },
  RA9029: {
    title: "There is nothing to disturb",
    means:
      "`rehearse --kill` disturbs the runs of the acts that `faults:` names, and one of them is not there.",
    next: "Name a scenario and the `as` of its acts under `faults:` in rehearsal.yml.",
  },
  RA9030: {
    title: "A step went past the proxy",
    means:
      "In a rehearsal everything goes through the proxy that leads to the stand-ins. A Node program of a step opened a connection itself; it was refused. Behind a company's proxy it would fail in the same way.",
    next: "Let the program read `https_proxy`, or take the call out of the workflow.",
  },
} as const;
